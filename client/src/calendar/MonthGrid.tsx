/** A month: each day with its name if it is closed, its first appointments, and the way into the day. */
import { useTranslation } from "react-i18next";
import type { Appointment } from "../api/types";
import { Ltr } from "../ui/Ltr";
import { monthWeeks, type WeekRules, weekday } from "./days";
import { slotted } from "./layout";
import { timeOf } from "./days";
import classes from "./MonthGrid.module.css";

interface MonthGridProps {
  day: string;
  today: string;
  rules: WeekRules;
  appointments: readonly Appointment[];
  closedName: (day: string) => string | undefined;
  titleOf: (made: Appointment) => string;
  colourOf: (made: Appointment) => string;
  dayName: (day: string, style: "short" | "long") => string;
  onDay: (day: string) => void;
  onOpen: (id: string) => void;
}

const SHOWN = 3;

export function MonthGrid(props: MonthGridProps) {
  const { day, rules, appointments, dayName } = props;
  const weeks = monthWeeks(day, rules);
  const byDay = new Map<string, Appointment[]>();
  for (const made of appointments) {
    const on = slotted(made).day;
    byDay.set(on, [...(byDay.get(on) ?? []), made]);
  }
  return (
    <div className={classes.month}>
      {weeks[0]?.map((first) => (
        <div key={first} className={classes.weekday}>
          {dayName(first, "short")}
        </div>
      ))}
      {weeks.flat().map((each) => (
        <Day key={each} {...props} each={each} made={byDay.get(each) ?? []} />
      ))}
    </div>
  );
}

function Day({ each, made, ...props }: MonthGridProps & { each: string; made: readonly Appointment[] }) {
  const { t } = useTranslation();
  const { day, today, rules, closedName, titleOf, colourOf, dayName, onDay, onOpen } = props;
  const closed = closedName(each);
  return (
    <div
      className={classes.day}
      data-outside={each.slice(0, 7) === day.slice(0, 7) ? undefined : true}
      data-weekend={rules.weekend.includes(weekday(each)) || undefined}
      data-today={each === today || undefined}
    >
      <button type="button" className={classes.number} onClick={() => onDay(each)} aria-description={dayName(each, "long")}>
        <Ltr>{Number(each.slice(8))}</Ltr>
        {made.length > 0 ? <span className={classes.count}>{made.length}</span> : null}
      </button>
      {closed ? <small className={classes.closed}>{closed}</small> : null}
      {made.slice(0, SHOWN).map((item) => (
        <button
          key={item.id}
          type="button"
          className={classes.item}
          style={{ ["--colour" as string]: colourOf(item) }}
          data-status={item.status}
          onClick={() => onOpen(item.id)}
          title={titleOf(item)}
        >
          <Ltr>{timeOf(slotted(item).startMin)}</Ltr> <bdi>{item.contact_name ?? titleOf(item)}</bdi>
        </button>
      ))}
      {made.length > SHOWN ? (
        <button type="button" className={classes.more} onClick={() => onDay(each)}>
          {t("calendar.more", { count: made.length - SHOWN })}
        </button>
      ) : null}
    </div>
  );
}
