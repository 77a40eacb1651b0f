/** Where appointments and closed stretches stand in a column of the calendar. Pure. */
import type { Appointment } from "../api/types";
import { DAY_MIN, minutesOf } from "./days";

/** An appointment as the calendar draws it: a stretch of one day of one column. */
export interface Slotted {
  id: string;
  day: string;
  staffId: string | null;
  startMin: number;
  endMin: number;
}

export function slotted(made: Appointment): Slotted {
  const day = made.starts_at_local.slice(0, 10);
  const startMin = minutesOf(made.starts_at_local.slice(11, 16));
  const endsNextDay = made.ends_at_local.slice(0, 10) !== day;
  const endMin = endsNextDay ? DAY_MIN : minutesOf(made.ends_at_local.slice(11, 16));
  return { id: made.id, day, staffId: made.staff_id, startMin, endMin: Math.max(endMin, startMin + 5) };
}

export interface Placed<Item> {
  item: Item;
  /** Which of `lanes` side by side, 0 first. */
  lane: number;
  lanes: number;
}

/** Put what overlaps side by side, each group as narrow as it must be. */
export function sideBySide<Item extends { startMin: number; endMin: number }>(items: readonly Item[]): Placed<Item>[] {
  const ordered = [...items].sort((one, other) => one.startMin - other.startMin || other.endMin - one.endMin);
  const placed: Placed<Item>[] = [];
  let group: Placed<Item>[] = [];
  let groupEnds = Number.NEGATIVE_INFINITY;
  let ends: number[] = [];
  for (const item of ordered) {
    if (item.startMin >= groupEnds) {
      group = [];
      ends = [];
    }
    const free = ends.findIndex((end) => end <= item.startMin);
    const lane = free === -1 ? ends.length : free;
    ends[lane] = item.endMin;
    groupEnds = Math.max(groupEnds, item.endMin);
    const entry = { item, lane, lanes: 1 };
    group.push(entry);
    placed.push(entry);
    for (const other of group) other.lanes = ends.length;
  }
  return placed;
}

export interface Stretch {
  fromMin: number;
  toMin: number;
}

export interface Shade extends Stretch {
  /** Why it is closed, where that has a name. */
  name?: string;
}

/** What the opening hours leave closed of a day. */
export function closedOf(open: readonly Stretch[]): Shade[] {
  const closed: Shade[] = [];
  let at = 0;
  for (const stretch of [...open].sort((one, other) => one.fromMin - other.fromMin)) {
    if (stretch.fromMin > at) closed.push({ fromMin: at, toMin: stretch.fromMin });
    at = Math.max(at, stretch.toMin);
  }
  if (at < DAY_MIN) closed.push({ fromMin: at, toMin: DAY_MIN });
  return closed;
}

/** The hours that a grid shows: what is open and what is booked, with an hour to spare on either side. */
export function visibleHours(open: readonly Stretch[], booked: readonly { startMin: number; endMin: number }[]): Stretch {
  const starts = [...open.map((stretch) => stretch.fromMin), ...booked.map((item) => item.startMin)];
  const ends = [...open.map((stretch) => stretch.toMin), ...booked.map((item) => item.endMin)];
  if (starts.length === 0) return { fromMin: 8 * 60, toMin: 19 * 60 };
  const fromMin = Math.floor((Math.min(...starts) - 30) / 60) * 60;
  const toMin = Math.ceil((Math.max(...ends) + 30) / 60) * 60;
  return { fromMin: Math.max(0, fromMin), toMin: Math.min(DAY_MIN, toMin) };
}

export function snap(minutes: number, step: number): number {
  return Math.round(minutes / step) * step;
}
