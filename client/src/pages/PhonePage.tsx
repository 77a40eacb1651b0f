/** A call to Torim from this browser, with everything that an ear would notice drawn while it happens. */
import { Alert, Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { api, unwrap } from "../api/client";
import { keys, serviceName, useServices } from "../api/data";
import { adviceOf } from "../api/errors";
import { useLive } from "../api/live";
import { Explain } from "../call/Explain";
import { Lanes } from "../call/Lanes";
import type { Marker } from "../call/markers";
import { Meter } from "../call/Meter";
import { Transcript } from "../call/Transcript";
import { currentLanguage } from "../i18n";
import { clockTime, longDate, position } from "../i18n/format";
import { Cuts } from "../phone/Cuts";
import { Keypad } from "../phone/Keypad";
import type { Switches } from "../phone/phone";
import { usePhone } from "../phone/usePhone";
import { Card } from "../ui/Card";
import { Chip } from "../ui/Chip";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import { PageHead } from "../ui/PageHead";
import { useDeveloper } from "../ui/prefs";
import { liveTurn } from "../call/liveTurn";
import classes from "./PhonePage.module.css";

const SWITCHES = ["echoCancellation", "noiseSuppression", "autoGainControl"] as const;

export default function PhonePage() {
  const { t } = useTranslation();
  return (
    <>
      <PageHead title={t("phone.title")} lead={t("phone.lead")} />
      <TestPhone />
    </>
  );
}

async function ticket(caller: string) {
  const begun = await unwrap(api.POST("/api/v1/test-calls", { body: { caller: caller || null } }));
  return { callSid: begun.call_sid, path: begun.path, parameters: begun.parameters };
}

export function TestPhone() {
  const { t } = useTranslation();
  const [developer] = useDeveloper();
  const [switches, setSwitches] = useState<Switches>({
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  });
  const [error, setError] = useState<unknown>(null);
  const [selected, setSelected] = useState<Marker | null>(null);
  const [caller, setCaller] = useLocalStorage({ key: "torim.test.caller", defaultValue: "" });
  const { state, call, press, mute, hangUp } = usePhone(useCallback(() => ticket(caller), [caller]));
  const talking = state.stage === "talking";
  const dial = useCallback(() => {
    setError(null);
    setSelected(null);
    call(switches).catch(setError);
  }, [call, switches]);

  return (
    <div className={classes.phone}>
      <Card>
        <Stack gap="md" className={classes.handset}>
          <div className={classes.dial}>
            {talking ? (
              <Button size="lg" color="red" fullWidth leftSection={<Icon name="hangup" />} onClick={hangUp}>
                {t("phone.hangUp")}
              </Button>
            ) : (
              <Button
                size="lg"
                fullWidth
                leftSection={<Icon name="calls" />}
                loading={state.stage === "dialling"}
                onClick={dial}
              >
                {t(state.stage === "over" ? "phone.callAgain" : "phone.call")}
              </Button>
            )}
            <Status talking={talking} state={state} />
          </div>
          {state.failure ? (
            <Alert color="red" role="alert">
              {t(`phone.failure.${state.failure}`)}
            </Alert>
          ) : null}
          {error ? (
            <Alert color="red" role="alert">
              {adviceOf(error)}
            </Alert>
          ) : null}
          <Keypad enabled={talking} onPress={press} />
          <Group gap="xs">
            <Button
              variant={state.muted ? "filled" : "default"}
              size="compact-md"
              disabled={!talking}
              leftSection={<Icon name="microphone" size={16} />}
              aria-pressed={state.muted}
              onClick={() => mute(!state.muted)}
            >
              {t(state.muted ? "phone.unmute" : "phone.mute")}
            </Button>
          </Group>
          <TextInput
            label={t("phone.callAs")}
            description={t("phone.callAsLead")}
            type="tel"
            dir="ltr"
            placeholder="050-123-4567"
            disabled={talking}
            value={caller}
            onChange={(event) => setCaller(event.currentTarget.value)}
          />
          <fieldset className={classes.switches} disabled={talking}>
            <legend>{t("phone.browser")}</legend>
            {SWITCHES.map((name) => (
              <Checkbox
                key={name}
                label={t(`phone.${name}`)}
                checked={switches[name]}
                onChange={(event) => setSwitches({ ...switches, [name]: event.currentTarget.checked })}
              />
            ))}
            <Text size="xs" c="dimmed">
              {t("phone.headset")}
            </Text>
          </fieldset>
        </Stack>
      </Card>
      <div className={classes.stage}>
        <Card>
          <div className={classes.room} />
          <Lanes
            score={state.score}
            markers={state.markers}
            positionMs={null}
            following={talking}
            selected={selected}
            onSelect={setSelected}
          />
          <Explain marker={selected} developer={developer} />
        </Card>
        <Card title={t("cuts.title")}>
          <Cuts cuts={state.cuts} ignored={state.ignored} talking={talking} />
        </Card>
        {state.callSid ? <Words callSid={state.callSid} over={state.stage === "over"} /> : null}
      </div>
    </div>
  );
}

function Status({ talking, state }: { talking: boolean; state: ReturnType<typeof usePhone>["state"] }) {
  const { t } = useTranslation();
  if (talking) {
    return (
      <div className={classes.status} role="status">
        <Chip tone="live">{t("phone.onLine")}</Chip>
        <Ltr>{position(state.score.durationMs)}</Ltr>
        <Meter level={state.levels.caller} side="caller" />
        <Meter level={state.levels.ai} side="ai" />
      </div>
    );
  }
  return (
    <Text size="sm" c="dimmed" ta="center" role="status">
      {t(state.stage === "over" ? (state.clean ? "phone.over" : "phone.broken") : "phone.ready")}
    </Text>
  );
}

/** What was said and booked, told by the server while the call goes on. */
function Words({ callSid, over }: { callSid: string; over: boolean }) {
  const { t } = useTranslation();
  const { calls } = useLive();
  const live = calls.find((call) => call.call_id === callSid);
  const [last, setLast] = useState(live);
  if (live && live !== last) setLast(live);
  const shown = live ?? last;
  return (
    <Card
      title={t("transcript.label")}
      actions={
        over ? (
          <Button component={Link} href={`/calls/${encodeURIComponent(callSid)}`} variant="light" size="compact-md">
            {t("phone.toCall")}
          </Button>
        ) : null
      }
    >
      <Booked callSid={callSid} />
      {shown && shown.turns.length > 0 ? (
        <div className={classes.words} data-scrolls>
          <Transcript turns={shown.turns.map(liveTurn)} name={callSid} growing tools={false} />
        </div>
      ) : (
        <Text c="dimmed">{t("phone.noWords")}</Text>
      )}
    </Card>
  );
}

function Booked({ callSid }: { callSid: string }) {
  const { t } = useTranslation();
  const { data: services } = useServices();
  const made = useQuery({
    queryKey: [...keys.appointments, "of call", callSid],
    queryFn: async () =>
      (await unwrap(api.GET("/api/v1/appointments", { params: { query: { call_id: callSid } } }))).items,
  });
  const language = currentLanguage();
  return made.data?.map((item) => (
    <Link key={item.id} href={`/calendar?appointment=${item.id}`} className={classes.booked}>
      <Icon name="calendar" />
      <span>
        {t("phone.booked")} {serviceName(services, item.service_id)}, {longDate(item.starts_at, language, item.timezone)},{" "}
        <Ltr>{clockTime(item.starts_at, language, item.timezone)}</Ltr>
      </span>
    </Link>
  ));
}
