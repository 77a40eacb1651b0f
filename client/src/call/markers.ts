/**
 * The instants of a call that are worth showing, each with its reason and its numbers.
 *
 * The server says which lines of a timeline matter; this decides which side of the conversation each belongs to and
 * which an owner understands. Words are chosen by the page, by the marker's kind: nothing here is in any language.
 */

export const KINDS = {
  response_created: "engine",
  first_audio: "engine",
  audio_done: "engine",
  response_done: "engine",
  ai_heard: "engine",
  onset: "caller",
  key: "caller",
  caller_gone: "caller",
  held: "hold",
  resumed: "hold",
  blocked: "hold",
  greeting_lock_opened: "hold",
  verified: "cut",
  barge_in: "cut",
  cancel: "cut",
  clear: "cut",
  truncate: "cut",
  mark: "line",
  tool_started: "desk",
  tool_finished: "desk",
  booking: "desk",
  goodbye: "desk",
  silence_prompt: "desk",
  fault: "trouble",
  engine_lost: "trouble",
  fell_back: "trouble",
  ended: "line",
} as const;

export type MarkerKind = keyof typeof KINDS;
export type Family = (typeof KINDS)[MarkerKind];

export type Became = "cut" | "resumed" | "blocked";

export interface Marker {
  id: string;
  atMs: number;
  kind: MarkerKind;
  family: Family;
  /** How a sound was judged, and what came of it, where the marker tells of one. */
  verdict?: string;
  became?: Became;
  /** What Torim itself wrote as the reason, in English; shown to developers. */
  reason: string;
  numbers: Record<string, string>;
}

/** A line of a timeline as the API gives it. */
export interface Entry {
  at_ms: number;
  who: string;
  what: string;
  kind: string | null;
  reason: string | null;
  values: Record<string, string>;
}

/** A sound or key that met the AI's voice, as the API gives it. */
export interface Episode {
  onset_ms: number;
  verdict: string;
  cut: boolean;
  stop_ms: number | null;
  verdict_ms: number | null;
  resume_ms: number | null;
  heard_ms: number | null;
  unheard_ms: number | null;
  reason: string;
  evidence: Record<string, string>;
}

export function makeMarker(id: string, atMs: number, kind: MarkerKind, rest: Partial<Marker> = {}): Marker {
  return { id, atMs, kind, family: KINDS[kind], reason: "", numbers: {}, ...rest };
}

/** All markers of a call in the order of time, onsets among them. */
export function markersOf(entries: readonly Entry[], episodes: readonly Episode[]): Marker[] {
  const found = entries.flatMap((entry, index) => {
    const kind = kindOf(entry);
    if (!kind) return [];
    const about = episodes.find((episode) => tells(episode, entry));
    const numbers = { ...named(entry), ...(about ? measured(about) : {}) };
    const verdict = about ? { verdict: about.verdict, became: becameOf(about) } : {};
    return [makeMarker(`e${index}`, entry.at_ms, kind, { reason: entry.reason ?? entry.what, numbers, ...verdict })];
  });
  const onsets = episodes.map((episode, index) =>
    makeMarker(`o${index}`, episode.onset_ms, "onset", {
      reason: episode.reason,
      verdict: episode.verdict,
      became: becameOf(episode),
      numbers: { ...episode.evidence, ...measured(episode) },
    }),
  );
  return [...found, ...onsets].sort((one, other) => one.atMs - other.atMs);
}

/** What a sound led to. */
export function becameOf(episode: Episode): Became {
  if (episode.cut) return "cut";
  return episode.verdict === "blocked" ? "blocked" : "resumed";
}

const INNER = new Set<MarkerKind>(["verified", "cancel", "clear", "truncate", "greeting_lock_opened", "onset", "tool_started"]);
const PLAIN = new Set<Family>(["caller", "hold", "cut", "desk", "trouble"]);

/** Markers that an owner understands without knowing how engines work. */
export function plainMarkers(markers: readonly Marker[]): Marker[] {
  return markers.filter(({ family, kind }) => PLAIN.has(family) && !INNER.has(kind) && kind !== "tool_finished");
}

function isKind(kind: string | null): kind is MarkerKind {
  return kind !== null && kind in KINDS;
}

function kindOf(entry: Entry): MarkerKind | null {
  if (entry.kind === "tool_finished" && booked(entry)) return "booking";
  return isKind(entry.kind) ? entry.kind : null;
}

function booked(entry: Entry): boolean {
  try {
    const answer: unknown = JSON.parse(entry.values["1"] ?? "");
    return typeof answer === "object" && answer !== null && "appointment_id" in answer && Boolean(answer.appointment_id);
  } catch {
    return false;
  }
}

/** Whether an entry is the verdict of an episode. */
function tells(episode: Episode, entry: Entry): boolean {
  const judged = entry.kind === "barge_in" || entry.kind === "resumed" || entry.kind === "blocked";
  return judged && episode.verdict_ms !== null && episode.onset_ms + episode.verdict_ms === entry.at_ms;
}

function measured(episode: Episode): Record<string, string> {
  const numbers: Record<string, string> = {};
  if (episode.stop_ms !== null) numbers.stop_ms = String(episode.stop_ms);
  if (episode.verdict_ms !== null) numbers.verdict_ms = String(episode.verdict_ms);
  if (episode.resume_ms !== null) numbers.resume_ms = String(episode.resume_ms);
  if (episode.heard_ms !== null) numbers.heard_ms = String(episode.heard_ms);
  if (episode.unheard_ms !== null) numbers.unheard_ms = String(episode.unheard_ms);
  return numbers;
}

/** The positional words of a line get the names that a reader expects. */
const POSITIONS: Partial<Record<string, readonly string[]>> = {
  key: ["key"],
  mark: ["mark"],
  response_created: ["response"],
  audio_done: ["response"],
  response_done: ["response", "status"],
  cancel: ["response"],
  truncate: ["item", "heard_ms"],
  tool_started: ["call", "tool"],
  tool_finished: ["call"],
  fault: ["severity", "code"],
};

function named(entry: Entry): Record<string, string> {
  const numbers: Record<string, string> = {};
  for (const [name, value] of Object.entries(entry.values)) {
    const place = /^\d+$/.test(name) ? POSITIONS[entry.kind ?? ""]?.[Number(name)] : name;
    if (place) numbers[place] = place.endsWith("_ms") ? value.replace(/ms$/, "") : value;
  }
  return numbers;
}

export interface HoldSpan {
  fromMs: number;
  toMs: number;
  became: "cut" | "resume";
}

/** The stretches in which a sound held the line: from its onset to what became of it. */
export function holdSpans(episodes: readonly Episode[]): HoldSpan[] {
  return episodes
    .filter((episode) => episode.verdict !== "blocked")
    .map((episode) => ({
      fromMs: episode.onset_ms,
      toMs: episode.onset_ms + (episode.cut ? (episode.stop_ms ?? 0) : (episode.resume_ms ?? episode.verdict_ms ?? 0)),
      became: episode.cut ? "cut" : "resume",
    }));
}
