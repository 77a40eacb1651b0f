/** What a call without a telephone is called: one from the browser, or a rehearsal; null: it came in by telephone. */
const NAMES = { browser: "call.fromBrowser", rehearsal: "call.rehearsal" } as const;

export function lineName(carrier: string): (typeof NAMES)[keyof typeof NAMES] | null {
  return carrier === "browser" || carrier === "rehearsal" ? NAMES[carrier] : null;
}
