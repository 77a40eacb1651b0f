/**
 * Changes the rate of a stream of sound without breaking it at the joints: a windowed sinc, one sample at a time.
 *
 * Telephone sound has 8,000 samples a second; browsers run at 44,100 or 48,000 and some refuse any other rate.
 */

const ZERO_CROSSINGS = 12;
const STEPS = 256; // table entries per zero crossing

/** One side of the windowed sinc, finely sampled. */
const KERNEL = (() => {
  const table = new Float32Array(ZERO_CROSSINGS * STEPS + 2);
  for (let index = 0; index < table.length; index += 1) {
    const x = index / STEPS;
    const window = x >= ZERO_CROSSINGS ? 0 : 0.5 * (1 + Math.cos((Math.PI * x) / ZERO_CROSSINGS));
    table[index] = window * (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  }
  return table;
})();

export class Resampler {
  /** Source samples per target sample. */
  private readonly ratio: number;
  /** Below 1 when the target has less bandwidth than the source. */
  private readonly cutoff: number;
  private readonly reach: number;
  private history: Float32Array;
  /** Where the next target sample lies, in source samples from the start of `history`. */
  private at: number;

  constructor(fromHz: number, toHz: number) {
    this.ratio = fromHz / toHz;
    this.cutoff = Math.min(1, toHz / fromHz) * (toHz < fromHz ? 0.95 : 1);
    this.reach = Math.ceil(ZERO_CROSSINGS / this.cutoff);
    this.history = new Float32Array(this.reach); // silence before the first sample
    this.at = this.reach;
  }

  /** Feed source samples, get as many target samples as they complete. */
  push(source: Float32Array): Float32Array {
    const joined = new Float32Array(this.history.length + source.length);
    joined.set(this.history);
    joined.set(source, this.history.length);
    const ready = Math.max(0, Math.ceil((joined.length - this.reach - this.at) / this.ratio));
    const out = new Float32Array(ready);
    for (let index = 0; index < ready; index += 1) {
      out[index] = this.sample(joined, this.at);
      this.at += this.ratio;
    }
    const drop = Math.max(0, Math.min(joined.length, Math.floor(this.at) - this.reach));
    this.history = joined.slice(drop);
    this.at -= drop;
    return out;
  }

  private sample(samples: Float32Array, at: number): number {
    const first = Math.max(0, Math.ceil(at - this.reach));
    const last = Math.min(samples.length - 1, Math.floor(at + this.reach));
    let sum = 0;
    for (let index = first; index <= last; index += 1) {
      const place = Math.abs(index - at) * this.cutoff * STEPS;
      const whole = Math.floor(place);
      if (whole >= KERNEL.length - 1) continue;
      const low = KERNEL[whole] ?? 0;
      const high = KERNEL[whole + 1] ?? 0;
      sum += (samples[index] ?? 0) * (low + (high - low) * (place - whole));
    }
    return sum * this.cutoff;
  }
}
