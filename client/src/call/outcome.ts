/** The colour of an outcome: what an owner is glad of, what waits for them, what came to nothing. */
import type { Outcome, Status, Urgency } from "../api/types";
import type { Tone } from "../ui/Chip";

export const OUTCOME_TONES: Record<Outcome, Tone> = {
  booked: "good",
  moved: "good",
  cancelled: "warn",
  message: "warn",
  transferred: "info",
  question: "info",
  abandoned: "bad",
  none: "plain",
};

export const URGENCY_TONES: Record<Urgency, Tone> = { low: "plain", normal: "info", urgent: "bad" };

const RANK: Record<Urgency, number> = { urgent: 0, normal: 1, low: 2 };

/** Urgent ones first, otherwise in their order. */
export function urgentFirst<Item extends { urgency: Urgency }>(items: readonly Item[]): Item[] {
  return [...items].sort((one, other) => RANK[one.urgency] - RANK[other.urgency]);
}

export const STATUS_TONES: Record<Status, Tone> = {
  held: "warn",
  booked: "good",
  cancelled: "bad",
  done: "plain",
};
