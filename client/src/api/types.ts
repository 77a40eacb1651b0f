/** Short names for the shapes of the API. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Appointment = Schemas["AppointmentOut"];
export type Call = Schemas["CallOut"];
export type CallDetail = Schemas["CallDetail"];
export type Message = Schemas["MessageOut"];
export type Service = Schemas["ServiceOut"];
export type Staff = Schemas["StaffOut"];
export type TurnOut = Schemas["TurnOut"];
export type Outcome = NonNullable<Call["outcome"]>;
export type EndReason = NonNullable<Call["end_reason"]>;
export type Urgency = Message["urgency"];
export type Status = Appointment["status"];
