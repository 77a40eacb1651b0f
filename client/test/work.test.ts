import { describe, expect, it } from "vitest";
import { isUnfinished } from "../src/api/data";
import { type Linked, readingOf } from "../src/business/linked";
import { townOf, TOWNS } from "../src/business/towns";
import { messageText } from "../src/call/messageText";
import { stopsOf } from "../src/call/stops";
import { he } from "../src/i18n/he";
import { kindOf, placeOf, remedyOf } from "../src/work/naming";

describe("what is owed after calls", () => {
  it("is called by a name that the pages have, also where the server is newer", () => {
    const kinds = ["summary", "webhook", "email", "sms", "reminder", "follow", "retention", "pigeon"].map((kind) => kindOf({ kind }));
    expect(kinds.at(-1)).toBe("other");
    for (const kind of kinds) expect([he.work.kind[kind], he.work.why[kind]].every(Boolean), kind).toBe(true);
  });

  it("leads to what it is about", () => {
    expect(placeOf({ tells: "call", subject: "CA 1" })).toBe("/calls/CA%201");
    expect(placeOf({ tells: "message", subject: "m1" })).toBe("/messages");
    expect(placeOf({ tells: "reminder", subject: "a1" })).toBe("/calendar?appointment=a1");
    expect([placeOf({ tells: null, subject: "x" }), placeOf({ tells: "call", subject: "" })]).toEqual([null, null]);
  });

  it("leads to the settings only where they can mend it", () => {
    expect(["webhook", "sms", "email"].map((kind) => remedyOf({ kind }))).toEqual(Array(3).fill("/settings/telling"));
    expect(["summary", "follow"].map((kind) => remedyOf({ kind }))).toEqual([null, null]);
  });
});

describe("times to silence", () => {
  const sound = (verdict: string, stop_ms: number | null) => ({ verdict, stop_ms }) as never;
  const call = (changes: object) =>
    ({ ended_at: "2027-01-10T08:00:00Z", stop_ms_p50: null, stop_ms_max: null, barge_ins: [], ...changes }) as Parameters<typeof stopsOf>[0];

  it("are the server's once it has them", () => {
    expect(stopsOf(call({ stop_ms_p50: 40, stop_ms_max: 800, barge_ins: [sound("voice", 60)] }))).toEqual({ p50: 40, max: 800 });
  });

  it("are until then counted as the server will: every sound that made the line silent, no key", () => {
    const barge_ins = [sound("voice", 60), sound("noise", 40), sound("key", 0), sound("blocked", null), sound("voice", 90), sound("echo", 50)];
    expect(stopsOf(call({ ended_at: null, barge_ins }))).toEqual({ p50: 50, max: 90 });
    expect(stopsOf(call({ barge_ins: [sound("key", 0)] }))).toEqual({ p50: null, max: null });
  });
});

describe("a call that is read again", () => {
  const ended = "2027-01-10T08:00:00Z";
  const at = (seconds: number) => Date.parse(ended) + seconds * 1000;

  it("goes on, or waits for its summary, but not for ever", () => {
    expect(isUnfinished({ ended_at: null, summary: null, erased_at: null }, at(0))).toBe(true);
    expect(isUnfinished({ ended_at: ended, summary: null, erased_at: null }, at(30))).toBe(true);
    expect(isUnfinished({ ended_at: ended, summary: "Booked.", erased_at: null }, at(30))).toBe(false);
    expect(isUnfinished({ ended_at: ended, summary: null, erased_at: null }, at(300))).toBe(false);
    expect(isUnfinished({ ended_at: ended, summary: null, erased_at: ended }, at(30))).toBe(false);
  });
});

describe("a message", () => {
  it("is shown without the id of its voice note, and otherwise as it stands", () => {
    expect(messageText({ text: "הודעה קולית [CA1-0a1b2c3d]", has_voice_note: true })).toBe("הודעה קולית");
    expect(messageText({ text: "אחרי [חמש]", has_voice_note: false })).toBe("אחרי [חמש]");
  });
});

describe("the town of Shabbat times", () => {
  it("is found by its place, and a place of one's own is none of them", () => {
    for (const [name, where] of Object.entries(TOWNS)) expect(townOf(where)).toBe(name);
    expect(townOf({ latitude: 31.777, longitude: 35.234 })).toBe("jerusalem");
    expect(townOf({ latitude: 40.7, longitude: -74 })).toBeNull();
  });
});

describe("a linked calendar", () => {
  const linked = (changes: Partial<Linked>): Linked => ({ staff_id: "", good: true, read_at: "x", tried_at: "x", error: null, ...changes });

  it("waits, is good, lives on its copy, or is lost", () => {
    expect(readingOf(undefined)).toBe("waiting");
    expect(readingOf(linked({ good: false, read_at: null, tried_at: null }))).toBe("waiting");
    expect(readingOf(linked({}))).toBe("good");
    expect(readingOf(linked({ error: "404" }))).toBe("stale");
    expect(readingOf(linked({ good: false, error: "404" }))).toBe("lost");
  });
});
