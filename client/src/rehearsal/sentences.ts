/**
 * The lines of a script in the reader's language.
 *
 * A script is written in English words (docs/scenarios.md); what is not known here is shown as it stands.
 */
import i18next from "i18next";

type Key = keyof typeof KINDS;
const TIME = String.raw`(\d+(?:\.\d+)?) ?(ms|s|seconds?|minutes?)`;
const KINDS = {
  speak: /^the AI to speak$/i,
  finish: /^the AI to finish$/i,
  keepsSpeaking: new RegExp(`^the AI to keep speaking for ${TIME}$`, "i"),
  silence: /^silence$/i,
  ends: /^the call to end$/i,
  booked: /^(?:an )?appointment$/i,
  notBooked: /^no appointment$/i,
  sent: /^engine audio_done$/i,
  done: /^engine done$/i,
} as const;

/** A line as a sentence, with a direction of its own where it had to stay as it is. */
export function sentence(source: string): string | null {
  if (i18next.language === "en") return source;
  const later = new RegExp(`^${TIME} later,? (.+)$`, "i").exec(source);
  if (later) {
    const what = sentence(later[3] ?? "");
    return what && i18next.t("rehearsal.says.later", { after: span(later[1], later[2]), what });
  }
  const said = /^say "([^"]*)"/i.exec(source)?.[1];
  if (said) return i18next.t("rehearsal.says.say", { words: said });
  const keys = /^press (.+)$/i.exec(source)?.[1];
  if (keys) return i18next.t("rehearsal.says.press", { keys: `\u2066${keys}\u2069` });
  if (/^hang up$/i.test(source)) return i18next.t("rehearsal.says.hangUp");
  const pause = new RegExp(`^wait ${TIME}$`, "i").exec(source);
  if (pause) return i18next.t("rehearsal.says.pause", { time: span(pause[1], pause[2]) });
  return awaited(source);
}

/** "after 43 ms", the detail of a finding. */
export function detail(text: string): string {
  const after = /^after (\d+) ms$/.exec(text)?.[1];
  return after ? i18next.t("rehearsal.says.after", { ms: after }) : text;
}

function awaited(source: string): string | null {
  const parts = new RegExp(`^(wait for|expect) (.+?)(?: within ${TIME})?$`, "i").exec(source);
  if (!parts) return null;
  const kind = (Object.keys(KINDS) as Key[]).find((each) => KINDS[each].test(parts[2] ?? ""));
  if (!kind) return null;
  const found = KINDS[kind].exec(parts[2] ?? "");
  const what = i18next.t(`rehearsal.says.${kind}`, { time: span(found?.[1], found?.[2]) });
  if (parts[1]?.toLowerCase() === "wait for") return i18next.t("rehearsal.says.wait", { what });
  return parts[3] ? i18next.t("rehearsal.says.within", { what, time: span(parts[3], parts[4]) }) : what;
}

function span(count = "", unit = ""): string {
  if (unit === "ms") return i18next.t("unit.ms", { value: count });
  return i18next.t(unit.startsWith("m") ? "rehearsal.says.minutes" : "rehearsal.says.seconds", { count: Number(count) });
}
