/**
 * What happens now, as the server tells it: one event stream for all pages of this window.
 *
 * Calls that go on are kept here; appointments and messages that were made or changed refresh what shows them. The
 * browser reconnects by itself, also when the server was restarted.
 */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { keys } from "./data";
import type { components } from "./schema";

export type LiveCall = components["schemas"]["LiveCallOut"];
type LiveEvent = components["schemas"]["LiveEvent"];
export type Link = "connecting" | "open" | "lost";

export interface LiveState {
  link: Link;
  calls: readonly LiveCall[];
  /** How loud both lanes of each call are, 0 to 1, by the call's id. */
  levels: Readonly<Record<string, Levels>>;
}

export interface Levels {
  caller: number;
  ai: number;
}

/** The state after an event; pure. */
export function after(state: LiveState, event: LiveEvent): LiveState {
  if (event.type === "calls") return { link: "open", calls: event.calls ?? [], levels: {} };
  if (event.type === "levels") return { ...state, levels: levelsOf(event.levels ?? []) };
  if (event.type === "call_ended") {
    return { ...state, calls: state.calls.filter((call) => call.call_id !== event.call_id) };
  }
  const { call } = event;
  if (event.type !== "call" || !call) return state;
  const known = state.calls.some((other) => other.call_id === call.call_id);
  const calls = known ? state.calls.map((other) => (other.call_id === call.call_id ? call : other)) : [...state.calls, call];
  return { ...state, calls };
}

function levelsOf(told: NonNullable<LiveEvent["levels"]>): LiveState["levels"] {
  return Object.fromEntries(told.map(({ call_id, caller, ai }) => [call_id, { caller: caller / 1000, ai: ai / 1000 }]));
}

const EVENTS = ["calls", "call", "levels", "call_ended", "appointment", "message", "closed"] as const;

/** Events that change no list of the first page. */
const FREQUENT: ReadonlySet<string> = new Set(["call", "calls", "levels"]);
const NOTHING: LiveState = { link: "connecting", calls: [], levels: {} };

class LiveStore {
  private state: LiveState = NOTHING;
  private readonly listeners = new Set<() => void>();
  private source: EventSource | null = null;
  private users = 0;

  readonly read = (): LiveState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  open(client: QueryClient): () => void {
    this.users += 1;
    if (!this.source) this.connect(client);
    return () => {
      this.users -= 1;
      if (this.users > 0) return;
      this.source?.close();
      this.source = null;
      this.set(NOTHING);
    };
  }

  private connect(client: QueryClient): void {
    const source = new EventSource("/api/v1/live/events");
    this.source = source;
    source.onopen = () => {
      // What was missed while there was no link is read again.
      if (this.state.link === "lost") void client.invalidateQueries();
      this.set({ ...this.state, link: "open" });
    };
    source.onerror = () => {
      this.set({ ...NOTHING, link: "lost" });
      if (source.readyState === EventSource.CLOSED && this.source === source) this.again(client);
    };
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => this.take(JSON.parse(event.data as string) as LiveEvent, client));
    }
  }

  /** The browser gives up after a refusal; a server that was restarted refuses for a moment only. */
  private again(client: QueryClient): void {
    this.source = null;
    // A session that ended shows itself here, and the page asks for a login.
    void client.refetchQueries({ queryKey: keys.business });
    setTimeout(() => {
      if (this.users > 0 && !this.source) this.connect(client);
    }, 3_000);
  }

  private take(event: LiveEvent, client: QueryClient): void {
    this.set(after(this.state, event));
    if (event.type === "appointment") void client.invalidateQueries({ queryKey: keys.appointments });
    if (event.type === "message") void client.invalidateQueries({ queryKey: keys.messages });
    if (event.type === "call_ended") void client.invalidateQueries({ queryKey: keys.calls });
    if (!FREQUENT.has(event.type)) void client.invalidateQueries({ queryKey: ["today"] });
  }

  private set(state: LiveState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

const store = new LiveStore();

/** Keeps the stream open while the shell is shown. */
export function useLiveStream(): void {
  const client = useQueryClient();
  useEffect(() => store.open(client), [client]);
}

export function useLive(): LiveState {
  return useSyncExternalStore(store.subscribe, store.read);
}
