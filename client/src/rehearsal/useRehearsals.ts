/** What can be rehearsed, and what came of it; asked often only while a rehearsal goes on. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import type { components } from "../api/schema";
import type { Language } from "../i18n";

export type Rehearsal = components["schemas"]["RehearsalOut"];
export type Script = components["schemas"]["ScriptOut"];

const KEY = ["rehearsals"];
const LOOK_EVERY_MS = 700;

export function goesOn(rehearsal: Rehearsal): boolean {
  return rehearsal.stage === "preparing" || rehearsal.stage === "calling";
}

export function useScripts(language: Language) {
  return useQuery({
    queryKey: [...KEY, "scripts", language],
    queryFn: async () =>
      (await unwrap(api.GET("/api/v1/rehearsals/scripts", { params: { query: { language } } }))).items,
    staleTime: 60_000,
  });
}

export function useRehearsals() {
  return useQuery({
    queryKey: KEY,
    queryFn: async () => (await unwrap(api.GET("/api/v1/rehearsals"))).items,
    refetchInterval: (query) => (query.state.data?.some(goesOn) ? LOOK_EVERY_MS : false),
  });
}

export function useRehearse(language: Language) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (script_id: string) => unwrap(api.POST("/api/v1/rehearsals", { body: { script_id, language } })),
    onSettled: () => client.invalidateQueries({ queryKey: KEY, exact: true }),
  });
}

export function useStopRehearsal() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (rehearsal_id: string) =>
      unwrap(api.POST("/api/v1/rehearsals/{rehearsal_id}/stop", { params: { path: { rehearsal_id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: KEY, exact: true }),
  });
}
