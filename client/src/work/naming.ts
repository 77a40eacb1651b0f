/** What a job is called on the pages, and where what it is about is shown. Pure: keys of words, never words. */
import type { Job } from "./useWork";

const KINDS = ["summary", "webhook", "email", "sms", "reminder", "follow", "retention"] as const;
export type KnownKind = (typeof KINDS)[number];

/** Its kind as these pages know it; `other` is one that a newer server made. */
export function kindOf(job: Pick<Job, "kind">): KnownKind | "other" {
  return KINDS.find((kind) => kind === job.kind) ?? "other";
}

/** Where what it is about is shown; null: nowhere. */
export function placeOf(job: Pick<Job, "tells" | "subject">): string | null {
  if (!job.subject || !job.tells) return null;
  if (job.tells === "call") return `/calls/${encodeURIComponent(job.subject)}`;
  if (job.tells === "message") return "/messages";
  return `/calendar?appointment=${encodeURIComponent(job.subject)}`;
}

/** Where the settings are that most likely need a look; null: none of these pages can mend it. */
export function remedyOf(job: Pick<Job, "kind">): string | null {
  return job.kind === "webhook" || job.kind === "email" || job.kind === "sms" ? "/settings/telling" : null;
}
