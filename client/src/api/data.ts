/** The server's data as the pages read it: one hook for each question, one key for each answer. */
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { currentLanguage, type Language } from "../i18n";
import { api, unwrap } from "./client";
import type { Appointment, CallDetail, Outcome, Service, Staff, Urgency } from "./types";

export const keys = {
  business: ["business"],
  services: ["services"],
  staff: ["staff"],
  appointments: ["appointments"],
  calls: ["calls"],
  call: (id: string) => ["calls", "one", id],
  messages: ["messages"],
  live: ["live"],
} as const;

// --- the business -----------------------------------------------------------------------------------------------

export function useBusiness() {
  return useQuery({
    queryKey: keys.business,
    queryFn: () => unwrap(api.GET("/api/v1/business")),
    staleTime: 60_000,
  });
}

/** The zone in which everything of this business is told. */
export function useZone(): string {
  return useBusiness().data?.settings.timezone ?? "Asia/Jerusalem";
}

export function useServices() {
  return useQuery({
    queryKey: keys.services,
    queryFn: async () => (await unwrap(api.GET("/api/v1/services"))).items,
    staleTime: 60_000,
  });
}

export function useStaff() {
  return useQuery({
    queryKey: keys.staff,
    queryFn: async () => (await unwrap(api.GET("/api/v1/staff"))).items,
    staleTime: 60_000,
  });
}

/** A name in the reader's language, or in whichever there is. */
export function inLanguage(names: Record<string, string> | undefined, language: Language = currentLanguage()): string {
  return names?.[language] ?? Object.values(names ?? {})[0] ?? "";
}

export function serviceName(services: readonly Service[] | undefined, id: string): string {
  return inLanguage(services?.find((service) => service.id === id)?.name) || id;
}

export function staffName(staff: readonly Staff[] | undefined, id: string | null): string {
  return id ? inLanguage(staff?.find((member) => member.id === id)?.name) || id : "";
}

// --- calls --------------------------------------------------------------------------------------------------------

export interface CallFilters {
  outcome?: Outcome;
  number?: string;
  text?: string;
  since?: string;
  until?: string;
  had_barge_in?: boolean;
  had_false_alarm?: boolean;
}

export function useCalls(filters: CallFilters) {
  return useInfiniteQuery({
    queryKey: [...keys.calls, "list", filters],
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/v1/calls", { params: { query: { ...filters, cursor: pageParam, limit: 50 } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

export function useCall(id: string | null) {
  return useQuery({
    queryKey: keys.call(id ?? ""),
    queryFn: () => unwrap(api.GET("/api/v1/calls/{call_id}", { params: { path: { call_id: id ?? "" } } })),
    enabled: id !== null,
    refetchInterval: (query) => (query.state.data && isUnfinished(query.state.data, Date.now()) ? 4_000 : false),
  });
}

const SUMMARY_WAIT_MS = 120_000;

/** Whether more of a call is still to come: it goes on, or its summary is being written. */
export function isUnfinished(call: Pick<CallDetail, "ended_at" | "summary" | "erased_at">, nowMs: number): boolean {
  if (call.ended_at === null) return true;
  return call.summary === null && call.erased_at === null && nowMs - Date.parse(call.ended_at) < SUMMARY_WAIT_MS;
}

export function useTimeline(id: string | null, marked: boolean) {
  return useQuery({
    queryKey: [...keys.call(id ?? ""), "timeline", marked],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/calls/{call_id}/timeline", {
          params: { path: { call_id: id ?? "" }, query: { marked, limit: 20_000 } },
        }),
      ),
    enabled: id !== null,
  });
}

export function usePeaks(id: string | null, points: number) {
  return useQuery({
    queryKey: [...keys.call(id ?? ""), "peaks", points],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/calls/{call_id}/peaks", { params: { path: { call_id: id ?? "" }, query: { points } } }),
      ),
    enabled: id !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

// --- appointments -------------------------------------------------------------------------------------------------

export function useAppointments(since: string, until: string) {
  return useQuery({
    queryKey: [...keys.appointments, since, until],
    queryFn: () => everyPage(since, until),
    placeholderData: keepPreviousData,
  });
}

async function everyPage(since: string, until: string): Promise<Appointment[]> {
  const found: Appointment[] = [];
  let cursor: string | undefined;
  do {
    const query = { since, until, cursor, limit: 200 };
    const page = await unwrap(api.GET("/api/v1/appointments", { params: { query } }));
    found.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return found;
}

export function useAppointment(id: string | null) {
  return useQuery({
    queryKey: [...keys.appointments, "one", id],
    queryFn: () =>
      unwrap(api.GET("/api/v1/appointments/{appointment_id}", { params: { path: { appointment_id: id ?? "" } } })),
    enabled: id !== null,
  });
}

// --- messages -----------------------------------------------------------------------------------------------------

export function useMessages(done: boolean | undefined, urgency?: Urgency) {
  return useInfiniteQuery({
    queryKey: [...keys.messages, done, urgency],
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/v1/messages", { params: { query: { done, urgency, cursor: pageParam, limit: 50 } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

export function useMarkMessage() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, version, done }: { id: string; version: number; done: boolean }) =>
      unwrap(
        api.PATCH("/api/v1/messages/{message_id}", {
          params: { path: { message_id: id }, header: { "If-Match": `"${version}"` } },
          body: { done },
        }),
      ),
    // A message is shown among messages, with its call, and on the first page.
    onSettled: () =>
      Promise.all([keys.messages, keys.calls, ["today"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
