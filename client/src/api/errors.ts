/** What went wrong, told as advice in the reader's language; the server's own advice where there is none of ours. */
import i18next from "i18next";

export interface Complaint {
  path: string;
  message: string;
}

/** A refusal of the server, as problem+json tells it. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly complaints: readonly Complaint[] = [],
    readonly alternatives: readonly { starts_at: string }[] = [],
  ) {
    super(`${status} ${code}`);
  }
}

/** The server could not be reached at all. */
export class Unreachable extends Error {}

export function refusedBy(status: number, problem: unknown): Refused {
  const told = (typeof problem === "object" && problem !== null ? problem : {}) as Partial<{
    code: string;
    detail: string;
    errors: Complaint[];
    alternatives: { starts_at: string }[];
  }>;
  return new Refused(status, told.code ?? `http.${status}`, told.detail ?? "", told.errors, told.alternatives);
}

export function adviceOf(error: unknown): string {
  if (error instanceof Unreachable) return i18next.t("error.unreachable");
  if (!(error instanceof Refused)) return i18next.t("error.unknown");
  const key = `problem.${error.code.replaceAll(".", "_")}`;
  if (i18next.exists(key)) return i18next.t(key as "error.unknown");
  return error.detail || i18next.t("error.unknown");
}

export function isRefused(error: unknown, ...codes: string[]): error is Refused {
  return error instanceof Refused && (codes.length === 0 || codes.includes(error.code));
}
