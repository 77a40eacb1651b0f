/**
 * The calendar of the business in four views. It draws and lets move; the server decides what is possible.
 *
 * Everything is told by the wall clock of the business.
 */
import { ActionIcon, Button, Group, SegmentedControl } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { inLanguage, serviceName, staffName } from "../api/data";
import type { Appointment, Service, Staff } from "../api/types";
import { currentLanguage, direction } from "../i18n";
import { dayOf, wallClock } from "../i18n/format";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import { Agenda } from "./Agenda";
import classes from "./AppointmentCalendar.module.css";
import { addDays, addMonths, minutesOf, monthWeeks, startOfWeek, week, weekday, weekRules } from "./days";
import { closedOf, type Shade, slotted, type Slotted, visibleHours } from "./layout";
import { MonthGrid } from "./MonthGrid";
import type { OpenDay } from "./openDays";
import { type GridColumn, type Place, TimeGrid } from "./TimeGrid";

export const VIEWS = ["day", "week", "agenda", "month"] as const;
export type View = (typeof VIEWS)[number];

export interface CalendarProps {
  view: View;
  day: string;
  zone: string;
  stepMin: number;
  appointments: readonly Appointment[];
  services: readonly Service[];
  staff: readonly Staff[];
  openDays: ReadonlyMap<string, OpenDay>;
  onView: (view: View, day: string) => void;
  onOpen: (id: string) => void;
  onCreate: (place: Place) => void;
  onChange: (before: Slotted, after: Slotted) => void;
}

const AGENDA_DAYS = 14;
const COLOURS = ["#2861a6", "#18734f", "#8a4fa3", "#9a5b00", "#0d6672", "#a63c5b", "#55589b", "#5c6b1f"];

/** The days that a view shows, and so those whose appointments are needed. */
export function shownDays(view: View, day: string, zone: string): string[] {
  const rules = weekRules(zone);
  if (view === "day") return [day];
  if (view === "week") return week(day, rules);
  if (view === "month") return monthWeeks(day, rules).flat();
  return Array.from({ length: AGENDA_DAYS }, (_, index) => addDays(day, index));
}

export function AppointmentCalendar(props: CalendarProps) {
  const { view, day, zone, appointments, services, staff, openDays, onView, onOpen } = props;
  const language = currentLanguage();
  const rules = useMemo(() => weekRules(zone), [zone]);
  const today = dayOf(new Date(), zone);
  const titleOf = (made: Appointment) =>
    [serviceName(services, made.service_id), staff.length > 1 ? staffName(staff, made.staff_id) : ""]
      .filter(Boolean)
      .join(" · ");
  const colourOf = (made: Appointment) => {
    const place = services.findIndex(({ id }) => id === made.service_id);
    return COLOURS[Math.max(0, place) % COLOURS.length] ?? "";
  };
  const dayName = (each: string, style: "short" | "long") => nameOfDay(each, style, language);
  const closedName = (each: string) => closedNames(openDays.get(each)).join(" · ") || undefined;
  const shared = { appointments, titleOf, colourOf, onOpen, today, closedName, dayName };
  const turn = (event: KeyboardEvent) => {
    if (event.key !== "PageDown" && event.key !== "PageUp") return;
    event.preventDefault();
    onView(view, stepped(view, day, event.key === "PageDown" ? 1 : -1));
  };
  return (
    <div onKeyDown={turn}>
      <Bar {...props} today={today} />
      {view === "month" ? (
        <MonthGrid {...shared} day={day} rules={rules} onDay={(each) => onView("day", each)} />
      ) : view === "agenda" ? (
        <Agenda {...shared} days={shownDays("agenda", day, zone)} />
      ) : (
        <Grid {...props} titleOf={titleOf} colourOf={colourOf} today={today} />
      )}
    </div>
  );
}

interface GridProps extends CalendarProps {
  today: string;
  titleOf: (made: Appointment) => string;
  colourOf: (made: Appointment) => string;
}

function Grid(props: GridProps) {
  const { view, day, zone, stepMin, appointments, staff, openDays, today, onView, onOpen, onCreate, onChange } = props;
  const language = currentLanguage();
  const nowMin = useNow(zone);
  const rules = weekRules(zone);
  const days = shownDays(view, day, zone);
  const byStaff = view === "day" && staff.length > 1;
  const column = (each: string, staffId: string | null): Omit<GridColumn, "head" | "name"> => ({
    key: `${each} ${staffId ?? ""}`,
    day: each,
    staffId,
    shades: shadesOf(openDays.get(each), staffId),
    nowMin: each === today ? nowMin : null,
    muted: rules.weekend.includes(weekday(each)),
  });
  const columns: GridColumn[] = byStaff
    ? staff.map((member) => ({
        ...column(day, member.id),
        name: `${inLanguage(member.name)}, ${nameOfDay(day, "long", language)}`,
        head: <strong dir="auto">{inLanguage(member.name)}</strong>,
      }))
    : days.map((each) => ({
        ...column(each, null),
        name: nameOfDay(each, "long", language),
        head: <DayHead day={each} today={today} onDay={view === "day" ? undefined : () => onView("day", each)} />,
      }));
  const open = days.flatMap((each) => openDays.get(each)?.open ?? []);
  const booked = appointments.map(slotted).filter((item) => days.includes(item.day));
  return (
    <TimeGrid
      columns={columns}
      hours={visibleHours(open, booked)}
      stepMin={stepMin}
      appointments={appointments}
      rightToLeft={direction(language) === "rtl"}
      titleOf={props.titleOf}
      colourOf={props.colourOf}
      onOpen={onOpen}
      onCreate={onCreate}
      onChange={onChange}
    />
  );
}

