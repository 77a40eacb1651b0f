/**
 * One call from this browser: microphone, audio worklet and WebSocket put together and taken apart.
 *
 * It reports what happens to whoever listens, and decides nothing about turns: that is the server's business.
 */
import { keyMessage, markMessage, mediaMessage, readMessage, startMessages, stopMessage } from "./dialect";
import type { Report } from "./line_end";
import type { Order } from "./phone.worklet";
import workletUrl from "./phone.worklet?worker&url";

export interface Switches {
  echoCancellation: boolean;
  noiseSuppression: boolean;
  autoGainControl: boolean;
}

export interface Ticket {
  callSid: string;
  path: string;
  parameters: Record<string, string>;
}

export type PhoneEvent = Report | { type: "connected"; callSid: string } | { type: "ended"; clean: boolean };

export type PhoneFailure = "microphone.denied" | "microphone.missing" | "insecure" | "refused" | "sound";

export class PhoneError extends Error {
  constructor(
    readonly failure: PhoneFailure,
    cause?: unknown,
  ) {
    super(failure, { cause });
  }
}

export class BrowserPhone {
  private socket: WebSocket | null = null;
  private node: AudioWorkletNode | null = null;
  private context: AudioContext | null = null;
  private microphone: MediaStream | null = null;
  private streamSid = "";
  private callSid = "";
  private over = false;

  constructor(private readonly tell: (event: PhoneEvent) => void) {}

  /** Place a call; the ticket is asked for only when the microphone is there. */
  async call(switches: Switches, ticket: () => Promise<Ticket>): Promise<void> {
    try {
      this.microphone = await openMicrophone(switches);
      await this.openSound(this.microphone);
      const { callSid, path, parameters } = await ticket();
      this.callSid = callSid;
      this.streamSid = `MZ${crypto.randomUUID().replaceAll("-", "")}`;
      await this.openSocket(path, parameters);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  press(digit: string): void {
    this.order({ type: "key" });
    this.send(keyMessage(this.streamSid, digit));
  }

  mute(muted: boolean): void {
    this.order({ type: "mute", muted });
  }

  hangUp(): void {
    this.send(stopMessage(this.streamSid, this.callSid));
    this.close();
  }

  private async openSound(microphone: MediaStream): Promise<void> {
    try {
      const context = new AudioContext({ latencyHint: "interactive" });
      this.context = context;
      await context.audioWorklet.addModule(workletUrl);
      const node = new AudioWorkletNode(context, "torim-phone", { outputChannelCount: [1] });
      node.port.onmessage = ({ data }: MessageEvent<Report>) => this.reported(data);
      context.createMediaStreamSource(microphone).connect(node);
      node.connect(context.destination);
      await context.resume();
      this.node = node;
    } catch (error) {
      throw new PhoneError("sound", error);
    }
  }

  private openSocket(path: string, parameters: Record<string, string>): Promise<void> {
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onmessage = ({ data }: MessageEvent<string>) => this.received(data);
    socket.onclose = ({ code }) => this.ended(code === 1000);
    return new Promise((resolve, reject) => {
      socket.onerror = () => reject(new PhoneError("refused"));
      socket.onopen = () => {
        const names = { callSid: this.callSid, streamSid: this.streamSid, parameters };
        for (const message of startMessages(names)) socket.send(message);
        this.tell({ type: "connected", callSid: this.callSid });
        resolve();
      };
    });
  }

  private received(text: string): void {
    const message = readMessage(text);
    if (message) this.order(message);
  }

  private reported(report: Report): void {
    if (report.type === "frame") this.send(mediaMessage(this.streamSid, report.codes));
    if (report.type === "marks") for (const name of report.names) this.send(markMessage(this.streamSid, name));
    if (this.socket) this.tell(report);
  }

  private order(order: Order): void {
    this.node?.port.postMessage(order);
  }

  private send(message: string): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(message);
  }

  private ended(clean: boolean): void {
    this.close();
    if (!this.over) this.tell({ type: "ended", clean });
    this.over = true;
  }

  private close(): void {
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    void this.context?.close().catch(() => undefined);
    this.node?.port.close();
    this.socket?.close(1000);
    this.context = null;
    this.node = null;
    this.microphone = null;
  }
}

async function openMicrophone(switches: Switches): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new PhoneError("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: { ...switches, channelCount: 1 } });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw new PhoneError(name === "NotAllowedError" ? "microphone.denied" : "microphone.missing", error);
  }
}
