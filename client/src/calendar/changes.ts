/** What can be done to appointments: shown at once, taken back when the server says no. */
import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import { keys } from "../api/data";
import type { components } from "../api/schema";
import type { Appointment } from "../api/types";
import { instantOf, wallClock } from "../i18n/format";
import { timeOf } from "./days";
import type { Slotted } from "./layout";

export interface Moving {
  made: Appointment;
  to: Slotted;
  outsideHours?: boolean;
}

export function useMove() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ made, to, outsideHours }: Moving) =>
      unwrap(
        api.POST("/api/v1/appointments/{appointment_id}/move", {
          params: { path: { appointment_id: made.id }, header: { "If-Match": `"${made.version}"` } },
          body: {
            starts_at: `${to.day}T${timeOf(to.startMin)}:00`,
            staff_id: to.staffId === made.staff_id ? null : to.staffId,
            duration_min: to.endMin - to.startMin,
            outside_hours: outsideHours ?? false,
          },
        }),
      ),
    onMutate: async ({ made, to }: Moving) => {
      await client.cancelQueries({ queryKey: keys.appointments });
      const before = client.getQueriesData({ queryKey: keys.appointments });
      replaceShown(client, moved(made, to));
      return before;
    },
    onError: (_error, _moving, before) => {
      for (const [key, data] of before ?? []) client.setQueryData(key, data);
    },
    onSuccess: (made) => replaceShown(client, made),
    onSettled: () => client.invalidateQueries({ queryKey: keys.appointments }),
  });
}

/** The appointment as it will be if the server agrees. */
export function moved(made: Appointment, to: Slotted): Appointment {
  const startsAt = instantOf(`${to.day} ${timeOf(to.startMin)}:00`, made.timezone);
  const endsAt = new Date(Date.parse(startsAt) + (to.endMin - to.startMin) * 60_000).toISOString();
  const local = (at: string) => wallClock(at, made.timezone).replace(" ", "T");
  return {
    ...made,
    staff_id: to.staffId,
    starts_at: startsAt,
    ends_at: endsAt,
    starts_at_local: local(startsAt),
    ends_at_local: local(endsAt),
  };
}

/** Put an appointment in the place of its former self wherever it is shown. */
function replaceShown(client: QueryClient, made: Appointment): void {
  client.setQueriesData<Appointment[] | Appointment>({ queryKey: keys.appointments }, (shown) => {
    if (Array.isArray(shown)) return shown.map((item) => (item.id === made.id ? made : item));
    return shown?.id === made.id ? made : shown;
  });
}

type NewAppointment = components["schemas"]["NewAppointment"];
type Edit = components["schemas"]["Edit"];

export function useMake() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ body, key }: { body: NewAppointment; key: string }) =>
      unwrap(api.POST("/api/v1/appointments", { params: { header: { "Idempotency-Key": key } }, body })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.appointments }),
  });
}

export function useCancel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (made: Appointment) =>
      unwrap(
        api.POST("/api/v1/appointments/{appointment_id}/cancel", {
          params: { path: { appointment_id: made.id }, header: { "If-Match": `"${made.version}"` } },
        }),
      ),
    onSuccess: (made) => replaceShown(client, made),
    onSettled: () => client.invalidateQueries({ queryKey: keys.appointments }),
  });
}

/** The customer said that they will come. */
export function useConfirm() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (made: Appointment) =>
      unwrap(
        api.POST("/api/v1/appointments/{appointment_id}/confirm", {
          params: { path: { appointment_id: made.id }, header: { "If-Match": `"${made.version}"` } },
        }),
      ),
    onSuccess: (made) => replaceShown(client, made),
    onSettled: () => client.invalidateQueries({ queryKey: keys.appointments }),
  });
}

export function useEdit() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ made, body }: { made: Appointment; body: Edit }) =>
      unwrap(
        api.PATCH("/api/v1/appointments/{appointment_id}", {
          params: { path: { appointment_id: made.id }, header: { "If-Match": `"${made.version}"` } },
          body,
        }),
      ),
    onSuccess: (made) => replaceShown(client, made),
    onSettled: () => client.invalidateQueries({ queryKey: keys.appointments }),
  });
}
