/**
 * When the caller's voice began, by energy alone: only for the display of how soon the line fell silent.
 *
 * Who may take the floor is the server's decision. An onset is dated back to where the sound rose.
 */
import { LINE_HZ } from "./mulaw";

const BLOCK_SAMPLES = LINE_HZ / 100; // 10 ms
const RISE = 4; // over the noise of the room, in amplitude
const LEAST_RMS = 0.008;
const NEEDED_BLOCKS = 2;
const QUIET_BLOCKS = 25; // a pause shorter than this belongs to the same sound

export class OnsetDetector {
  private floor = 0.002;
  private loud = 0;
  private quiet = QUIET_BLOCKS;
  private sum = 0;
  private count = 0;
  private seen = 0;

  /** Feed line samples; returns the sample at which a sound began, counted from the first ever, or null. */
  push(samples: Float32Array): number | null {
    let onset: number | null = null;
    for (const sample of samples) {
      this.sum += sample * sample;
      this.count += 1;
      this.seen += 1;
      if (this.count === BLOCK_SAMPLES) onset = this.block() ?? onset;
    }
    return onset;
  }

  /** Whether a sound is going on. */
  get sounding(): boolean {
    return this.quiet < QUIET_BLOCKS;
  }

  private block(): number | null {
    const rms = Math.sqrt(this.sum / this.count);
    this.sum = 0;
    this.count = 0;
    if (rms < Math.max(LEAST_RMS, this.floor * RISE)) {
      this.loud = 0;
      this.quiet += 1;
      this.floor += (Math.max(rms, 0.0005) - this.floor) * 0.05;
      return null;
    }
    this.loud += 1;
    const began = this.loud === NEEDED_BLOCKS && this.quiet >= QUIET_BLOCKS;
    if (this.loud >= NEEDED_BLOCKS) this.quiet = 0;
    return began ? this.seen - NEEDED_BLOCKS * BLOCK_SAMPLES : null;
  }
}
