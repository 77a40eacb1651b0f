/** One call: what came of it, how its turns went, and the call itself on its time axis. */
import { Button, Group, Switch, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "wouter";
import { inLanguage, serviceName, useCall, useServices, useZone } from "../api/data";
import type { CallDetail } from "../api/types";
import { CallRecord } from "../call/CallRecord";
import { Episodes } from "../call/Episodes";
import { lineName } from "../call/line";
import { MessageCard } from "../call/MessageCard";
import { PhoneNumber } from "../call/Number";
import { OUTCOME_TONES, URGENCY_TONES } from "../call/outcome";
import { RawEvents } from "../call/RawEvents";
import { stopsOf } from "../call/stops";
import { SummaryAgain } from "../call/SummaryAgain";
import { currentLanguage } from "../i18n";
import { clockTime, longDate, position } from "../i18n/format";
import { Card } from "../ui/Card";
import { Chip } from "../ui/Chip";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import { PageHead } from "../ui/PageHead";
import { useDeveloper } from "../ui/prefs";
import { Failed, Waiting } from "../ui/States";
import { GivenUp } from "../work/GivenUp";
import classes from "./CallPage.module.css";

export default function CallPage() {
  const { id = "" } = useParams<{ id: string }>();
  const call = useCall(id);
  if (call.isPending) return <Waiting rows={8} />;
  if (call.isError) return <Failed error={call.error} retry={() => void call.refetch()} />;
  return <CallView call={call.data} />;
}

function CallView({ call }: { call: CallDetail }) {
  const { t } = useTranslation();
  const [developer, setDeveloper] = useDeveloper();
  return (
    <>
      <Button component={Link} href="/calls" variant="subtle" size="compact-sm" leftSection={<Icon name="back" size={16} />}>
        {t("nav.calls")}
      </Button>
      <Head call={call} developer={developer} onDeveloper={setDeveloper} />
      <Facts call={call} />
      <CallRecord call={call} developer={developer}>
        {call.barge_ins.length > 0
          ? (seek) => (
              <Card title={t("episodes.title")} flush>
                <Episodes episodes={call.barge_ins} developer={developer} onSeek={seek} />
              </Card>
            )
          : undefined}
      </CallRecord>
      <Left call={call} />
      {developer ? (
        <div className={classes.raw}>
          <RawEvents call={call} />
        </div>
      ) : null}
    </>
  );
}

interface HeadProps {
  call: CallDetail;
  developer: boolean;
  onDeveloper: (on: boolean) => void;
}

function Head({ call, developer, onDeveloper }: HeadProps) {
  const { t } = useTranslation();
  const zone = useZone();
  const language = currentLanguage();
  const when = (
    <>
      {longDate(call.started_at, language, zone)}, <Ltr>{clockTime(call.started_at, language, zone)}</Ltr>
      {call.duration_ms === null ? null : (
        <>
          {" · "}
          <Ltr>{position(call.duration_ms)}</Ltr>
        </>
      )}
    </>
  );
  const line = lineName(call.carrier);
  const who = line ? t(line) : call.from_number ? "" : t("call.withheld");
  return (
    <>
      <PageHead
        title={who || t("call.title")}
        lead={
          <span className={classes.when}>
            {call.from_number ? <PhoneNumber number={call.from_number} link /> : null}
            <span>{when}</span>
          </span>
        }
        actions={
          <Switch
            className="no-print"
            label={t("call.developer")}
            checked={developer}
            onChange={(event) => onDeveloper(event.currentTarget.checked)}
          />
        }
      />
      <Group gap="xs" mb="sm">
        {call.ended_at ? null : <Chip tone="live">{t("call.goingOn")}</Chip>}
        {call.outcome ? <Chip tone={OUTCOME_TONES[call.outcome]}>{t(`outcome.${call.outcome}`)}</Chip> : null}
        {call.urgency && call.urgency !== "normal" ? <Chip tone={URGENCY_TONES[call.urgency]}>{t(`urgency.${call.urgency}`)}</Chip> : null}
        {call.end_reason ? <Chip>{t(`endReason.${call.end_reason}`)}</Chip> : null}
        {call.erased_at ? <Chip tone="warn">{t("call.erased")}</Chip> : null}
      </Group>
    </>
  );
}

function Facts({ call }: { call: CallDetail }) {
  const { t } = useTranslation();
  const stops = stopsOf(call);
  return (
    <div className={classes.facts}>
      <dl className={classes.numbers}>
        <Fact name={t("fact.bargeIns")} value={call.barge_in_count} />
        <Fact name={t("fact.stopP50")} value={stops.p50} unit="ms" />
        <Fact name={t("fact.stopMax")} value={stops.max} unit="ms" />
        <Fact name={t("fact.missed")} value={Number(call.counts.missed_barge_ins ?? 0)} />
        <Fact name={t("fact.falseAlarms")} value={call.false_alarm_count} />
        <Fact name={t("fact.response")} value={call.response_ms_p50} unit="ms" />
        <Fact name={t("fact.errors")} value={Number(call.counts.faults ?? 0)} />
        <Fact name={t("fact.cost")} value={call.cost_estimate} unit="$" free={call.engine === "embedded"} />
      </dl>
      <Card title={t("call.summary")} actions={<SummaryAgain call={call} />}>
        <Text dir="auto">{call.summary || t("call.noSummary")}</Text>
        <SummaryLine label={t("call.intent")} text={call.intent} />
        <SummaryLine label={t("call.nextAction")} text={call.next_action} />
        <Booked call={call} />
      </Card>
      <GivenUp subject={call.id} />
    </div>
  );
}

/** The messages that were left in this call. */
function Left({ call }: { call: CallDetail }) {
  const { t } = useTranslation();
  if (call.messages.length === 0) return null;
  return (
    <section className={classes.left}>
      <h2>{t("call.left")}</h2>
      {call.messages.map((message) => (
        <MessageCard key={message.id} message={message} here />
      ))}
    </section>
  );
}

function SummaryLine({ label, text }: { label: string; text: string | null }) {
  if (!text) return null;
  return (
    <Text size="sm" mt={4}>
      <Text span c="dimmed">
        {label}:{" "}
      </Text>
      <span dir="auto">{text}</span>
    </Text>
  );
}

function Booked({ call }: { call: CallDetail }) {
  const { t } = useTranslation();
  const { data: services } = useServices();
  const zone = useZone();
  const language = currentLanguage();
  return call.appointments.map((made) => (
    <Link key={made.id} href={`/calendar?appointment=${made.id}`} className={classes.booked}>
      <Icon name="calendar" size={18} />
      <span>
        {inLanguage(services?.find(({ id }) => id === made.service_id)?.name) || serviceName(services, made.service_id)},{" "}
        {longDate(made.starts_at, language, zone)}, <Ltr>{clockTime(made.starts_at, language, zone)}</Ltr>
        {made.status === "cancelled" ? ` (${t("status.cancelled")})` : ""}
      </span>
    </Link>
  ));
}

interface FactProps {
  name: string;
  value: number | null;
  unit?: "ms" | "$";
  /** Nobody is paid. */
  free?: boolean;
}

function Fact({ name, value, unit, free }: FactProps) {
  const { t } = useTranslation();
  const shown =
    value === null ? free ? t("fact.free") : "–" : unit === "ms" ? t("unit.ms", { value }) : unit === "$" ? `$${value.toFixed(3)}` : value;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <bdi>{shown}</bdi>
      </dd>
    </div>
  );
}