function DayHead({ day, today, onDay }: { day: string; today: string; onDay: (() => void) | undefined }) {
  const language = currentLanguage();
  const inside = (
    <>
      <span>{nameOfDay(day, "short", language)} </span>
      <bdi dir="ltr" data-today={day === today || undefined}>
        {Number(day.slice(8))}
      </bdi>
    </>
  );
  if (!onDay) return <span className={classes.dayHead}>{inside}</span>;
  return (
    <button type="button" className={classes.dayHead} onClick={onDay} aria-description={nameOfDay(day, "long", language)}>
      {inside}
    </button>
  );
}

function Bar({ view, day, zone, today, onView }: CalendarProps & { today: string }) {
  const { t } = useTranslation();
  const narrow = useMediaQuery("(max-width: 48em)");
  return (
    <div className={`${classes.bar} no-print`}>
      <Group gap={4} wrap="nowrap">
        <ActionIcon variant="default" size="lg" aria-label={t("calendar.previous")} onClick={() => onView(view, stepped(view, day, -1))}>
          <Icon name="forward" style={{ rotate: "180deg" }} />
        </ActionIcon>
        <ActionIcon variant="default" size="lg" aria-label={t("calendar.next")} onClick={() => onView(view, stepped(view, day, 1))}>
          <Icon name="forward" />
        </ActionIcon>
        <Button variant="default" disabled={day === today} onClick={() => onView(view, today)}>
          {t("nav.today")}
        </Button>
      </Group>
      <h2 className={classes.span} aria-live="polite">
        {spanName(view, day, zone)}
      </h2>
      <SegmentedControl<View>
        size={narrow ? "xs" : "sm"}
        aria-label={t("calendar.view")}
        value={view}
        onChange={(next) => onView(next, day)}
        data={VIEWS.map((value) => ({ value, label: t(`calendar.${value}`) }))}
      />
    </div>
  );
}

function stepped(view: View, day: string, step: 1 | -1): string {
  if (view === "month") return addMonths(day, step);
  return addDays(day, step * (view === "day" ? 1 : view === "week" ? 7 : AGENDA_DAYS));
}

const LOCALES = { he: "he-IL", en: "en-GB" } as const;

function nameOfDay(day: string, style: "short" | "long", language: "he" | "en"): string {
  const options: Intl.DateTimeFormatOptions =
    style === "short" ? { weekday: "short" } : { weekday: "long", day: "numeric", month: "long" };
  return new Intl.DateTimeFormat(LOCALES[language], { ...options, timeZone: "UTC" }).format(new Date(`${day}T12:00:00Z`));
}

function spanName(view: View, day: string, zone: string): string {
  const language = currentLanguage();
  const at = (each: string) => new Date(`${each}T12:00:00Z`);
  if (view === "day") return nameOfDay(day, "long", language);
  if (view === "month") {
    return new Intl.DateTimeFormat(LOCALES[language], { month: "long", year: "numeric", timeZone: "UTC" }).format(at(day));
  }
  const first = view === "week" ? startOfWeek(day, weekRules(zone)) : day;
  const last = addDays(first, view === "week" ? 6 : AGENDA_DAYS - 1);
  const format = new Intl.DateTimeFormat(LOCALES[language], { day: "numeric", month: "long", timeZone: "UTC" });
  return format.formatRange(at(first), at(last));
}

function closedNames(open: OpenDay | undefined): string[] {
  return [...new Set((open?.closures ?? []).map((closure) => inLanguage(closure.name)).filter(Boolean))];
}

/** Closed stretches of a column, named ones over the nameless. */
function shadesOf(open: OpenDay | undefined, staffId: string | null): Shade[] {
  if (!open) return [];
  const named = open.closures.map(({ fromMin, toMin, name }) => ({ fromMin, toMin, name: inLanguage(name) }));
  const hours = staffId ? (open.staff.get(staffId) ?? open.open) : open.open;
  const covered = (shade: Shade) => named.some((other) => other.fromMin <= shade.fromMin && other.toMin >= shade.toMin);
  return [...closedOf(hours).filter((shade) => !covered(shade)), ...named];
}

/** Minutes since midnight in the zone, a minute at a time. */
function useNow(zone: string): number {
  const read = () => minutesOf(wallClock(new Date(), zone).slice(11, 16));
  const [now, setNow] = useState(read);
  useEffect(() => {
    const timer = setInterval(() => setNow(read()), 30_000);
    return () => clearInterval(timer);
  });
  return now;
}

export { LineOfNames };

/** The names of what can be booked with their colours. */
function LineOfNames({ services }: { services: readonly Service[] }) {
  return (
    <div className={classes.legend}>
      {services.map((service, index) => (
        <span key={service.id}>
          <i style={{ background: COLOURS[index % COLOURS.length] }} />
          {inLanguage(service.name)} <Ltr>{service.duration_min}′</Ltr>
        </span>
      ))}
    </div>
  );
}
