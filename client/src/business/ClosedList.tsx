/** Days on which a business, or somebody in it, does not work: each a day or a stretch, with a reason. */
import { Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { inLanguage } from "../api/data";
import { dayOf } from "../i18n/format";
import { DateField } from "../ui/DateField";
import { Fields } from "../ui/Fields";
import { ByLanguage } from "./ByLanguage";
import { Item } from "./Items";
import { type Settings, useSettings } from "./useSettings";

type Closed = Settings["closed_days"][number];

interface ClosedListProps {
  value: readonly Closed[];
  onChange: (closed: Closed[]) => void;
  /** What is wrong at a path such as `[0].last`. */
  wrong: (path: string) => string | undefined;
}

/** A new entry: the day that it is where the business is. */
export function closedToday(zone = "UTC"): Closed {
  return { first: dayOf(new Date(), zone), last: null, name: {} };
}

export function ClosedList({ value, onChange, wrong }: ClosedListProps) {
  const { t } = useTranslation();
  const { settings } = useSettings();
  const edit = (place: number, changes: Partial<Closed>) =>
    onChange(value.map((day, at) => (at === place ? { ...day, ...changes } : day)));
  return (
    <Stack>
      {value.map((day, place) => (
        <Item key={place} label={inLanguage(day.name)} onRemove={() => onChange(value.filter((_, at) => at !== place))}>
          <Fields>
            <DateField label={t("business.closedFrom")} value={day.first} onChange={(first) => first && edit(place, { first })} error={wrong(`[${place}].first`)} />
            <DateField label={t("business.closedUntil")} value={day.last} clearable onChange={(last) => edit(place, { last })} error={wrong(`[${place}].last`)} />
          </Fields>
          <ByLanguage label={t("business.closedName")} languages={settings.languages} value={day.name} onChange={(name) => edit(place, { name })} />
        </Item>
      ))}
    </Stack>
  );
}
