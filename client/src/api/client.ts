/**
 * The server's API, typed by its own OpenAPI document (`schema.ts` is generated from `docs/openapi.json`).
 *
 * Refusals become `Refused`; a change carries the CSRF token of the session.
 */
import createClient, { type Middleware } from "openapi-fetch";
import { refusedBy, Unreachable } from "./errors";
import type { paths } from "./schema";

const CSRF_HEADER = "X-CSRF-Token";
let csrf = "";

const trust: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && csrf) request.headers.set(CSRF_HEADER, csrf);
    return request;
  },
  async onResponse({ response, request }) {
    if (response.ok && /\/(session|session\/business|links\/[\w-]+)$/.test(new URL(request.url).pathname)) {
      await remember(response.clone());
    }
    if (response.status === 401 && !/\/session$/.test(new URL(request.url).pathname)) sessionEnded();
    return response;
  },
  onError() {
    return new Unreachable();
  },
};

async function remember(response: Response): Promise<void> {
  const body: unknown = await response.json().catch(() => null);
  if (typeof body === "object" && body !== null && "csrf_token" in body) csrf = String(body.csrf_token);
}

const listeners = new Set<() => void>();

/** Be told when a request finds that nobody is logged in any more. */
export function onSessionEnd(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function sessionEnded(): void {
  for (const listener of listeners) listener();
}

export const api = createClient<paths>({ baseUrl: location.origin, credentials: "same-origin" });
api.use(trust);

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of an answer; throws `Refused` where the server refused. */
export async function unwrap<Data>(asked: Promise<Answer<Data>>): Promise<NonNullable<Data>> {
  const { data, error, response } = await asked;
  if (!response.ok) throw refusedBy(response.status, error);
  return data as NonNullable<Data>;
}
