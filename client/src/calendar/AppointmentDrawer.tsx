/** One appointment: whose it is, what and when, and behind it the call in which it was made. */
import { Alert, Button, Divider, Drawer, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { serviceName, staffName, useAppointment, useCall } from "../api/data";
import { adviceOf, Refused } from "../api/errors";
import type { Appointment, CallDetail, Service, Staff } from "../api/types";
import { toast } from "../app/toast";
import { CallRecord } from "../call/CallRecord";
import { PhoneNumber } from "../call/Number";
import { SoundButton } from "../call/SoundButton";
import { OUTCOME_TONES, STATUS_TONES, URGENCY_TONES } from "../call/outcome";
import { currentLanguage } from "../i18n";
import { clockTime, longDate } from "../i18n/format";
import { Chip } from "../ui/Chip";
import { DateField } from "../ui/DateField";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import { Failed, Waiting } from "../ui/States";
import { TimeField } from "../ui/TimeField";
import { GivenUp } from "../work/GivenUp";
import { Alternatives } from "./Alternatives";
import classes from "./AppointmentDrawer.module.css";
import { useCancel, useConfirm, useEdit, useMove } from "./changes";
import { minutesOf, timeOf } from "./days";
import { slotted } from "./layout";

interface AppointmentDrawerProps {
  id: string | null;
  services: readonly Service[];
  staff: readonly Staff[];
  onClose: () => void;
}

export function AppointmentDrawer({ id, services, staff, onClose }: AppointmentDrawerProps) {
  const { t } = useTranslation();
  const found = useAppointment(id);
  return (
    <Drawer
      opened={id !== null}
      onClose={onClose}
      position="right"
      size="min(44rem, 100vw)"
      title={t("appointment.title")}
    >
      {found.isPending && id ? <Waiting rows={8} /> : null}
      {found.isError ? <Failed error={found.error} retry={() => void found.refetch()} /> : null}
      {found.data ? <Inside key={found.data.id} made={found.data} services={services} staff={staff} /> : null}
    </Drawer>
  );
}

interface InsideProps {
  made: Appointment;
  services: readonly Service[];
  staff: readonly Staff[];
}

function Inside({ made, services, staff }: InsideProps) {
  const { t } = useTranslation();
  const language = currentLanguage();
  const member = staffName(staff, made.staff_id);
  return (
    <Stack gap="md">
      <div>
        <Group gap="sm" align="center">
          <h3 className={classes.name}>
            <bdi>{made.contact_name ?? (made.contact_phone ? <PhoneNumber number={made.contact_phone} /> : t("appointment.unnamed"))}</bdi>
          </h3>
          <Chip tone={STATUS_TONES[made.status]}>{t(`status.${made.status}`)}</Chip>
          {made.confirmed_at ? <Chip tone="good">{t("appointment.confirmed")}</Chip> : null}
        </Group>
        <p className={classes.when}>
          {longDate(made.starts_at, language, made.timezone)},{" "}
          <Ltr>
            {clockTime(made.starts_at, language, made.timezone)}–{clockTime(made.ends_at, language, made.timezone)}
          </Ltr>
        </p>
        <p className={classes.what}>
          {serviceName(services, made.service_id)}
          {member ? ` · ${member}` : ""}
        </p>
      </div>
      <Reach made={made} />
      <Actions made={made} />
      <GivenUp subject={made.id} />
      <Notes made={made} />
      {made.call_id ? (
        <>
          <Divider label={t("appointment.theCall")} labelPosition="left" />
          <BehindIt callId={made.call_id} made={made} />
        </>
      ) : null}
    </Stack>
  );
}

function Reach({ made }: { made: Appointment }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" className="no-print">
      {made.contact_phone ? (
        <Button component="a" href={`tel:${made.contact_phone}`} variant="light" leftSection={<Icon name="calls" size={18} />}>
          <PhoneNumber number={made.contact_phone} />
        </Button>
      ) : (
        <Text c="dimmed" size="sm">
          {t("appointment.noPhone")}
        </Text>
      )}
      {made.contact_email ? (
        <Button component="a" href={`mailto:${made.contact_email}`} variant="default" leftSection={<Icon name="messages" size={18} />}>
          <Ltr>{made.contact_email}</Ltr>
        </Button>
      ) : null}
      {made.has_name_note ? (
        <SoundButton source={`/api/v1/appointments/${made.id}/name-note`} label={t("appointment.nameNote")} />
      ) : null}
    </Group>
  );
}

const HOUR_MS = 60 * 60 * 1000;

