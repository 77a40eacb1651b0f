/** How a sound can have been judged, and the colour that repeats it. */
import type { Tone } from "../ui/Chip";

const VERDICTS = ["voice", "key", "words", "echo", "noise", "short", "undecided", "blocked"] as const;
export type Verdict = (typeof VERDICTS)[number];

export const VERDICT_TONES: Record<Verdict, Tone> = {
  voice: "good",
  key: "good",
  words: "good",
  echo: "warn",
  noise: "warn",
  short: "warn",
  undecided: "warn",
  blocked: "bad",
};

/** A verdict that these pages know by name. */
export function verdictOf(said: string): Verdict {
  return VERDICTS.find((known) => known === said) ?? "undecided";
}
