/**
 * Dates, times, durations and numbers as the reader's language writes them.
 *
 * Instants come as ISO texts with an offset, and are shown on the wall clock of the business, never of the reader's
 * machine: an owner abroad still reads the times of the shop.
 */
import type { Language } from "./index";

const LOCALES: Record<Language, string> = { he: "he-IL", en: "en-GB" };
const made = new Map<string, Intl.DateTimeFormat>();

function formatter(language: Language, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${zone} ${JSON.stringify(options)}`;
  let found = made.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(LOCALES[language], { timeZone: zone, hourCycle: "h23", ...options });
    made.set(key, found);
  }
  return found;
}

export function clockTime(at: string, language: Language, zone: string): string {
  return formatter(language, zone, { hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

export function longDate(at: string, language: Language, zone: string): string {
  return formatter(language, zone, { weekday: "long", day: "numeric", month: "long" }).format(new Date(at));
}

export function shortDate(at: string, language: Language, zone: string): string {
  return formatter(language, zone, { day: "2-digit", month: "2-digit", year: "numeric" }).format(new Date(at));
}

/** The calendar day of an instant in a zone, as YYYY-MM-DD. */
export function dayOf(at: string | Date, zone: string): string {
  return wallClock(at, zone).slice(0, 10);
}

/** The wall clock of an instant in a zone, as "YYYY-MM-DD HH:mm:ss". */
export function wallClock(at: string | Date, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(new Date(at));
  const part = (type: string) => parts.find((item) => item.type === type)?.value ?? "00";
  return `${part("year")}-${part("month")}-${part("day")} ${part("hour")}:${part("minute")}:${part("second")}`;
}

/**
 * The instant of a wall clock in a zone, as an ISO text in UTC.
 *
 * A time that a clock skips becomes the one as long after the jump; of a time that comes twice it is the first.
 */
export function instantOf(wall: string, zone: string): string {
  const asUtc = Date.parse(`${wall.replace(" ", "T")}Z`);
  const offset = (at: number) => Date.parse(`${wallClock(new Date(at), zone).replace(" ", "T")}Z`) - at;
  const before = offset(asUtc - 24 * 3600_000);
  const early = asUtc - before;
  if (offset(early) === before) return new Date(early).toISOString();
  const late = asUtc - offset(asUtc + 24 * 3600_000);
  const skipped = wallClock(new Date(late), zone) !== wall.padEnd(19, ":00");
  return new Date(skipped ? early : late).toISOString();
}

/** "1:07" for 67 s. */
export function position(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "1.8" for 1,840 ms. */
export function secondsOf(ms: number): string {
  return (ms / 1000).toFixed(1);
}

export function wholeMs(ms: number): string {
  return String(Math.round(ms));
}

/** A telephone number as people write it; Israeli numbers in their national form. */
export function phoneNumber(number: string): string {
  const israeli = /^\+972(\d{8,9})$/.exec(number);
  const national = israeli ? `0${israeli[1]}` : number;
  if (/^05\d{8}$/.test(national)) return `${national.slice(0, 3)}-${national.slice(3, 6)}-${national.slice(6)}`;
  if (/^0[23489]\d{7}$/.test(national)) return `${national.slice(0, 2)}-${national.slice(2, 5)}-${national.slice(5)}`;
  return national;
}
