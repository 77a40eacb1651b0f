/**
 * Moving and resizing an appointment, by mouse, finger or keys: a draft that is shown until it is kept or given up. A
 * finger lifts an appointment by resting on it; one that moves at once scrolls.
 *
 * It knows where columns and minutes are on the screen; whether the new time is possible is the server's decision.
 */
import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { DAY_MIN } from "./days";
import { type Slotted, snap } from "./layout";

export interface Column {
  key: string;
  day: string;
  staffId: string | null;
}

export interface Draft extends Slotted {
  /** A draft made by keys waits for Enter. */
  by: "pointer" | "keys";
}

interface Grip {
  original: Slotted;
  edge: "whole" | "end";
  startX: number;
  startY: number;
  grabMin: number;
  moved: boolean;
}

const THRESHOLD_PX = 4;
const REST_MS = 400;
const REST_PX = 10;

interface DraftOptions {
  columns: readonly Column[];
  stepMin: number;
  pxPerMin: number;
  fromMin: number;
  rightToLeft: boolean;
  /** The element of each column, by key. */
  elements: { current: Map<string, HTMLElement> };
  /** Whether a column means the same staff as before when an appointment is moved by days. */
  onKeep: (before: Slotted, after: Slotted) => void;
  onOpen: (id: string) => void;
}

export function useDraft(options: DraftOptions) {
  const [draft, setDraft] = useState<Draft | null>(null);
  const grip = useRef<Grip | null>(null);
  const dragged = useRef(false);
  const latest = useRef(options);
  latest.current = options;
  const shown = useRef(draft);
  shown.current = draft;

  const rest = useRest(() => grip.current !== null);
  const begin = useCallback((event: PointerEvent, original: Slotted, edge: Grip["edge"]) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    dragged.current = false;
    const held = gripOf(event, original, edge, latest.current);
    const { currentTarget, pointerId } = event;
    if (event.pointerType !== "touch") {
      grip.current = held;
      currentTarget.setPointerCapture(pointerId);
      return;
    }
    rest.start(event, () => {
      grip.current = { ...held, moved: true };
      setDraft({ ...original, by: "pointer" });
      navigator.vibrate?.(15);
    });
  }, [rest]);

  const move = useCallback((event: PointerEvent) => {
    rest.moved(event);
    const held = grip.current;
    if (!held) return;
    const far = Math.hypot(event.clientX - held.startX, event.clientY - held.startY) > THRESHOLD_PX;
    if (!held.moved && !far) return;
    held.moved = true;
    setDraft(pointed(held, event, latest.current));
  }, [rest]);

  const end = useCallback((event: PointerEvent) => {
    rest.stop();
    const held = grip.current;
    grip.current = null;
    if (!held) return;
    setDraft(null);
    dragged.current = held.moved;
    if (held.moved) keep(held.original, pointed(held, event, latest.current), latest.current);
  }, [rest]);

  /** A click that ended a drag opens nothing. */
  const click = useCallback((original: Slotted) => {
    if (dragged.current) dragged.current = false;
    else latest.current.onOpen(original.id);
  }, []);

  const press = useCallback((event: KeyboardEvent, original: Slotted) => {
    const drafted = shown.current?.id === original.id ? shown.current : null;
    if (drafted && (event.key === "Escape" || event.key === "Enter")) {
      event.preventDefault();
      event.stopPropagation();
      setDraft(null);
      if (event.key === "Enter") keep(original, drafted, latest.current);
      return;
    }
    const next = keyed(event, drafted ?? { ...original, by: "keys" }, latest.current);
    if (!next) return;
    event.preventDefault();
    setDraft(next);
  }, []);

  const giveUp = useCallback(() => {
    rest.stop();
    grip.current = null;
    setDraft(null);
  }, [rest]);

  return { draft, begin, move, end, click, press, giveUp };
}

function gripOf(event: PointerEvent, original: Slotted, edge: Grip["edge"], options: DraftOptions): Grip {
  const { pxPerMin, fromMin, elements } = options;
  const column = [...elements.current.values()][0];
  const top = column?.getBoundingClientRect().top ?? 0;
  const pointedMin = fromMin + (event.clientY - top) / pxPerMin;
  const grabMin = pointedMin - original.startMin;
  return { original, edge, startX: event.clientX, startY: event.clientY, grabMin, moved: false };
}

