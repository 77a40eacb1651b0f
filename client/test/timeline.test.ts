import { describe, expect, it } from "vitest";
import { columns, fittingScale, markerBefore, MIN_PX_PER_S, neighbour, place, ticks, tickStep, visibleHeight } from "../src/call/geometry";
import { type Entry, type Episode, holdSpans, makeMarker, markersOf, plainMarkers } from "../src/call/markers";

function entry(at_ms: number, kind: string | null, values: Record<string, string> = {}, what = ""): Entry {
  return { at_ms, who: "torim", what, kind, reason: null, values };
}

function episode(changes: Partial<Episode>): Episode {
  return {
    onset_ms: 0, verdict: "voice", cut: true, stop_ms: 40, verdict_ms: 200, resume_ms: null, heard_ms: 900,
    unheard_ms: 4000, reason: "detected", evidence: {}, ...changes,
  };
}

describe("the markers of a call", () => {
  it("come in the order of time, with the onset that the server dated back", () => {
    const found = markersOf(
      [entry(1000, "held", { sounding: "true" }), entry(1180, "barge_in", { speech: "1" })],
      [episode({ onset_ms: 960, verdict_ms: 220 })],
    );
    expect(found.map(({ kind, atMs }) => [kind, atMs])).toEqual([["onset", 960], ["held", 1000], ["barge_in", 1180]]);
  });

  it("carry the numbers of the verdict that they tell of, and of no other", () => {
    const [, , cut] = markersOf(
      [entry(1000, "held"), entry(1180, "barge_in", { speech: "0.98" }), entry(5000, "resumed")],
      [episode({ onset_ms: 960, verdict_ms: 220, stop_ms: 40 })],
    );
    expect(cut).toMatchObject({ verdict: "voice", numbers: { speech: "0.98", stop_ms: "40", heard_ms: "900" } });
    const [, , , resumed] = markersOf(
      [entry(1000, "held"), entry(1180, "barge_in"), entry(5000, "resumed")],
      [episode({ onset_ms: 960, verdict_ms: 220 })],
    );
    expect(resumed?.numbers).toEqual({});
  });

  it("tell at the onset what the sound was judged and what came of it", () => {
    const [onset] = markersOf([], [episode({ onset_ms: 960, cut: false, verdict: "echo", resume_ms: 410, evidence: { echo: "0.83" } })]);
    expect(onset).toMatchObject({ kind: "onset", verdict: "echo", became: "resumed", numbers: { echo: "0.83", resume_ms: "410" } });
    const [blocked] = markersOf([], [episode({ cut: false, verdict: "blocked", stop_ms: null })]);
    expect(blocked?.became).toBe("blocked");
  });

  it("name positional words, and take the unit off a number", () => {
    const [told] = markersOf([entry(10, "truncate", { "0": "item_1", "1": "1064ms" })], []);
    expect(told?.numbers).toEqual({ item: "item_1", heard_ms: "1064" });
  });

  it("show a booking only where an appointment was made", () => {
    const finished = (answer: string) => markersOf([entry(5, "tool_finished", { "0": "c1", "1": answer })], [])[0]?.kind;
    expect(finished('{"appointment_id":"a1"}')).toBe("booking");
    expect(finished('{"error":"slot_taken"}')).toBe("tool_finished");
    expect(finished("half a li")).toBe("tool_finished");
  });

  it("leave out what the page does not know, and for owners what only engines know", () => {
    const all = markersOf([entry(1, "response_created"), entry(2, "something_new"), entry(3, "barge_in"), entry(4, "clear")], []);
    expect(all.map(({ kind }) => kind)).toEqual(["response_created", "barge_in", "clear"]);
    expect(plainMarkers(all).map(({ kind }) => kind)).toEqual(["barge_in"]);
  });

  it("never let the marks of the line push a decision away", () => {
    const marks = Array.from({ length: 9 }, (_, index) => makeMarker(`m${index}`, 1000 + index, "mark"));
    const placed = place([...marks, makeMarker("cut", 1010, "barge_in")], 20, 15, 3);
    expect(placed.at(-1)).toMatchObject({ marker: { id: "cut" }, level: 0 });
  });

  it("make a hold last from the onset to silence or to the resume, and nothing of what was blocked", () => {
    const spans = holdSpans([
      episode({ onset_ms: 1000, stop_ms: 45 }),
      episode({ onset_ms: 3000, cut: false, verdict: "noise", resume_ms: 410 }),
      episode({ onset_ms: 5000, cut: false, verdict: "blocked" }),
    ]);
    expect(spans).toEqual([
      { fromMs: 1000, toMs: 1045, became: "cut" },
      { fromMs: 3000, toMs: 3410, became: "resume" },
    ]);
  });
});

describe("the time axis", () => {
  const markers = [100, 150, 900].map((atMs, index) => makeMarker(`${index}`, atMs, "key"));

  it("fits a call into its width, but never so that it cannot be read", () => {
    expect(fittingScale(10_000, 1000)).toBe(100);
    expect(fittingScale(600_000, 1000)).toBe(MIN_PX_PER_S);
  });

  it("labels seconds at least 60 pixels apart", () => {
    for (const scale of [5, 14, 40, 100, 400]) expect(tickStep(scale) * scale).toBeGreaterThanOrEqual(60);
    expect(ticks(900, 4100, 1)).toEqual([1, 2, 3, 4]);
  });

  it("puts flags that would hide one another on rows of their own", () => {
    expect(place(markers, 100, 15, 3).map(({ level }) => level)).toEqual([0, 1, 0]);
  });

  it("goes from flag to flag in the order of time and stops at the ends", () => {
    expect(markerBefore(markers, 160)).toBe(1);
    expect(markerBefore(markers, 50)).toBe(-1);
    expect(neighbour(markers, -1, 1)).toBe(0);
    expect(neighbour(markers, 2, 1)).toBe(2);
    expect(neighbour(markers, 0, -1)).toBe(0);
    expect(neighbour([], -1, 1)).toBe(-1);
  });

  it("shows the loudest peak of each pixel, whatever the scale", () => {
    const peaks = { values: [0, 0.2, 0.9, 0.1], stepMs: 10 };
    expect([...columns(peaks, 50, 0, 2)].map((value) => value.toFixed(1))).toEqual(["0.2", "0.9"]);
    expect([...columns(peaks, 200, 2, 4)].map((value) => value.toFixed(1))).toEqual(["0.2", "0.2", "0.9", "0.9"]);
  });

  it("lifts quiet speech, keeps silence silent and loud speech inside", () => {
    expect(visibleHeight(0)).toBe(0);
    expect(visibleHeight(0.05)).toBeGreaterThan(0.2);
    expect(visibleHeight(3)).toBeLessThanOrEqual(1);
  });
});
