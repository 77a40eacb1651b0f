/** Calendar days as "YYYY-MM-DD" and times of day as minutes since midnight, both by the wall clock of the business. */
import { instantOf } from "../i18n/format";

export const DAY_MIN = 24 * 60;

export function addDays(day: string, count: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + count);
  return at.toISOString().slice(0, 10);
}

export function addMonths(day: string, count: number): string {
  const [year = 0, month = 1] = day.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1 + count, 1)).toISOString().slice(0, 10);
}

/** 0 is Sunday. */
export function weekday(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

export interface WeekRules {
  /** 0 is Sunday. */
  first: number;
  weekend: readonly number[];
}

interface WeekInfo {
  firstDay: number;
  weekend: number[];
}

/** How weeks run where the business is, whatever language its pages are read in. */
export function weekRules(zone: string, languages: readonly string[] = navigator.languages): WeekRules {
  if (zone === "Asia/Jerusalem") return { first: 0, weekend: [5, 6] };
  try {
    const locale = new Intl.Locale(languages[0] ?? "en-GB") as Intl.Locale & {
      getWeekInfo?: () => WeekInfo;
      weekInfo?: WeekInfo;
    };
    const info = locale.getWeekInfo?.() ?? locale.weekInfo;
    if (info) return { first: info.firstDay % 7, weekend: info.weekend.map((number) => number % 7) };
  } catch {
    // An unknown locale is treated like most of the world.
  }
  return { first: 1, weekend: [6, 0] };
}

export function startOfWeek(day: string, rules: WeekRules): string {
  return addDays(day, -((weekday(day) - rules.first + 7) % 7));
}

export function week(day: string, rules: WeekRules): string[] {
  const first = startOfWeek(day, rules);
  return Array.from({ length: 7 }, (_, index) => addDays(first, index));
}

/** The weeks that a month view shows: whole ones, from the week of the first to the week of the last. */
export function monthWeeks(day: string, rules: WeekRules): string[][] {
  const month = day.slice(0, 7);
  const weeks: string[][] = [];
  for (let first = startOfWeek(`${month}-01`, rules); ; first = addDays(first, 7)) {
    const days = Array.from({ length: 7 }, (_, index) => addDays(first, index));
    if (weeks.length > 0 && days[0]?.slice(0, 7) !== month) return weeks;
    weeks.push(days);
  }
}

export function minutesOf(time: string): number {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return hour * 60 + minute;
}

export function timeOf(minutes: number): string {
  const within = Math.max(0, Math.min(DAY_MIN, minutes));
  return `${String(Math.floor(within / 60)).padStart(2, "0")}:${String(within % 60).padStart(2, "0")}`;
}

/** The instant of a time of day in a zone. */
export function instantAt(day: string, minutes: number, zone: string): string {
  if (minutes >= DAY_MIN) return instantOf(`${addDays(day, 1)} ${timeOf(minutes - DAY_MIN)}:00`, zone);
  return instantOf(`${day} ${timeOf(minutes)}:00`, zone);
}
