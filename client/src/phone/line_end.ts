/**
 * The browser's end of the telephone line, sample by sample: takes the microphone down to line rate, plays what the
 * server sends, and measures what an ear here would measure.
 *
 * It runs inside the audio worklet and knows neither sockets nor React. Its clock is the sound itself: milliseconds
 * of line audio since the call began.
 */
import { encode, LINE_HZ } from "./mulaw";
import { OnsetDetector } from "./onset";
import { Playout } from "./playout";
import { Resampler } from "./resample";

const FRAME_SAMPLES = LINE_HZ / 50; // 20 ms
const SLICE_SAMPLES = LINE_HZ / 1000;
const AUDIBLE = 0.003;
const AUDIBLE_FOR_MS = 120; // pauses between words are not silence
const CUT_MAX_MS = 2000; // a clear that comes later follows from something else

/** A wish to speak that met the AI's voice. */
export interface Onset {
  /** "voice" from the caller's first sound, "key" from the key. */
  by: "voice" | "key";
  onsetMs: number;
}

export interface Cut extends Onset {
  /** When it fell silent first. */
  silentMs: number;
  /** When it was cleared last: it may go on, lowered, until the caller's sound is judged. */
  clearedMs: number;
  /** What had sounded of the AI since the call began, at the last clear. */
  playedMs: number;
  droppedMs: number;
}

export type Report =
  | { type: "frame"; codes: Uint8Array; atMs: number; callerPeak: number; aiPeak: number; waitingMs: number }
  | { type: "marks"; names: string[] }
  | { type: "cleared"; atMs: number; playedSamples: number; droppedSamples: number }
  | { type: "cut"; cut: Cut } // the same onset again: in the place of the one before
  | { type: "ignored"; ignored: Onset };

export class LineEnd {
  muted = false;
  private readonly down: Resampler;
  private up: Resampler;
  private readonly playout = new Playout();
  private readonly onsets = new OnsetDetector();
  private readonly frame = new Float32Array(FRAME_SAMPLES);
  private filled = 0;
  private out: Float32Array = new Float32Array(0);
  private lineSamples = 0;
  private aiPeak = 0;
  private audibleAtMs = Number.NEGATIVE_INFINITY;
  private pending: Onset | null = null;
  private last: Cut | null = null;

  constructor(
    private readonly contextHz: number,
    private readonly report: (report: Report) => void,
  ) {
    this.down = new Resampler(contextHz, LINE_HZ);
    this.up = new Resampler(LINE_HZ, contextHz);
  }

  get nowMs(): number {
    return (this.lineSamples / LINE_HZ) * 1000;
  }

  audio(samples: Float32Array): void {
    this.playout.audio(samples);
  }

  mark(name: string): void {
    if (this.playout.mark(name)) this.report({ type: "marks", names: [name] });
  }

  /** The caller pressed a key: a sure wish to speak. */
  key(): void {
    if (this.aiSpeaks) this.pending = { by: "key", onsetMs: this.nowMs };
  }

  clear(): void {
    const cleared = this.playout.clear();
    // What is on its way through the filter would sound for another millisecond.
    this.out = new Float32Array(0);
    this.up = new Resampler(LINE_HZ, this.contextHz);
    const { playedSamples, droppedSamples, marks } = cleared;
    this.report({ type: "cleared", atMs: this.nowMs, playedSamples, droppedSamples });
    if (marks.length > 0) this.report({ type: "marks", names: marks });
    // Otherwise nothing was left to say: the line had fallen silent by itself.
    if (droppedSamples > 0) this.stopped(playedSamples, droppedSamples);
    this.pending = null;
  }

  /** One cut an onset, reported again when the AI went on for a while and is then cleared for good. */
  private stopped(playedSamples: number, droppedSamples: number): void {
    const atMs = this.nowMs;
    const again = this.last && atMs - this.last.onsetMs < CUT_MAX_MS ? this.last : null;
    const cut = this.pending ? { ...this.pending, silentMs: atMs } : again;
    if (!cut) return;
    const msOf = (samples: number) => (samples / LINE_HZ) * 1000;
    this.last = { ...cut, clearedMs: atMs, playedMs: msOf(playedSamples), droppedMs: msOf(droppedSamples) };
    this.report({ type: "cut", cut: this.last });
  }

  /** One quantum of the sound card: `microphone` in, `out` to the loudspeaker. */
  render(microphone: Float32Array, out: Float32Array): void {
    this.play(out);
    this.listen(microphone);
  }

  /** Whether the AI is in the middle of something: its pause between two sentences is no end. */
  private get aiSpeaks(): boolean {
    return this.playout.waiting > 0 || this.nowMs - this.audibleAtMs < AUDIBLE_FOR_MS;
  }

  private play(out: Float32Array): void {
    while (this.out.length < out.length) {
      const slice = new Float32Array(SLICE_SAMPLES);
      const passed = this.playout.play(slice);
      if (passed.length > 0) this.report({ type: "marks", names: passed });
      for (const sample of slice) this.aiPeak = Math.max(this.aiPeak, Math.abs(sample));
      this.out = joined(this.out, this.up.push(slice));
    }
    out.set(this.out.subarray(0, out.length));
    this.out = this.out.slice(out.length);
  }

  private listen(microphone: Float32Array): void {
    const heard = this.muted ? new Float32Array(microphone.length) : microphone;
    const line = this.down.push(heard);
    const onset = this.onsets.push(line);
    if (onset !== null && this.aiSpeaks) {
      this.pending = { by: "voice", onsetMs: (onset / LINE_HZ) * 1000 };
    }
    for (const sample of line) this.collect(sample);
    this.forget();
  }

  /** An onset that nothing came of: the AI ended by itself, or went on talking. */
  private forget(): void {
    if (!this.pending) return;
    if (this.aiSpeaks && this.nowMs - this.pending.onsetMs > CUT_MAX_MS) {
      this.report({ type: "ignored", ignored: this.pending });
      this.pending = null;
    } else if (!this.aiSpeaks && !this.onsets.sounding) {
      this.pending = null;
    }
  }

  private collect(sample: number): void {
    this.frame[this.filled] = sample;
    this.filled += 1;
    this.lineSamples += 1;
    if (this.filled < FRAME_SAMPLES) return;
    this.filled = 0;
    if (this.aiPeak > AUDIBLE) this.audibleAtMs = this.nowMs;
    let callerPeak = 0;
    for (const value of this.frame) callerPeak = Math.max(callerPeak, Math.abs(value));
    this.report({
      type: "frame",
      codes: encode(this.frame),
      atMs: this.nowMs,
      callerPeak,
      aiPeak: this.aiPeak,
      waitingMs: (this.playout.waiting / LINE_HZ) * 1000,
    });
    this.aiPeak = 0;
  }
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const all = new Float32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
