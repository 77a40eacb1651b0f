import { describe, expect, it } from "vitest";
import { median } from "../src/call/median";
import { keyMessage, mediaMessage, readMessage, startMessages } from "../src/phone/dialect";
import { type Cut, LineEnd, type Report } from "../src/phone/line_end";
import { decode, encode, fromBase64, LINE_HZ, SILENCE, toBase64 } from "../src/phone/mulaw";
import { OnsetDetector } from "../src/phone/onset";
import { Playout } from "../src/phone/playout";
import { Resampler } from "../src/phone/resample";

const QUANTUM = 128;

function tone(hz: number, rate: number, ms: number, level = 0.3): Float32Array {
  return Float32Array.from({ length: Math.round((rate * ms) / 1000) }, (_, at) => level * Math.sin((2 * Math.PI * hz * at) / rate));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

describe("mu-law", () => {
  it("gives back every code, and speech within its own steps", () => {
    const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
    const again = encode(decode(codes));
    // Both zeros are one value.
    expect([...again].filter((code, at) => code !== at && at !== 0x7f)).toEqual([]);
    const sound = tone(440, LINE_HZ, 50);
    decode(encode(sound)).forEach((value, at) => expect(Math.abs(value - (sound[at] ?? 0))).toBeLessThan(0.012));
  });

  it("is silent at its silence", () => expect(decode(Uint8Array.of(SILENCE))[0]).toBeCloseTo(0));

  it("goes through base64", () => expect([...fromBase64(toBase64(Uint8Array.of(0, 127, 255)))]).toEqual([0, 127, 255]));
});

describe("changing the rate", () => {
  for (const rate of [48_000, 44_100]) {
    it(`keeps a tone of the voice from ${rate} Hz whole, over every joint`, () => {
      const down = new Resampler(rate, LINE_HZ);
      const source = tone(1000, rate, 500);
      const parts: Float32Array[] = [];
      for (let at = 0; at < source.length; at += QUANTUM) parts.push(down.push(source.subarray(at, at + QUANTUM)));
      const out = joined(parts);
      expect(Math.abs(out.length - 4000)).toBeLessThan(40);
      const middle = out.subarray(1000, 3000);
      const loudest = Math.max(...middle.map(Math.abs));
      expect(loudest).toBeGreaterThan(0.28);
      expect(loudest).toBeLessThan(0.32);
      // A click at a joint would be a step that the tone cannot make.
      const steps = middle.map((value, at) => Math.abs(value - (middle[at - 1] ?? value)));
      expect(Math.max(...steps)).toBeLessThan(0.3 * 2 * Math.sin((Math.PI * 1000) / LINE_HZ) * 1.05);
    });
  }

  it("lets nothing above the telephone's band come back as another tone", () => {
    const out = new Resampler(48_000, LINE_HZ).push(tone(6000, 48_000, 300));
    expect(Math.max(...out.subarray(200).map(Math.abs))).toBeLessThan(0.01);
  });

  it("gives as many samples as the clock says", () => {
    const up = new Resampler(LINE_HZ, 48_000);
    let made = 0;
    for (let slice = 0; slice < 1000; slice += 1) made += up.push(new Float32Array(8)).length;
    expect(Math.abs(made - 48_000)).toBeLessThan(200);
  });
});

describe("playout", () => {
  it("returns a mark when everything before it was played, and not earlier", () => {
    const playout = new Playout();
    playout.audio(new Float32Array(100).fill(0.5));
    expect(playout.mark("a")).toBe(false);
    expect(playout.play(new Float32Array(80))).toEqual([]);
    expect(playout.play(new Float32Array(80))).toEqual(["a"]);
    expect(playout.mark("b")).toBe(true);
  });

  it("knows at a clear to the sample what was heard and what was dropped", () => {
    const playout = new Playout();
    playout.audio(new Float32Array(160).fill(0.5));
    playout.mark("a");
    playout.audio(new Float32Array(160).fill(0.5));
    playout.play(new Float32Array(100));
    expect(playout.clear()).toEqual({ playedSamples: 100, droppedSamples: 220, marks: ["a"] });
    const after = new Float32Array(10).fill(1);
    playout.play(after);
    expect([...after]).toEqual(Array(10).fill(0));
  });
});

describe("the onset of a voice", () => {
  it("is dated back to where the sound rose", () => {
    const detector = new OnsetDetector();
    const noise = (ms: number) => Float32Array.from({ length: ms * 8 }, (_, at) => (at % 2 ? 0.001 : -0.001));
    expect(detector.push(noise(500))).toBeNull();
    const onset = detector.push(tone(300, LINE_HZ, 100));
    expect(Math.abs((onset ?? 0) / 8 - 500)).toBeLessThanOrEqual(10);
  });

  it("is not told again for a pause between words", () => {
    const detector = new OnsetDetector();
    detector.push(new Float32Array(4000));
    expect(detector.push(tone(300, LINE_HZ, 200))).not.toBeNull();
    detector.push(new Float32Array(800));
    expect(detector.push(tone(300, LINE_HZ, 200))).toBeNull();
  });
});

/** A line's end in a browser of 48 kHz, with a clock of its own. */
class Scene {
  readonly reports: Report[] = [];
  readonly line = new LineEnd(48_000, (report) => this.reports.push(report));

  run(ms: number, microphone: (at: number) => number = () => 0): number {
    let loudest = 0;
    for (let quantum = 0; quantum < (ms * 48) / QUANTUM; quantum += 1) {
      const heard = Float32Array.from({ length: QUANTUM }, (_, at) => microphone(quantum * QUANTUM + at));
      const out = new Float32Array(QUANTUM);
      this.line.render(heard, out);
      loudest = Math.max(loudest, ...out.map(Math.abs));
    }
    return loudest;
  }

  answer(ms: number): void {
    this.line.audio(tone(400, LINE_HZ, ms));
  }

  cuts(): Cut[] {
    return this.reports.flatMap((report) => (report.type === "cut" ? [report.cut] : []));
  }
}

const voice = (at: number) => 0.3 * Math.sin(at / 30);

describe("the browser's end of the line", () => {
  it("sends twenty milliseconds of mu-law at a time", () => {
    const scene = new Scene();
    scene.run(1000);
    const frames = scene.reports.filter((report) => report.type === "frame");
    expect(frames.length).toBeGreaterThanOrEqual(48);
    expect(frames.every((frame) => frame.type === "frame" && frame.codes.length === 160)).toBe(true);
  });

  it("is silent at once when it is told to clear, and measures how long that took", () => {
    const scene = new Scene();
    scene.answer(5000);
    expect(scene.run(1000)).toBeGreaterThan(0.2);
    scene.run(60, voice);
    scene.line.clear();
    expect(scene.run(200, voice)).toBe(0);
    const [cut] = scene.cuts();
    expect(cut?.by).toBe("voice");
    expect((cut?.silentMs ?? 0) - (cut?.onsetMs ?? 0)).toBeGreaterThan(40);
    expect((cut?.silentMs ?? 0) - (cut?.onsetMs ?? 0)).toBeLessThan(75);
    expect(cut?.droppedMs).toBeGreaterThan(3900);
    expect(cut?.droppedMs).toBeLessThan(3960);
  });

  it("counts a key from the moment it was pressed", () => {
    const scene = new Scene();
    scene.answer(3000);
    scene.run(500);
    scene.line.key();
    scene.run(20);
    scene.line.clear();
    const [cut] = scene.cuts();
    expect(cut?.by).toBe("key");
    expect((cut?.silentMs ?? 0) - (cut?.onsetMs ?? 0)).toBeLessThan(25);
  });

  for (const by of ["voice", "key"] as const) {
    it(`counts a ${by} that comes in a pause between two sentences`, () => {
      const scene = new Scene();
      scene.answer(400);
      scene.line.audio(new Float32Array(LINE_HZ / 2));
      scene.answer(3000);
      scene.run(700);
      if (by === "key") scene.line.key();
      scene.run(60, by === "voice" ? voice : undefined);
      scene.line.clear();
      expect(scene.cuts().map((cut) => cut.by)).toEqual([by]);
    });
  }

  it("measures nothing when the answer had ended by itself, nor when nobody spoke", () => {
    const scene = new Scene();
    scene.answer(300);
    scene.run(600);
    scene.run(100, voice);
    scene.line.clear();
    scene.answer(2000);
    scene.run(500);
    scene.line.clear();
    expect(scene.cuts()).toEqual([]);
  });

  it("counts once what was lowered for a moment and then cut, with all that was played", () => {
    const scene = new Scene();
    scene.answer(5000);
    scene.run(1000);
    scene.run(60, voice);
    scene.line.clear();
    scene.run(300, voice);
    scene.answer(3000);
    scene.run(200, voice);
    scene.line.clear();
    const [first, last] = scene.cuts();
    expect(scene.cuts()).toHaveLength(2);
    expect(last).toMatchObject({ onsetMs: first?.onsetMs, silentMs: first?.silentMs });
    expect(last?.playedMs).toBeCloseTo((first?.playedMs ?? 0) + 200, -1);
    expect((last?.clearedMs ?? 0) - (last?.silentMs ?? 0)).toBeCloseTo(500, -1);
  });

  it("takes no later clear for the end of what was not allowed to cut in", () => {
    const scene = new Scene();
    scene.answer(8000);
    scene.run(500);
    scene.line.key();
    scene.run(4000);
    scene.line.clear();
    expect(scene.cuts()).toEqual([]);
    expect(scene.reports.flatMap((report) => (report.type === "ignored" ? [report.ignored.by] : []))).toEqual(["key"]);
  });

  it("sends silence while it is muted", () => {
    const scene = new Scene();
    scene.line.muted = true;
    scene.run(400, voice);
    const loud = scene.reports.filter((report) => report.type === "frame" && report.callerPeak > 0);
    expect(loud).toEqual([]);
  });

  it("returns the marks of what it dropped", () => {
    const scene = new Scene();
    scene.answer(1000);
    scene.line.mark("torim:1:0");
    scene.run(100);
    scene.line.clear();
    expect(scene.reports.filter(({ type }) => type === "marks")).toEqual([{ type: "marks", names: ["torim:1:0"] }]);
  });
});

describe("the dialect", () => {
  it("opens a stream as a carrier does", () => {
    const [connected, start] = startMessages({ callSid: "c", streamSid: "s", parameters: { token: "t" } }).map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(connected).toMatchObject({ event: "connected" });
    expect(start).toMatchObject({
      event: "start",
      start: { callSid: "c", streamSid: "s", customParameters: { token: "t" }, mediaFormat: { sampleRate: 8000 } },
    });
  });

  it("writes frames and keys, and reads audio, marks and clears", () => {
    expect(JSON.parse(mediaMessage("s", Uint8Array.of(255)))).toMatchObject({ event: "media", media: { payload: "/w==" } });
    expect(JSON.parse(keyMessage("s", "#"))).toMatchObject({ event: "dtmf", dtmf: { digit: "#" } });
    expect(readMessage('{"event":"clear","streamSid":"s"}')).toEqual({ type: "clear" });
    expect(readMessage('{"event":"mark","mark":{"name":"torim:1:0"}}')).toEqual({ type: "mark", name: "torim:1:0" });
    expect(readMessage('{"event":"hello"}')).toBeNull();
  });
});

it("finds the middle of some times", () => {
  expect([[], [5], [9, 1], [3, 1, 2]].map(median)).toEqual([0, 5, 1, 2]);
});
