/** What is owed after calls and bookings, what was given up, and having it tried again. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, unwrap } from "../api/client";
import { keys } from "../api/data";
import type { components } from "../api/schema";

export type Job = components["schemas"]["JobOut"];
export type JobStatus = components["schemas"]["JobStatus"];

const KEY = ["jobs"];
const LOOK_EVERY_MS = 60_000;
const SOON_MS = 1_000;

/** What was given up, of everything or of one call, appointment or message. */
export function useGivenUp(subject?: string) {
  return useQuery({
    queryKey: [...KEY, "dead", subject],
    queryFn: async () =>
      (await unwrap(api.GET("/api/v1/jobs", { params: { query: { status: "dead", subject, limit: 50 } } }))).items,
    refetchInterval: LOOK_EVERY_MS,
  });
}

export function useJobs(status: JobStatus) {
  return useInfiniteQuery({
    queryKey: [...KEY, "list", status],
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/v1/jobs", { params: { query: { status, cursor: pageParam, limit: 30 } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: LOOK_EVERY_MS,
  });
}

export function useRetry() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (job_id: string) => unwrap(api.POST("/api/v1/jobs/{job_id}/retry", { params: { path: { job_id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function isOpen(job: Job): boolean {
  return job.status === "waiting" || job.status === "running";
}

/** Have the summary of a call written again; `job` is how far that is. The call is read again when it is over. */
export function useSummaryAgain(callId: string) {
  const client = useQueryClient();
  const ask = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/calls/{call_id}/summary", { params: { path: { call_id: callId } } })),
  });
  const job_id = ask.data?.id ?? "";
  const followed = useQuery({
    queryKey: [...KEY, "one", job_id],
    queryFn: () => unwrap(api.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id } } })),
    enabled: job_id !== "",
    refetchInterval: (query) => (query.state.data && !isOpen(query.state.data) ? false : SOON_MS),
  });
  const job = followed.data ?? ask.data ?? null;
  const status = job?.status;
  useEffect(() => {
    if (status === "done") void client.invalidateQueries({ queryKey: keys.call(callId), exact: true });
    if (status === "dead") void client.invalidateQueries({ queryKey: [...KEY, "dead"] });
  }, [status, client, callId]);
  return { ask: () => ask.mutate(), job, asking: ask.isPending, error: ask.error ?? followed.error };
}
