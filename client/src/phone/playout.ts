/**
 * What a carrier's end of a line does with the sound it is sent: plays it in order, returns marks when everything
 * before them was played, and forgets what was not played when it is told to clear.
 *
 * Counts every sample, so that what was heard of an answer is known exactly. It knows no clock and no socket.
 */

type Entry = { kind: "audio"; samples: Float32Array; next: number } | { kind: "mark"; name: string };

export interface Cleared {
  playedSamples: number;
  droppedSamples: number;
  marks: string[];
}

export class Playout {
  private queue: Entry[] = [];
  /** Samples played since the stream began. */
  played = 0;
  /** Samples dropped by clears since the stream began. */
  dropped = 0;

  audio(samples: Float32Array): void {
    if (samples.length > 0) this.queue.push({ kind: "audio", samples, next: 0 });
  }

  /** Queue a mark; returns whether it is reached already, because nothing is waiting before it. */
  mark(name: string): boolean {
    if (this.queue.length === 0) return true;
    this.queue.push({ kind: "mark", name });
    return false;
  }

  /** Play into `out`; silence where nothing waits. Returns the marks that were passed. */
  play(out: Float32Array): string[] {
    const passed: string[] = [];
    let at = 0;
    while (this.queue.length > 0) {
      const head = this.queue[0] as Entry;
      if (head.kind === "mark") {
        passed.push(head.name);
        this.queue.shift();
        continue;
      }
      const count = Math.min(out.length - at, head.samples.length - head.next);
      if (count === 0) break;
      out.set(head.samples.subarray(head.next, head.next + count), at);
      head.next += count;
      at += count;
      this.played += count;
      if (head.next === head.samples.length) this.queue.shift();
    }
    out.fill(0, at);
    return passed;
  }

  /** Forget what was not played. Marks among it are returned: the carrier sends them back at once. */
  clear(): Cleared {
    const marks: string[] = [];
    let dropped = 0;
    for (const entry of this.queue) {
      if (entry.kind === "mark") marks.push(entry.name);
      else dropped += entry.samples.length - entry.next;
    }
    this.queue = [];
    this.dropped += dropped;
    return { playedSamples: this.played, droppedSamples: dropped, marks };
  }

  /** Samples that wait to be played. */
  get waiting(): number {
    return this.queue.reduce(
      (sum, entry) => sum + (entry.kind === "audio" ? entry.samples.length - entry.next : 0),
      0,
    );
  }
}
