/** From the API's call to what the call view draws. Pure. */
import type { CallDetail, TurnOut } from "../api/types";
import { holdSpans } from "./markers";
import type { Peaks } from "./geometry";
import type { Score } from "./paint";
import { scoreOf, type Turn } from "./turns";

export function turnOf(turn: TurnOut): Turn {
  const text = [turn.heard_text, turn.unheard_text].filter(Boolean).join(" ");
  return {
    speaker: turn.speaker,
    startMs: turn.start_ms,
    endMs: turn.end_ms,
    text,
    heardText: turn.heard_text,
    unheardText: turn.unheard_text,
    heardMs: turn.heard_ms,
    audioMs: turn.audio_ms,
    interrupted: turn.interrupted,
    estimated: turn.estimated,
  };
}

interface PeaksAnswer {
  duration_ms: number;
  samples_per_point: number;
  sample_rate_hz: number;
  caller: number[];
  ai: number[];
}

export function callScore(call: CallDetail, turns: readonly Turn[], peaks: PeaksAnswer | undefined): Score {
  const lastMs = Math.max(0, ...turns.map((turn) => turn.endMs), ...call.barge_ins.map((item) => item.onset_ms));
  const score = scoreOf(turns, Math.max(call.duration_ms ?? 0, peaks?.duration_ms ?? 0, lastMs, 1000));
  if (!peaks) return { ...score, holds: holdSpans(call.barge_ins) };
  const stepMs = (peaks.samples_per_point / peaks.sample_rate_hz) * 1000;
  const lane = (values: number[]): Peaks => ({ values: values.map((value) => value / 1000), stepMs });
  return {
    ...score,
    ai: { ...score.ai, peaks: lane(peaks.ai) },
    caller: { ...score.caller, peaks: lane(peaks.caller) },
    holds: holdSpans(call.barge_ins),
  };
}
