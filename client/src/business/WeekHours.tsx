/** Hours of a week: each day the stretches that are open, in the order of the week where the business is. */
import { ActionIcon, Button, Switch, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { minutesOf, timeOf, weekRules } from "../calendar/days";
import { currentLanguage } from "../i18n";
import { Icon } from "../ui/Icon";
import { TimeField } from "../ui/TimeField";
import type { Week } from "./useSettings";
import classes from "./WeekHours.module.css";

export type DayName = keyof Week;
const DAYS: readonly DayName[] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

interface WeekHoursProps {
  value: Week;
  onChange: (week: Week) => void;
  zone: string;
  /** What a day without a stretch is called. */
  none: string;
  /** A new stretch. */
  usual?: string;
  error?: (day: DayName) => string | undefined;
}

export function WeekHours({ value, onChange, zone, none, usual = "09:00-17:00", error }: WeekHoursProps) {
  const { first } = weekRules(zone);
  const ordered = [...DAYS.slice(first), ...DAYS.slice(0, first)];
  return (
    <div className={classes.week}>
      {ordered.map((day) => (
        <Day
          key={day}
          day={day}
          stretches={value[day] ?? []}
          none={none}
          usual={usual}
          error={error?.(day)}
          onChange={(stretches) => onChange({ ...value, [day]: stretches })}
        />
      ))}
    </div>
  );
}

interface DayProps {
  day: DayName;
  stretches: readonly string[];
  none: string;
  usual: string;
  error: string | undefined;
  onChange: (stretches: string[]) => void;
}

function Day({ day, stretches, none, usual, error, onChange }: DayProps) {
  const { t } = useTranslation();
  const name = dayName(day);
  const change = (place: number, stretch: string) => onChange(stretches.map((old, at) => (at === place ? stretch : old)));
  return (
    <div className={classes.day}>
      <Switch
        label={name}
        checked={stretches.length > 0}
        onChange={(event) => onChange(event.currentTarget.checked ? [usual] : [])}
      />
      <div className={classes.stretches}>
        {stretches.length === 0 ? <Text c="dimmed">{none}</Text> : null}
        {stretches.map((stretch, place) => {
          const [from = "09:00", to = "17:00"] = stretch.split(/\s*[-–]\s*/);
          return (
            <div key={place} className={classes.stretch}>
              <span className={classes.stretch} dir="ltr">
                <TimeField w="5rem" aria-label={`${name}, ${t("hours.from")}`} value={from} onChange={(time) => change(place, `${time}-${to}`)} />
                –
                <TimeField w="5rem" aria-label={`${name}, ${t("hours.to")}`} value={to} onChange={(time) => change(place, `${from}-${time}`)} />
              </span>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t("hours.remove", { day: name })}
                onClick={() => onChange(stretches.filter((_, at) => at !== place))}
              >
                <Icon name="close" size={16} />
              </ActionIcon>
            </div>
          );
        })}
        {stretches.length > 0 ? (
          <Button
            size="compact-sm"
            variant="subtle"
            aria-label={t("hours.addTo", { day: name })}
            onClick={() => onChange([...stretches, following(stretches.at(-1) ?? usual)])}
          >
            {t("hours.add")}
          </Button>
        ) : null}
        {error ? (
          <Text size="sm" c="red" role="alert">
            {error}
          </Text>
        ) : null}
      </div>
    </div>
  );
}

/** A stretch that begins an hour after another one ends. */
function following(stretch: string): string {
  const end = minutesOf(stretch.split(/\s*[-–]\s*/)[1] ?? "17:00");
  return `${timeOf(Math.min(end + 60, 23 * 60))}-${timeOf(Math.min(end + 180, 24 * 60))}`;
}

function dayName(day: DayName): string {
  const at = new Date(Date.UTC(2027, 0, 3 + DAYS.indexOf(day))); // a Sunday
  const locale = currentLanguage() === "he" ? "he-IL" : "en-GB";
  return new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" }).format(at);
}
