import { describe, expect, it } from "vitest";
import { asText, matches, pieces, scoreOf, shown, type Turn, turnAt, unheardSpans } from "../src/call/turns";

function turn(changes: Partial<Turn>): Turn {
  return {
    speaker: "ai", startMs: 0, endMs: 1000, text: "", heardText: "", unheardText: "", heardMs: 0, audioMs: 0,
    interrupted: false, estimated: false, ...changes,
  };
}

const TALK = [
  turn({ startMs: 500, endMs: 2300, text: "שלום, כאן שקד. לקביעת תור", heardText: "שלום, כאן שקד.", unheardText: "לקביעת תור", heardMs: 1800, audioMs: 6200, interrupted: true }),
  turn({ speaker: "caller", startMs: 2200, endMs: 3000, text: "מחר בעשר", heardText: "מחר בעשר" }),
  turn({ startMs: 4000, endMs: 5000, text: "בסדר", heardText: "בסדר", heardMs: 1000, audioMs: 1000 }),
];

describe("a transcript", () => {
  it("leaves out answers of which nothing was made, never a turn of the caller", () => {
    expect(shown([turn({}), turn({ speaker: "caller" }), ...TALK])).toHaveLength(4);
  });

  it("draws what was never heard from the cut to the AI's next words", () => {
    expect(unheardSpans(TALK)).toEqual([{ fromMs: 2300, toMs: 4000 }]);
    expect(unheardSpans(TALK.slice(0, 1))).toEqual([{ fromMs: 2300, toMs: 6700 }]);
  });

  it("is in step with playback", () => {
    expect([0, 500, 2250, 9000].map((at) => turnAt(TALK, at))).toEqual([-1, 0, 1, 2]);
  });

  it("finds words in what was heard and what was not, whatever their case", () => {
    expect(TALK.filter((each) => matches(each, "תור"))).toHaveLength(1);
    expect(pieces("Tomorrow, tomorrow", "tomorrow").filter(({ found }) => found)).toHaveLength(2);
    expect(pieces("abc", " ").map(({ text }) => text).join("")).toBe("abc");
  });

  it("becomes text that says what the caller heard, with a dash where it was cut", () => {
    const text = asText(TALK, { ai: "Torim", caller: "Caller" }, "(not transcribed)");
    expect(text.split("\n")).toEqual(["0:00 Torim: שלום, כאן שקד. \u2014", "0:02 Caller: מחר בעשר", "0:04 Torim: בסדר"]);
  });

  it("gives the lanes their stretches", () => {
    expect(scoreOf(TALK, 9000).ai.spans).toEqual([{ fromMs: 500, toMs: 2300 }, { fromMs: 4000, toMs: 5000 }]);
  });
});