function Actions({ made }: { made: Appointment }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState<"move" | "cancel" | null>(null);
  const cancel = useCancel();
  const edit = useEdit();
  const confirm = useConfirm();
  const told = (error: unknown) => toast({ color: "red", message: adviceOf(error) });
  if (made.status === "cancelled") return null;
  // What is far ahead can be confirmed; what is about to begin, or has begun, can have taken place.
  const near = Date.parse(made.starts_at) - Date.now() < HOUR_MS;
  return (
    <>
      <Group gap="xs" className="no-print">
        {made.status === "booked" ? (
          <Button variant="default" leftSection={<Icon name="clock" size={18} />} onClick={() => setAsking("move")}>
            {t("appointment.move")}
          </Button>
        ) : null}
        {made.status === "booked" && !made.confirmed_at && !near ? (
          <Button
            variant="default"
            leftSection={<Icon name="check" size={18} />}
            loading={confirm.isPending}
            onClick={() => confirm.mutate(made, { onError: told })}
          >
            {t("appointment.confirm")}
          </Button>
        ) : null}
        {(made.status === "booked" && near) || made.status === "done" ? (
          <Button
            variant="default"
            leftSection={<Icon name="check" size={18} />}
            loading={edit.isPending}
            onClick={() => edit.mutate({ made, body: { status: made.status === "done" ? "booked" : "done" } }, { onError: told })}
          >
            {t(made.status === "done" ? "appointment.notDone" : "appointment.done")}
          </Button>
        ) : null}
        <Button variant="light" color="red" leftSection={<Icon name="close" size={18} />} onClick={() => setAsking("cancel")}>
          {t("appointment.cancel")}
        </Button>
      </Group>
      <Modal opened={asking === "cancel"} onClose={() => setAsking(null)} title={t("appointment.cancelAsk")} centered>
        <Text mb="md">{t("appointment.cancelLead")}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setAsking(null)}>
            {t("common.back")}
          </Button>
          <Button
            color="red"
            loading={cancel.isPending}
            onClick={() => cancel.mutate(made, { onError: told, onSettled: () => setAsking(null) })}
          >
            {t("appointment.cancel")}
          </Button>
        </Group>
      </Modal>
      <Modal opened={asking === "move"} onClose={() => setAsking(null)} title={t("appointment.move")} centered>
        <MoveForm made={made} onDone={() => setAsking(null)} />
      </Modal>
    </>
  );
}

function MoveForm({ made, onDone }: { made: Appointment; onDone: () => void }) {
  const { t } = useTranslation();
  const now = slotted(made);
  const [day, setDay] = useState<string | null>(now.day);
  const [time, setTime] = useState(timeOf(now.startMin));
  const move = useMove();
  const go = (to: { day: string; startMin: number }) =>
    move.mutate(
      { made, to: { ...now, ...to, endMin: to.startMin + now.endMin - now.startMin } },
      { onSuccess: onDone },
    );
  const refused = move.error instanceof Refused ? move.error : null;
  return (
    <Stack>
      <Group grow align="start">
        <DateField label={t("appointment.day")} value={day} onChange={setDay} />
        <TimeField label={t("appointment.time")} value={time} onChange={setTime} />
      </Group>
      {move.isError ? (
        <Alert color="red" role="alert">
          {adviceOf(move.error)}
          <Alternatives
            zone={made.timezone}
            found={refused?.alternatives ?? []}
            onChoose={(at) => {
              const moved = slotted({ ...made, starts_at_local: localOf(at, made.timezone) });
              go({ day: moved.day, startMin: moved.startMin });
            }}
          />
        </Alert>
      ) : null}
      <Button loading={move.isPending} onClick={() => day && go({ day, startMin: minutesOf(time) })}>
        {t("appointment.moveNow")}
      </Button>
    </Stack>
  );
}

function localOf(at: string, zone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" })
    .format(new Date(at))
    .replace(" ", "T");
}

function Notes({ made }: { made: Appointment }) {
  const { t } = useTranslation();
  const [name, setName] = useState(made.contact_name ?? "");
  const [notes, setNotes] = useState(made.notes ?? "");
  const edit = useEdit();
  const changed = name !== (made.contact_name ?? "") || notes !== (made.notes ?? "");
  return (
    <Stack gap="xs">
      <TextInput label={t("appointment.name")} dir="auto" value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Textarea
        label={t("appointment.notes")}
        dir="auto"
        autosize
        minRows={2}
        value={notes}
        onChange={(event) => setNotes(event.currentTarget.value)}
        error={edit.isError ? adviceOf(edit.error) : undefined}
      />
      {changed ? (
        <Button
          variant="light"
          loading={edit.isPending}
          onClick={() => edit.mutate({ made, body: { contact_name: name || null, notes: notes || null } })}
        >
          {t("common.save")}
        </Button>
      ) : null}
    </Stack>
  );
}

function BehindIt({ callId, made }: { callId: string; made: Appointment }) {
  const { t } = useTranslation();
  const call = useCall(callId);
  if (call.isPending) return <Waiting rows={5} />;
  if (call.isError) return <Text dir="auto">{made.call_summary ?? adviceOf(call.error)}</Text>;
  return (
    <>
      <SummaryCard call={call.data} />
      <CallRecord call={call.data} compact />
      <Link href={`/calls/${encodeURIComponent(callId)}`} className={classes.toCall}>
        {t("appointment.toCall")}
      </Link>
    </>
  );
}

function SummaryCard({ call }: { call: CallDetail }) {
  const { t } = useTranslation();
  return (
    <div className={classes.summary}>
      <Group gap="xs">
        {call.outcome ? <Chip tone={OUTCOME_TONES[call.outcome]}>{t(`outcome.${call.outcome}`)}</Chip> : null}
        {call.urgency && call.urgency !== "normal" ? <Chip tone={URGENCY_TONES[call.urgency]}>{t(`urgency.${call.urgency}`)}</Chip> : null}
        {call.barge_in_count > 0 ? <Chip tone="info">{t("calls.bargeIns", { count: call.barge_in_count })}</Chip> : null}
      </Group>
      <p dir="auto">{call.summary ?? t("call.noSummary")}</p>
      {call.intent ? (
        <p>
          <small>{t("call.intent")}</small> <span dir="auto">{call.intent}</span>
        </p>
      ) : null}
      {call.next_action ? (
        <p>
          <small>{t("call.nextAction")}</small> <span dir="auto">{call.next_action}</span>
        </p>
      ) : null}
    </div>
  );
}
