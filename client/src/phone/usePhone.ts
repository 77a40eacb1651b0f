/** The state of a call from this browser, for React: drawn from at most ten times a second. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Score } from "../call/paint";
import { makeMarker, type Marker } from "../call/markers";
import type { Cut, Onset } from "./line_end";
import { BrowserPhone, PhoneError, type PhoneEvent, type PhoneFailure, type Switches, type Ticket } from "./phone";

export type PhoneStage = "idle" | "dialling" | "talking" | "over";

export interface PhoneState {
  stage: PhoneStage;
  callSid: string | null;
  failure: PhoneFailure | null;
  /** How the line ended: false when it broke. */
  clean: boolean;
  cuts: readonly Cut[];
  /** Wishes to speak at which the AI went on. */
  ignored: readonly Onset[];
  markers: readonly Marker[];
  score: Score;
  muted: boolean;
  /** Loudest of the last moments, 0 to 1. */
  levels: { caller: number; ai: number };
}

const FRAME_MS = 20;
const REDRAW_MS = 100;

/** What a call leaves while it goes on; grown in place, copied for React. */
class Tape {
  caller: number[] = [];
  ai: number[] = [];
  cuts: Cut[] = [];
  ignored: Onset[] = [];
  markers: Marker[] = [];
  holds: Score["holds"] = [];
  unheard: Score["unheard"] = [];

  take(event: PhoneEvent): void {
    if (event.type === "frame") {
      this.caller.push(event.callerPeak);
      this.ai.push(event.aiPeak);
    } else if (event.type === "cut") {
      this.cut(event.cut);
    } else if (event.type === "ignored") {
      this.ignored.push(event.ignored);
      this.markers.push(makeMarker(`i${this.markers.length}`, event.ignored.onsetMs, "onset"));
    } else if (event.type === "cleared" && event.droppedSamples > 0) {
      const ms = (samples: number) => String(Math.round(samples / 8));
      const numbers = { played_ms: ms(event.playedSamples), dropped_ms: ms(event.droppedSamples) };
      this.markers.push(makeMarker(`c${this.markers.length}`, event.atMs, "clear", { numbers }));
    }
  }

  key(digit: string): void {
    const atMs = this.caller.length * FRAME_MS;
    this.markers.push(makeMarker(`k${this.markers.length}`, atMs, "key", { numbers: { key: digit } }));
  }

  private cut(cut: Cut): void {
    const unheard = { fromMs: cut.clearedMs, toMs: cut.clearedMs + cut.droppedMs };
    if (this.cuts.at(-1)?.onsetMs === cut.onsetMs) {
      this.cuts.splice(-1, 1, cut);
      this.unheard.splice(-1, 1, unheard);
      return;
    }
    this.cuts.push(cut);
    this.unheard.push(unheard);
    const numbers = { stop_ms: String(Math.round(cut.silentMs - cut.onsetMs)) };
    this.markers.push(makeMarker(`b${this.markers.length}`, cut.silentMs, "held", { numbers }));
    this.holds.push({ fromMs: cut.onsetMs, toMs: cut.silentMs, became: "cut" });
  }

  score(): Score {
    const lane = (values: number[]) => ({ peaks: { values, stepMs: FRAME_MS }, spans: [] });
    return {
      durationMs: Math.max(1000, this.caller.length * FRAME_MS),
      caller: lane(this.caller),
      ai: lane(this.ai),
      holds: [...this.holds],
      unheard: [...this.unheard],
    };
  }

  levels(): PhoneState["levels"] {
    return { caller: Math.max(0, ...this.caller.slice(-6)), ai: Math.max(0, ...this.ai.slice(-6)) };
  }
}

const NOTHING: Omit<PhoneState, "score"> = {
  stage: "idle",
  callSid: null,
  failure: null,
  clean: true,
  cuts: [],
  ignored: [],
  markers: [],
  muted: false,
  levels: { caller: 0, ai: 0 },
};

export function usePhone(ticket: () => Promise<Ticket>) {
  const tape = useRef(new Tape());
  const phone = useRef<BrowserPhone | null>(null);
  const [state, setState] = useState<PhoneState>(() => ({ ...NOTHING, score: tape.current.score() }));

  useEffect(() => {
    if (state.stage !== "talking") return;
    const redraw = () => setState((before) => ({ ...before, ...drawn(tape.current) }));
    const timer = setInterval(redraw, REDRAW_MS);
    return () => clearInterval(timer);
  }, [state.stage]);
  useEffect(() => () => phone.current?.hangUp(), []);

  const heard = useCallback((event: PhoneEvent) => {
    tape.current.take(event);
    if (event.type === "connected") setState((before) => ({ ...before, stage: "talking", callSid: event.callSid }));
    if (event.type === "ended") {
      phone.current = null;
      setState((before) => ({ ...before, ...drawn(tape.current), stage: "over", clean: event.clean }));
    }
  }, []);

  const call = useCallback(
    async (switches: Switches) => {
      tape.current = new Tape();
      setState({ ...NOTHING, stage: "dialling", score: tape.current.score() });
      const dialled = new BrowserPhone(heard);
      phone.current = dialled;
      try {
        await dialled.call(switches, ticket);
      } catch (error) {
        phone.current = null;
        if (!(error instanceof PhoneError)) {
          setState((before) => ({ ...before, stage: "idle" }));
          throw error;
        }
        setState((before) => ({ ...before, stage: "idle", failure: error.failure }));
      }
    },
    [heard, ticket],
  );

  const press = useCallback((digit: string) => {
    tape.current.key(digit);
    phone.current?.press(digit);
  }, []);
  const mute = useCallback((muted: boolean) => {
    phone.current?.mute(muted);
    setState((before) => ({ ...before, muted }));
  }, []);
  const hangUp = useCallback(() => phone.current?.hangUp(), []);

  return { state, call, press, mute, hangUp };
}

function drawn(tape: Tape): Pick<PhoneState, "score" | "cuts" | "ignored" | "markers" | "levels"> {
  return {
    score: tape.score(),
    cuts: [...tape.cuts],
    ignored: [...tape.ignored],
    markers: [...tape.markers],
    levels: tape.levels(),
  };
}
