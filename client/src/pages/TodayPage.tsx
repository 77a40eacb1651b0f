/** The first page: who comes next, what waits for somebody, who is on the line, and how the week went. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { api, unwrap } from "../api/client";
import { serviceName, staffName, useServices, useStaff } from "../api/data";
import { useLive } from "../api/live";
import type { components } from "../api/schema";
import type { Appointment } from "../api/types";
import { CallRow } from "../call/CallRow";
import { LiveStrip } from "../call/LiveStrip";
import { MessageCard } from "../call/MessageCard";
import { PhoneNumber } from "../call/Number";
import { urgentFirst } from "../call/outcome";
import { currentLanguage } from "../i18n";
import { clockTime, dayOf, longDate } from "../i18n/format";
import { Card } from "../ui/Card";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import { PageHead } from "../ui/PageHead";
import { Empty, Failed, Waiting } from "../ui/States";
import { GivenUpLine } from "../work/GivenUpLine";
import { useGivenUp } from "../work/useWork";
import classes from "./TodayPage.module.css";

type Today = components["schemas"]["Today"];

export default function TodayPage() {
  const { t } = useTranslation();
  const { calls: live } = useLive();
  const today = useQuery({ queryKey: ["today"], queryFn: () => unwrap(api.GET("/api/v1/today")), refetchInterval: 60_000 });
  if (today.isPending) return <Waiting rows={8} />;
  if (today.isError) return <Failed error={today.error} retry={() => void today.refetch()} />;
  const { data } = today;
  return (
    <>
      <PageHead
        title={longDate(`${data.date}T12:00:00Z`, currentLanguage(), "UTC")}
        lead={t("today.lead", { count: data.appointments_today })}
        actions={
          <Button component={Link} href="/phone" variant="light" leftSection={<Icon name="phone" size={18} />}>
            {t("calls.tryOne")}
          </Button>
        }
      />
      {live.length > 0 ? <LiveStrip calls={live} /> : null}
      <Week numbers={data.calls_week} />
      <div className={classes.columns}>
        <Next today={data} />
        <div className={classes.column}>
          <Open today={data} />
          <Recent today={data} />
        </div>
      </div>
    </>
  );
}

function Week({ numbers }: { numbers: Today["calls_week"] }) {
  const { t } = useTranslation();
  const ms = (value: number | null) => (value === null ? "–" : t("unit.ms", { value }));
  return (
    <section aria-label={t("today.week")}>
      <h2 className={classes.caption}>{t("today.week")}</h2>
      <dl className={classes.week}>
        <Big name={t("today.answered")} value={numbers.calls} />
        <Big name={t("today.booked")} value={numbers.outcomes.booked ?? 0} />
        <Big name={t("today.bargeIns")} value={numbers.barge_ins} />
        <Big name={t("today.medianStop")} value={ms(numbers.stop_ms_p50)} />
        <Big name={t("today.missed")} value={numbers.missed_barge_ins} hint={t("today.missedLead")} />
      </dl>
    </section>
  );
}

function Big({ name, value, hint }: { name: string; value: ReactNode; hint?: string }) {
  return (
    <div>
      <dt>{hint ? <Hinted name={name} hint={hint} /> : name}</dt>
      <dd>
        <bdi>{value}</bdi>
      </dd>
    </div>
  );
}

function Hinted({ name, hint }: { name: string; hint: string }) {
  return (
    <span className={classes.hinted} title={hint}>
      {name}
      <span className="visually-hidden">. {hint}</span>
    </span>
  );
}

function Next({ today }: { today: Today }) {
  const { t } = useTranslation();
  const all = (
    <Link href="/calendar" className={classes.all}>
      {t("today.toCalendar")}
    </Link>
  );
  if (today.next_appointments.length === 0) {
    return (
      <Card title={t("today.next")} actions={all}>
        <Empty icon="calendar" title={t("today.noNext")} />
      </Card>
    );
  }
  const days = new Map<string, Appointment[]>();
  for (const made of today.next_appointments) {
    const day = dayOf(made.starts_at, today.timezone);
    days.set(day, [...(days.get(day) ?? []), made]);
  }
  return (
    <Card title={t("today.next")} actions={all}>
      {[...days].map(([day, appointments]) => (
        <div key={day} className={classes.day}>
          <h3>{day === today.date ? t("nav.today") : longDate(`${day}T12:00:00Z`, currentLanguage(), "UTC")}</h3>
          {appointments.map((made) => (
            <NextRow key={made.id} made={made} />
          ))}
        </div>
      ))}
    </Card>
  );
}

function NextRow({ made }: { made: Appointment }) {
  const { t } = useTranslation();
  const { data: services } = useServices();
  const { data: staff } = useStaff();
  return (
    <Link href={`/calendar?appointment=${made.id}`} className={classes.next}>
      <Ltr>{clockTime(made.starts_at, currentLanguage(), made.timezone)}</Ltr>
      <span>
        <strong>
          <bdi>{made.contact_name ?? <PhoneNumber number={made.contact_phone} />}</bdi>
        </strong>
        <small>
          {serviceName(services, made.service_id)}
          {made.staff_id ? ` · ${staffName(staff, made.staff_id)}` : ""}
        </small>
      </span>
      {made.call_id ? <Icon name="calls" size={18} /> : null}
      {made.call_id ? <span className="visually-hidden">{t("today.byCall")}</span> : null}
    </Link>
  );
}

function Open({ today }: { today: Today }) {
  const { t } = useTranslation();
  const calls = today.waiting_calls;
  const { data: givenUp = [] } = useGivenUp();
  const count = Object.values(today.open_messages).reduce((sum, urgency) => sum + urgency, 0);
  return (
    <Card
      title={t("today.open")}
      actions={
        count > 0 ? (
          <Link href="/messages" className={classes.all}>
            {t("today.toMessages", { count })}
          </Link>
        ) : null
      }
    >
      <GivenUpLine />
      {today.messages.length + calls.length + givenUp.length === 0 ? <Empty icon="check" title={t("today.nothingOpen")} /> : null}
      {calls.map((call) => (
        <CallRow key={call.id} call={call} />
      ))}
      <div className={classes.messages}>
        {urgentFirst(today.messages).slice(0, 3).map((message) => (
          <MessageCard key={message.id} message={message} />
        ))}
      </div>
    </Card>
  );
}

function Recent({ today }: { today: Today }) {
  const { t } = useTranslation();
  if (today.recent_calls.length === 0) return null;
  return (
    <Card title={t("today.recent")} flush>
      {today.recent_calls.slice(0, 5).map((call) => (
        <CallRow key={call.id} call={call} />
      ))}
    </Card>
  );
}
