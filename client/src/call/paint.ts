/** Draws the visible stretch of a call: both lanes, the time axis, what was held and cut, and the playhead. */
import { columns, type Peaks, ticks, tickStep, visibleHeight } from "./geometry";

export interface Stretch {
  fromMs: number;
  toMs: number;
}

export interface Sound {
  /** Null: there is no recording, and spans are drawn as blocks. */
  peaks: Peaks | null;
  spans: Stretch[];
}

export interface Score {
  durationMs: number;
  ai: Sound;
  caller: Sound;
  /** Words of the AI that were made and never heard. */
  unheard: Stretch[];
  holds: (Stretch & { became: "cut" | "resume" })[];
}

export interface View {
  widthPx: number;
  fromPx: number;
  pxPerS: number;
  positionMs: number | null;
}

export const AI_TOP = 4;
export const LANE_PX = 62;
export const AXIS_PX = 22;
export const CALLER_TOP = AI_TOP + LANE_PX + AXIS_PX;
export const HEIGHT_PX = CALLER_TOP + LANE_PX + 4;

export interface Colours {
  ai: string;
  caller: string;
  ghost: string;
  hold: string;
  cut: string;
  lane: string;
  ink: string;
  soft: string;
}

export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    ai: of("--ai"),
    caller: of("--caller"),
    ghost: of("--ai-ghost"),
    hold: of("--hold"),
    cut: of("--cut"),
    lane: of("--sunken"),
    ink: of("--mantine-color-text"),
    soft: of("--ink-soft"),
  };
}

export function paint(context: CanvasRenderingContext2D, score: Score, view: View, colours: Colours): void {
  context.clearRect(0, 0, view.widthPx, HEIGHT_PX);
  const endPx = xOf(score.durationMs, view);
  paintGround(context, Math.min(view.widthPx, endPx), colours);
  for (const hold of score.holds) paintHold(context, hold, view, colours);
  for (const stretch of score.unheard) {
    paintBlock(context, stretch, AI_TOP, 0.3, view, colours.ghost);
  }
  paintLane(context, score.ai, AI_TOP, view, colours.ai);
  paintLane(context, score.caller, CALLER_TOP, view, colours.caller);
  paintAxis(context, score.durationMs, view, colours);
  if (view.positionMs !== null) paintPlayhead(context, view, colours);
}

function xOf(atMs: number, view: View): number {
  return (atMs / 1000) * view.pxPerS - view.fromPx;
}

function paintGround(context: CanvasRenderingContext2D, widthPx: number, colours: Colours): void {
  context.fillStyle = colours.lane;
  for (const top of [AI_TOP, CALLER_TOP]) context.fillRect(0, top, widthPx, LANE_PX);
}

function paintHold(
  context: CanvasRenderingContext2D,
  hold: Score["holds"][number],
  view: View,
  colours: Colours,
): void {
  const from = xOf(hold.fromMs, view);
  context.globalAlpha = 0.2;
  context.fillStyle = hold.became === "cut" ? colours.cut : colours.hold;
  context.fillRect(from, AI_TOP, Math.max(2, xOf(hold.toMs, view) - from), CALLER_TOP + LANE_PX - AI_TOP);
  context.globalAlpha = 1;
}

function paintLane(context: CanvasRenderingContext2D, sound: Sound, top: number, view: View, colour: string): void {
  if (!sound.peaks) {
    for (const span of sound.spans) paintBlock(context, span, top, 0.55, view, colour);
    return;
  }
  const middle = top + LANE_PX / 2;
  context.fillStyle = colour;
  columns(sound.peaks, view.pxPerS, view.fromPx, view.widthPx).forEach((peak, x) => {
    const half = Math.max(0.5, visibleHeight(peak) * (LANE_PX / 2 - 3));
    context.fillRect(x, middle - half, 1, half * 2);
  });
}

function paintBlock(
  context: CanvasRenderingContext2D,
  stretch: Stretch,
  top: number,
  part: number,
  view: View,
  colour: string,
): void {
  const from = xOf(stretch.fromMs, view);
  const width = xOf(stretch.toMs, view) - from;
  if (from > view.widthPx || from + width < 0) return;
  const height = LANE_PX * part;
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(from, top + (LANE_PX - height) / 2, Math.max(1.5, width), height, 3);
  context.fill();
}

function paintAxis(context: CanvasRenderingContext2D, durationMs: number, view: View, colours: Colours): void {
  const stepS = tickStep(view.pxPerS);
  const fromMs = (view.fromPx / view.pxPerS) * 1000;
  const toMs = Math.min(durationMs, ((view.fromPx + view.widthPx) / view.pxPerS) * 1000);
  context.fillStyle = colours.soft;
  context.font = "11px Heebo, system-ui, sans-serif";
  context.textBaseline = "middle";
  for (const second of ticks(fromMs, toMs, stepS)) {
    const x = xOf(second * 1000, view);
    context.fillRect(x, AI_TOP + LANE_PX + 3, 1, 5);
    context.fillText(clock(second), x + 4, AI_TOP + LANE_PX + AXIS_PX / 2 + 1);
  }
}

function clock(second: number): string {
  const minutes = Math.floor(second / 60);
  const rest = second - minutes * 60;
  return `${minutes}:${Number.isInteger(rest) ? String(rest).padStart(2, "0") : rest.toFixed(1).padStart(4, "0")}`;
}

function paintPlayhead(context: CanvasRenderingContext2D, view: View, colours: Colours): void {
  context.fillStyle = colours.ink;
  context.fillRect(xOf(view.positionMs ?? 0, view) - 0.75, 0, 1.5, HEIGHT_PX);
}
