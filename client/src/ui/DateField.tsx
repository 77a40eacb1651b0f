/** A day, chosen from a small calendar in the reader's language; its week begins as weeks do where the business is. */
import "@mantine/dates/styles.css";
import "dayjs/locale/he";
import { DatePickerInput, type DatePickerInputProps, DatesProvider } from "@mantine/dates";
import { useTranslation } from "react-i18next";
import { useZone } from "../api/data";
import { weekRules } from "../calendar/days";
import { currentLanguage } from "../i18n";

type DateFieldProps = Omit<DatePickerInputProps, "value" | "onChange" | "type"> & {
  value: string | null;
  onChange: (day: string | null) => void;
};

export function DateField({ value, onChange, ...rest }: DateFieldProps) {
  const { t } = useTranslation();
  const rules = weekRules(useZone());
  return (
    <DatesProvider
      settings={{
        locale: currentLanguage(),
        firstDayOfWeek: rules.first as 0 | 1,
        weekendDays: rules.weekend as (0 | 5 | 6)[],
        consistentWeeks: true,
      }}
    >
      <DatePickerInput
        value={value}
        onChange={(day) => onChange(typeof day === "string" ? day : null)}
        valueFormat="DD.MM.YYYY"
        clearButtonProps={{ "aria-label": t("common.clear") }}
        ariaLabels={{
          nextMonth: t("calendar.next"),
          previousMonth: t("calendar.previous"),
        }}
        {...rest}
      />
    </DatesProvider>
  );
}
