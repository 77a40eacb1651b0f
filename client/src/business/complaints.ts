/**
 * What the server finds wrong with settings, in the reader's language.
 *
 * The server explains in English, value by value. A value can be wrong in one way or two, so that in Hebrew its place
 * says what to write there; what has no words here is told by its place alone.
 */
import { currentLanguage } from "../i18n";
import type { Complaint } from "../api/errors";
import { ADVICE, PLACES, PLAIN } from "./complaints.he";

const WEEKDAYS = /\.(sunday|monday|tuesday|wednesday|thursday|friday|saturday)$/;

/** A path without numbers, languages and days: `services[2].name.he` is `services.name`. */
export function plainPath(path: string): string {
  return path.replace(/\[\d+\]/g, "").replace(/\.(he|en)$/, "").replace(WEEKDAYS, "");
}

/** What to change. */
export function advice({ path, message }: Complaint): string {
  if (currentLanguage() === "en") return message;
  return ADVICE[plainPath(path)] ?? PLAIN;
}

/** Where it is, and what to change. */
export function sentence(complaint: Complaint): string {
  if (currentLanguage() === "en") return complaint.path ? `${complaint.path}: ${complaint.message}` : complaint.message;
  const place = PLACES[plainPath(complaint.path)] ?? PLACES[plainPath(complaint.path).split(".")[0] ?? ""];
  return place ? `${place}: ${advice(complaint)}` : advice(complaint);
}
