/**
 * How soon the line fell silent in a call, from the caller's onset: what the server will count once the call is over.
 *
 * Every sound that made the line silent counts, whatever it proved to be; a key does not: it is obeyed when it comes.
 */
import type { CallDetail } from "../api/types";
import { median } from "./median";

export interface Stops {
  p50: number | null;
  max: number | null;
}

type Told = Pick<CallDetail, "stop_ms_p50" | "stop_ms_max" | "barge_ins" | "ended_at">;

export function stopsOf(call: Told): Stops {
  if (call.ended_at !== null && call.stop_ms_p50 !== null) return { p50: call.stop_ms_p50, max: call.stop_ms_max };
  const found = call.barge_ins.flatMap(({ verdict, stop_ms }) => (verdict === "key" || stop_ms === null ? [] : [stop_ms]));
  return found.length === 0 ? { p50: null, max: null } : { p50: median(found), max: Math.max(...found) };
}
