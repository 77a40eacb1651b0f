/** How reading a linked calendar goes, as an owner must know it. Pure. */
import type { components } from "../api/schema";
import type { Tone } from "../ui/Chip";

export type Linked = components["schemas"]["LinkedCalendarOut"];
/** `waiting`: not read yet; `stale`: the last reading failed, and the copy still counts; `lost`: nobody is offered. */
export type Reading = "waiting" | "good" | "stale" | "lost";

export const READING_TONES: Record<Reading, Tone> = { waiting: "info", good: "good", stale: "warn", lost: "bad" };

export function readingOf(linked: Linked | undefined): Reading {
  if (!linked || linked.tried_at === null) return "waiting";
  if (!linked.good) return "lost";
  return linked.error === null ? "good" : "stale";
}
