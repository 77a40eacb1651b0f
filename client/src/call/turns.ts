/** The turns of a transcript as the pages show them, and what is derived from them. Pure. */
import type { Score, Stretch } from "./paint";

export interface Turn {
  speaker: "caller" | "ai";
  startMs: number;
  endMs: number;
  text: string;
  heardText: string;
  unheardText: string;
  heardMs: number;
  audioMs: number;
  interrupted: boolean;
  estimated: boolean;
}

/** A turn that a reader sees: not an answer of which nothing was made. */
export function shown(turns: readonly Turn[]): Turn[] {
  return turns.filter((turn) => turn.speaker === "caller" || turn.heardText !== "" || turn.unheardText !== "");
}

export function spansOf(turns: readonly Turn[], speaker: Turn["speaker"]): Stretch[] {
  return turns
    .filter((turn) => turn.speaker === speaker && turn.endMs > turn.startMs)
    .map((turn) => ({ fromMs: turn.startMs, toMs: turn.endMs }));
}

/** What the AI had made and nobody heard, drawn from the cut on, up to its next words. */
export function unheardSpans(turns: readonly Turn[]): Stretch[] {
  const spoken = turns.filter((turn) => turn.speaker === "ai");
  return spoken.flatMap((turn, index) => {
    const missing = turn.audioMs - turn.heardMs;
    if (!turn.interrupted || missing <= 0) return [];
    const next = spoken[index + 1]?.startMs ?? Number.POSITIVE_INFINITY;
    return [{ fromMs: turn.endMs, toMs: Math.min(turn.endMs + missing, next) }];
  });
}

export function scoreOf(turns: readonly Turn[], durationMs: number): Omit<Score, "holds"> {
  return {
    durationMs,
    ai: { peaks: null, spans: spansOf(turns, "ai") },
    caller: { peaks: null, spans: spansOf(turns, "caller") },
    unheard: unheardSpans(turns),
  };
}

/** The turn that is spoken at an instant: the last that began. -1 before the first. */
export function turnAt(turns: readonly Turn[], atMs: number): number {
  let found = -1;
  turns.forEach((turn, index) => {
    if (turn.startMs <= atMs) found = index;
  });
  return found;
}

export interface Piece {
  text: string;
  found: boolean;
}

/** A text cut where the search word occurs, whatever its case. */
export function pieces(text: string, wanted: string): Piece[] {
  const needle = wanted.trim().toLocaleLowerCase();
  if (!needle) return [{ text, found: false }];
  const lower = text.toLocaleLowerCase();
  const cut: Piece[] = [];
  let from = 0;
  for (let at = lower.indexOf(needle); at !== -1; at = lower.indexOf(needle, from)) {
    if (at > from) cut.push({ text: text.slice(from, at), found: false });
    cut.push({ text: text.slice(at, at + needle.length), found: true });
    from = at + needle.length;
  }
  if (from < text.length) cut.push({ text: text.slice(from), found: false });
  return cut;
}

export function matches(turn: Turn, wanted: string): boolean {
  const needle = wanted.trim().toLocaleLowerCase();
  return needle === "" || turn.text.toLocaleLowerCase().includes(needle);
}

/** The transcript as plain text: what was heard, a dash where the caller cut in. */
export function asText(turns: readonly Turn[], names: Record<Turn["speaker"], string>, untold: string): string {
  return shown(turns)
    .map((turn) => {
      const whole = Math.floor(turn.startMs / 1000);
      const at = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
      const words = turn.heardText || (turn.speaker === "caller" ? untold : "");
      return `${at} ${names[turn.speaker]}: ${words}${turn.interrupted && turn.unheardText ? " \u2014" : ""}`;
    })
    .join("\n");
}
