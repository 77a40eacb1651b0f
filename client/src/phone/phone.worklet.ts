/** The audio worklet of the test phone: hands quanta of sound to the line's end, and messages to and fro. */
import { LineEnd, type Report } from "./line_end";
import { decode } from "./mulaw";

export type Order =
  | { type: "audio"; codes: Uint8Array }
  | { type: "mark"; name: string }
  | { type: "clear" }
  | { type: "key" }
  | { type: "mute"; muted: boolean };

declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: unknown): void;

class PhoneProcessor extends AudioWorkletProcessor {
  private readonly line = new LineEnd(sampleRate, (report: Report) => this.port.postMessage(report));
  private readonly silence = new Float32Array(128);

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<Order>) => this.obey(data);
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const out = outputs[0]?.[0];
    if (out) this.line.render(inputs[0]?.[0] ?? this.silence.subarray(0, out.length), out);
    return true;
  }

  private obey(order: Order): void {
    if (order.type === "audio") this.line.audio(decode(order.codes));
    else if (order.type === "mark") this.line.mark(order.name);
    else if (order.type === "clear") this.line.clear();
    else if (order.type === "key") this.line.key();
    else this.line.muted = order.muted;
  }
}

registerProcessor("torim-phone", PhoneProcessor);
