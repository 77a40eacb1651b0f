import { describe, expect, it } from "vitest";
import { after, type LiveCall, type LiveState } from "../src/api/live";
import { en } from "../src/i18n/en";
import { he } from "../src/i18n/he";

type Tree = { [key: string]: string | Tree };

function leaves(tree: Tree, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const at = path ? `${path}.${key}` : key;
    if (typeof value === "string") found.set(at, value);
    else for (const [inner, text] of leaves(value, at)) found.set(inner, text);
  }
  return found;
}

const HEBREW = leaves(he as unknown as Tree);
const ENGLISH = leaves(en as unknown as Tree);

describe("the words of the pages", () => {
  it("are the same in both languages, and none is empty", () => {
    expect([...HEBREW.keys()]).toEqual([...ENGLISH.keys()]);
    for (const [key, text] of [...HEBREW, ...ENGLISH]) expect(text.trim(), key).not.toBe("");
  });

  it("take the same values, but where a plural form says the number itself", () => {
    const values = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((found) => found[1]).sort();
    for (const [key, text] of HEBREW) {
      if (/_(one|two|zero)$/.test(key)) continue;
      expect(values(text), key).toEqual(values(ENGLISH.get(key) ?? ""));
    }
  });

  it("are Hebrew in Hebrew and hold no Hebrew in English", () => {
    const foreign = new Set(["unit.ms"]);
    for (const [key, text] of HEBREW) if (!foreign.has(key)) expect(/[\u05d0-\u05ea]/.test(text), key).toBe(true);
    for (const [key, text] of ENGLISH) expect(/[\u05d0-\u05ea]/.test(text), key).toBe(false);
  });

  it("have a form for every number that Hebrew tells apart", () => {
    const forms = new Intl.PluralRules("he").resolvedOptions().pluralCategories;
    for (const key of HEBREW.keys()) {
      const found = /^(.*)_other$/.exec(key);
      if (found) for (const form of forms) expect(HEBREW.has(`${found[1]}_${form}`), `${found[1]}_${form}`).toBe(true);
    }
  });
});

describe("live calls", () => {
  const call = (call_id: string, duration_ms = 0) => ({ call_id, duration_ms }) as LiveCall;
  const begin: LiveState = { link: "connecting", calls: [], levels: {} };

  it("begin, change and end as the server tells", () => {
    const one = after(begin, { type: "calls", calls: [call("a")] });
    const two = after(after(one, { type: "call", call: call("b") }), { type: "call", call: call("a", 500) });
    expect(two.calls.map((each) => [each.call_id, each.duration_ms])).toEqual([["a", 500], ["b", 0]]);
    expect(after(two, { type: "call_ended", call_id: "a" }).calls.map((each) => each.call_id)).toEqual(["b"]);
    expect(after(two, { type: "message" })).toBe(two);
    const loud = after(two, { type: "levels", levels: [{ call_id: "a", duration_ms: 900, caller: 20, ai: 310 }] });
    expect([loud.calls, loud.levels]).toEqual([two.calls, { a: { caller: 0.02, ai: 0.31 } }]);
  });
});
