/** A turn of a call that goes on. What follows the heard words may still be heard; only a cut makes it lost. */
import type { LiveCall } from "../api/live";
import type { Turn } from "./turns";

export function liveTurn(turn: LiveCall["turns"][number]): Turn {
  const lost = turn.interrupted ? turn.unheard_text : "";
  return {
    speaker: turn.speaker,
    startMs: turn.start_ms,
    endMs: turn.end_ms,
    text: [turn.heard_text, lost].filter(Boolean).join(" "),
    heardText: turn.heard_text,
    unheardText: lost,
    heardMs: 0,
    audioMs: 0,
    interrupted: turn.interrupted,
    estimated: true,
  };
}
