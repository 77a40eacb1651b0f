/**
 * The messages of a media stream, as carriers and the browser page speak them: JSON text with base64 mu-law.
 *
 * Writing and reading only; the page plays the part of the carrier.
 */
import { fromBase64, toBase64 } from "./mulaw";

export type FromServer =
  | { type: "audio"; codes: Uint8Array }
  | { type: "mark"; name: string }
  | { type: "clear" };

export interface StreamNames {
  callSid: string;
  streamSid: string;
  parameters: Record<string, string>;
}

export function startMessages({ callSid, streamSid, parameters }: StreamNames): string[] {
  const mediaFormat = { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 };
  return [
    JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }),
    JSON.stringify({
      event: "start",
      streamSid,
      start: { streamSid, callSid, tracks: ["inbound"], mediaFormat, customParameters: parameters },
    }),
  ];
}

export function mediaMessage(streamSid: string, codes: Uint8Array): string {
  return JSON.stringify({ event: "media", streamSid, media: { track: "inbound", payload: toBase64(codes) } });
}

export function markMessage(streamSid: string, name: string): string {
  return JSON.stringify({ event: "mark", streamSid, mark: { name } });
}

export function keyMessage(streamSid: string, digit: string): string {
  return JSON.stringify({ event: "dtmf", streamSid, dtmf: { track: "inbound_track", digit } });
}

export function stopMessage(streamSid: string, callSid: string): string {
  return JSON.stringify({ event: "stop", streamSid, stop: { callSid } });
}

/** What a message of the server asks for; null for anything else. */
export function readMessage(text: string): FromServer | null {
  const message = JSON.parse(text) as { event?: string; media?: { payload?: string }; mark?: { name?: string } };
  if (message.event === "media") return { type: "audio", codes: fromBase64(message.media?.payload ?? "") };
  if (message.event === "mark") return { type: "mark", name: message.mark?.name ?? "" };
  return message.event === "clear" ? { type: "clear" } : null;
}