/** A finger that rests: until it has, it may scroll; from then on it holds what it touched. */
function useRest(holding: () => boolean) {
  const asked = useRef(holding);
  asked.current = holding;
  useEffect(() => {
    // Only a listener that is not passive, and there before the finger is, can keep the page from scrolling.
    const stay = (event: Event) => asked.current() && event.cancelable && event.preventDefault();
    document.addEventListener("touchmove", stay, { passive: false });
    document.addEventListener("contextmenu", stay);
    return () => {
      document.removeEventListener("touchmove", stay);
      document.removeEventListener("contextmenu", stay);
    };
  }, []);
  return useMemo(() => restOf(), []);
}

function restOf() {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let from = { x: 0, y: 0 };
  return {
    start(event: PointerEvent, then: () => void) {
      from = { x: event.clientX, y: event.clientY };
      timer = setTimeout(then, REST_MS);
    },
    moved(event: PointerEvent) {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > REST_PX) clearTimeout(timer);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}

function keep(before: Slotted, after: Slotted, { onKeep }: DraftOptions): void {
  const same =
    before.day === after.day &&
    before.staffId === after.staffId &&
    before.startMin === after.startMin &&
    before.endMin === after.endMin;
  if (!same) onKeep(before, { ...after });
}

function pointed(held: Grip, event: PointerEvent, options: DraftOptions): Draft {
  const { columns, elements, fromMin, pxPerMin, stepMin } = options;
  const { original } = held;
  const under = columns.find(({ key }) => within(elements.current.get(key), event.clientX));
  const first = [...elements.current.values()][0];
  const pointedMin = fromMin + (event.clientY - (first?.getBoundingClientRect().top ?? 0)) / pxPerMin;
  if (held.edge === "end") {
    const endMin = Math.max(original.startMin + stepMin, Math.min(DAY_MIN, snap(pointedMin, stepMin)));
    return { ...original, endMin, by: "pointer" };
  }
  const length = original.endMin - original.startMin;
  const startMin = Math.max(0, Math.min(DAY_MIN - length, snap(pointedMin - held.grabMin, stepMin)));
  return {
    id: original.id,
    day: under?.day ?? original.day,
    staffId: staffIn(under, columns, original),
    startMin,
    endMin: startMin + length,
    by: "pointer",
  };
}

function within(element: HTMLElement | undefined, x: number): boolean {
  const box = element?.getBoundingClientRect();
  return box !== undefined && x >= box.left && x < box.right;
}

/** Columns of days keep the member of staff; columns of staff change it. */
function staffIn(column: Column | undefined, columns: readonly Column[], original: Slotted): string | null {
  const ofStaff = columns.some(({ staffId }) => staffId !== null);
  return ofStaff && column ? column.staffId : original.staffId;
}

function keyed(event: KeyboardEvent, before: Draft, options: DraftOptions): Draft | null {
  if (!event.altKey) return null;
  const { columns, stepMin, rightToLeft } = options;
  const vertical = event.key === "ArrowDown" ? stepMin : event.key === "ArrowUp" ? -stepMin : 0;
  if (vertical !== 0 && event.shiftKey) {
    const endMin = Math.max(before.startMin + stepMin, Math.min(DAY_MIN, before.endMin + vertical));
    return { ...before, endMin };
  }
  if (vertical !== 0) {
    if (before.startMin + vertical < 0 || before.endMin + vertical > DAY_MIN) return before;
    return { ...before, startMin: before.startMin + vertical, endMin: before.endMin + vertical };
  }
  const sideways = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (sideways === 0) return null;
  const at = columns.findIndex(({ day, staffId }) => day === before.day && (staffId ?? before.staffId) === before.staffId);
  const next = columns[at + (rightToLeft ? -sideways : sideways)];
  return next ? { ...before, day: next.day, staffId: staffIn(next, columns, before) } : before;
}
