/** The calendar: who comes when. View, day and open appointment live in the address. */
import { Button, Checkbox } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import { useAppointments, useBusiness, useServices, useStaff, useZone } from "../api/data";
import { adviceOf, isRefused, Refused } from "../api/errors";
import type { Appointment } from "../api/types";
import { hideToast, toast } from "../app/toast";
import { Alternatives } from "../calendar/Alternatives";
import { AppointmentCalendar, LineOfNames, shownDays, type View, VIEWS } from "../calendar/AppointmentCalendar";
import { AppointmentDrawer } from "../calendar/AppointmentDrawer";
import { useMove } from "../calendar/changes";
import { DAY_MIN, instantAt, minutesOf } from "../calendar/days";
import { KeysHelp } from "../calendar/KeysHelp";
import { slotted, type Slotted } from "../calendar/layout";
import { NewAppointment } from "../calendar/NewAppointment";
import { useOpenDays } from "../calendar/openDays";
import type { Place } from "../calendar/TimeGrid";
import { dayOf, wallClock } from "../i18n/format";
import { Icon } from "../ui/Icon";
import { PageHead } from "../ui/PageHead";
import { Failed, Waiting } from "../ui/States";

const NONE: readonly never[] = [];
const NO_DAYS = new Map<string, never>();

export default function CalendarPage() {
  const { t } = useTranslation();
  const zone = useZone();
  const { data: business } = useBusiness();
  const { data: services = NONE } = useServices();
  const { data: staff = NONE } = useStaff();
  const { view, day, opened, show, open } = useAddress(zone);
  const [cancelled, setCancelled] = useState(false);
  const [place, setPlace] = useState<Place | null>(null);

  const days = shownDays(view, day, zone);
  const first = days[0] ?? day;
  const last = days.at(-1) ?? day;
  const appointments = useAppointments(instantAt(first, 0, zone), instantAt(last, DAY_MIN, zone));
  const openDays = useOpenDays(first, days.length);
  const change = useChange(appointments.data ?? NONE, zone);
  const visible = useMemo(
    () => (appointments.data ?? []).filter((made) => cancelled || made.status !== "cancelled"),
    [appointments.data, cancelled],
  );
  if (!business || appointments.isPending) return <Waiting rows={10} />;
  return (
    <>
      <PageHead
        title={t("nav.calendar")}
        actions={
          <>
            <KeysHelp />
            <Checkbox label={t("calendar.showCancelled")} checked={cancelled} onChange={(event) => setCancelled(event.currentTarget.checked)} />
            <Button
              leftSection={<Icon name="plus" size={18} />}
              onClick={() => setPlace({ day: view === "day" ? day : dayOf(new Date(), zone), staffId: null, startMin: nextHour(zone) })}
            >
              {t("calendar.new")}
            </Button>
          </>
        }
      />
      {appointments.isError ? <Failed error={appointments.error} retry={() => void appointments.refetch()} /> : null}
      <AppointmentCalendar
        view={view}
        day={day}
        zone={zone}
        stepMin={business.settings.slot_step_min ?? 15}
        appointments={visible}
        services={services}
        staff={staff}
        openDays={openDays.data ?? NO_DAYS}
        onView={show}
        onOpen={open}
        onCreate={setPlace}
        onChange={change}
      />
      <LineOfNames services={services} />
      <NewAppointment place={place} services={services} staff={staff} zone={zone} onClose={() => setPlace(null)} />
      <AppointmentDrawer id={opened} services={services} staff={staff} onClose={() => open(null)} />
    </>
  );
}

function nextHour(zone: string): number {
  return Math.min(23, Math.floor(minutesOf(wallClock(new Date(), zone).slice(11, 16)) / 60) + 1) * 60;
}

function useAddress(zone: string) {
  const [asked, setAsked] = useSearchParams();
  const narrow = useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: false });
  const day = asked.get("day");
  return {
    view: VIEWS.find((each) => each === asked.get("view")) ?? (narrow ? "agenda" : "week"),
    day: day && /^\d{4}-\d{2}-\d{2}$/.test(day) ? day : dayOf(new Date(), zone),
    opened: asked.get("appointment"),
    show: (view: View, on: string) => setAsked({ view, day: on }),
    open: (id: string | null) =>
      setAsked((before) => {
        const next = new URLSearchParams(before);
        if (id) next.set("appointment", id);
        else next.delete("appointment");
        return next;
      }),
  };
}

/** Move at once, tell kindly when the server says no, and offer what is free nearby. */
function useChange(appointments: readonly Appointment[], zone: string) {
  const { t } = useTranslation();
  const move = useMove();
  const change = (before: Slotted, to: Slotted, outsideHours = false) => {
    const made = appointments.find(({ id }) => id === before.id);
    if (!made) return;
    move.mutate({ made, to, outsideHours }, { onError: (error) => tell(error, made, to) });
  };
  const tell = (error: unknown, made: Appointment, to: Slotted) => {
    const id = `moved-${made.id}`;
    const again = (next: Slotted, outside = false) => {
      hideToast(id);
      change(slotted(made), next, outside);
    };
    toast({
      id,
      color: "red",
      autoClose: 12_000,
      title: t("calendar.notMoved"),
      message: (
        <>
          {adviceOf(error)}
          <Alternatives
            zone={zone}
            found={error instanceof Refused ? error.alternatives : []}
            onChoose={(at) => {
              const wall = wallClock(at, zone);
              const startMin = minutesOf(wall.slice(11, 16));
              again({ ...to, day: wall.slice(0, 10), startMin, endMin: startMin + to.endMin - to.startMin });
            }}
          />
          {isRefused(error, "booking.not_offered") ? (
            <Button size="compact-sm" variant="default" mt="xs" onClick={() => again(to, true)}>
              {t("calendar.moveAnyway")}
            </Button>
          ) : null}
        </>
      ),
    });
  };
  return change;
}

