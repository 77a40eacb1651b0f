/**
 * Where things of a call lie on its time axis, in pixels from the left: time runs left to right in every language.
 *
 * Pure arithmetic: it knows neither React nor the canvas.
 */
import type { Marker } from "./markers";

export interface Peaks {
  /** Loudest sample of each step, 0 to 1. */
  values: ArrayLike<number>;
  stepMs: number;
}

export const MIN_PX_PER_S = 8;
export const MAX_PX_PER_S = 400;

/** The scale at which a whole call fits, unless that would make it unreadable. */
export function fittingScale(durationMs: number, widthPx: number): number {
  const fit = widthPx / Math.max(1, durationMs / 1000);
  return Math.min(MAX_PX_PER_S, Math.max(MIN_PX_PER_S, fit));
}

/** Seconds between two labels of the axis, so that they stand at least 60 px apart. */
export function tickStep(pxPerS: number): number {
  return [0.5, 1, 2, 5, 10, 15, 30, 60].find((step) => step * pxPerS >= 60) ?? 120;
}

export function ticks(fromMs: number, toMs: number, stepS: number): number[] {
  const found: number[] = [];
  for (let at = Math.ceil(fromMs / 1000 / stepS) * stepS; at * 1000 <= toMs; at += stepS) found.push(at);
  return found;
}

/** Quiet speech lifted so that it can be seen; loud speech keeps its shape. */
export function visibleHeight(peak: number): number {
  return Math.min(1, Math.max(0, (Math.min(peak, 0.5) / 0.5) ** 0.6 - 0.03));
}

/** The loudest peak of each pixel column from `fromPx` on. */
export function columns(peaks: Peaks, pxPerS: number, fromPx: number, count: number): Float32Array {
  const found = new Float32Array(count);
  const perPx = 1000 / pxPerS / peaks.stepMs;
  for (let column = 0; column < count; column += 1) {
    const first = Math.floor((fromPx + column) * perPx);
    const last = Math.max(first + 1, Math.floor((fromPx + column + 1) * perPx));
    let loudest = 0;
    for (let at = Math.max(0, first); at < last && at < peaks.values.length; at += 1) {
      loudest = Math.max(loudest, peaks.values[at] ?? 0);
    }
    found[column] = loudest;
  }
  return found;
}

export interface Placed {
  marker: Marker;
  x: number;
  level: number;
}

/** Give every marker the lowest row on which its flag hides no other; on crowded stretches the last row is shared. */
export function place(markers: readonly Marker[], pxPerS: number, flagPx: number, levels: number): Placed[] {
  const ends: number[] = Array.from({ length: levels }, () => Number.NEGATIVE_INFINITY);
  return markers.map((marker) => {
    const x = (marker.atMs / 1000) * pxPerS;
    if (marker.kind === "mark") return { marker, x, level: levels - 1 }; // several a second: they give way to all others
    const free = ends.findIndex((end) => end <= x);
    const level = free === -1 ? levels - 1 : free;
    ends[level] = x + flagPx;
    return { marker, x, level };
  });
}

/** The marker that arrow keys reach next from an instant; time order, whatever the direction of the page. */
export function neighbour(markers: readonly Marker[], current: number, step: 1 | -1): number {
  if (markers.length === 0) return -1;
  return Math.min(markers.length - 1, Math.max(0, current + step));
}

/** The last marker at or before an instant; -1 before the first. */
export function markerBefore(markers: readonly Marker[], atMs: number): number {
  let found = -1;
  for (let index = 0; index < markers.length && (markers[index]?.atMs ?? Infinity) <= atMs; index += 1) found = index;
  return found;
}
