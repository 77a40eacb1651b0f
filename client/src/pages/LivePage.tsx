/** Calls that go on: who has the floor, what is said as it is said, and three orders to the call. */
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { api, unwrap } from "../api/client";
import { keys, useBusiness } from "../api/data";
import { adviceOf, Unreachable } from "../api/errors";
import { type Levels, type LiveCall, useLive } from "../api/live";
import type { Call } from "../api/types";
import { toast } from "../app/toast";
import { CallRow } from "../call/CallRow";
import { liveTurn } from "../call/liveTurn";
import { Meter } from "../call/Meter";
import { Transcript } from "../call/Transcript";
import { useRunning } from "../call/useRunning";
import { Who } from "../call/Who";
import { position } from "../i18n/format";
import { Card } from "../ui/Card";
import { Chip } from "../ui/Chip";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import { PageHead } from "../ui/PageHead";
import { Empty, Failed, Waiting } from "../ui/States";
import classes from "./LivePage.module.css";

export default function LivePage() {
  const { t } = useTranslation();
  const { link, calls, levels } = useLive();
  const elsewhere = useElsewhere();
  return (
    <>
      <PageHead title={t("live.title")} lead={t("live.lead")} />
      {link === "lost" ? <Failed error={new Unreachable()} /> : null}
      {link === "connecting" ? <Waiting /> : null}
      {link === "open" && calls.length + elsewhere.length === 0 ? (
        <Card>
          <Empty icon="live" title={t("live.none")}>
            <Button component={Link} href="/phone">
              {t("calls.tryOne")}
            </Button>
          </Empty>
        </Card>
      ) : null}
      <div className={classes.calls}>
        {calls.map((call) => (
          <LiveCard key={call.call_id} call={call} levels={levels[call.call_id] ?? SILENCE} />
        ))}
      </div>
      {elsewhere.length > 0 ? <Elsewhere calls={elsewhere} /> : null}
    </>
  );
}

const LOOK_EVERY_MS = 10_000;

/** Calls that other machines carry; only the database knows of them here, so it is asked now and then. */
function useElsewhere(): readonly Call[] {
  const asked = useQuery({
    queryKey: [...keys.live, "elsewhere"],
    queryFn: async () => (await unwrap(api.GET("/api/v1/live/calls"))).elsewhere,
    refetchInterval: LOOK_EVERY_MS,
  });
  return asked.data ?? [];
}

function Elsewhere({ calls }: { calls: readonly Call[] }) {
  const { t } = useTranslation();
  return (
    <div className={classes.elsewhere}>
      <Card title={t("live.elsewhere")}>
        <Text c="dimmed" mb="xs">
          {t("live.elsewhereLead")}
        </Text>
        <div className={classes.rows}>
          {calls.map((call) => (
            <CallRow key={call.id} call={call} />
          ))}
        </div>
      </Card>
    </div>
  );
}

const SILENCE: Levels = { caller: 0, ai: 0 };

function LiveCard({ call, levels }: { call: LiveCall; levels: Levels }) {
  const { t } = useTranslation();
  const runningMs = useRunning(call.duration_ms);
  return (
    <Card
      title={
        <span id={call.call_id} className={classes.title}>
          <Who call={call} />
          <Ltr>{position(runningMs)}</Ltr>
        </span>
      }
      actions={<Chip tone="live">{t(`phase.${call.phase}`)}</Chip>}
    >
      <Floor call={call} levels={levels} />
      <div className={classes.words} data-scrolls>
        <Transcript turns={call.turns.map(liveTurn)} name={call.call_id} growing tools={false} />
      </div>
      <Orders call={call} />
    </Card>
  );
}

/** Both sides of the line, the one that has the floor lit. */
function Floor({ call, levels }: { call: LiveCall; levels: Levels }) {
  const { t } = useTranslation();
  const state = call.paused ? "paused" : call.floor;
  return (
    <div className={classes.floor} data-floor={state}>
      <span data-side="ai">
        <Icon name="speaker" /> {t("lanes.ai")} <Meter level={levels.ai} side="ai" />
      </span>
      <strong>{t(`floor.${state}`)}</strong>
      <span data-side="caller">
        <Meter level={levels.caller} side="caller" /> <Icon name="microphone" /> {t("lanes.caller")}
      </span>
    </div>
  );
}

function Orders({ call }: { call: LiveCall }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState<"hangUp" | "transfer" | null>(null);
  const path = { call_id: call.call_id };
  const onError = (error: unknown) => toast({ color: "red", message: adviceOf(error) });
  const pause = useMutation({
    mutationFn: (paused: boolean) =>
      unwrap(api.PUT("/api/v1/live/calls/{call_id}/pause", { params: { path }, body: { paused } })),
    onError,
  });
  const hangUp = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/live/calls/{call_id}/hang-up", { params: { path } })),
    onSuccess: () => setAsking(null),
    onError,
  });
  return (
    <Group mt="md" gap="xs">
      <Button
        variant="default"
        leftSection={<Icon name={call.paused ? "play" : "pause"} size={18} />}
        loading={pause.isPending}
        onClick={() => pause.mutate(!call.paused)}
      >
        {t(call.paused ? "live.goOn" : "live.pause")}
      </Button>
      <Button variant="default" leftSection={<Icon name="transfer" size={18} />} onClick={() => setAsking("transfer")}>
        {t("live.transfer")}
      </Button>
      <Button color="red" variant="light" leftSection={<Icon name="hangup" size={18} />} onClick={() => setAsking("hangUp")}>
        {t("live.hangUp")}
      </Button>
      <Modal opened={asking === "hangUp"} onClose={() => setAsking(null)} title={t("live.hangUpAsk")} centered>
        <Text mb="md">{t("live.hangUpLead")}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setAsking(null)}>
            {t("common.back")}
          </Button>
          <Button color="red" loading={hangUp.isPending} onClick={() => hangUp.mutate()}>
            {t("live.hangUp")}
          </Button>
        </Group>
      </Modal>
      <TransferModal call={call} opened={asking === "transfer"} onClose={() => setAsking(null)} />
    </Group>
  );
}

interface TransferModalProps {
  call: LiveCall;
  opened: boolean;
  onClose: () => void;
}

function TransferModal({ call, opened, onClose }: TransferModalProps) {
  const { t } = useTranslation();
  const { data: business } = useBusiness();
  const known = business?.settings.transfer?.number ?? business?.settings.owner?.phone ?? "";
  const [number, setNumber] = useState("");
  const transfer = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/live/calls/{call_id}/transfer", {
          params: { path: { call_id: call.call_id } },
          body: { number: number || null },
        }),
      ),
    onSuccess: onClose,
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t("live.transfer")} centered>
      <Stack>
        <TextInput
          label={t("live.transferTo")}
          description={t("live.transferLead")}
          type="tel"
          dir="ltr"
          placeholder={known}
          value={number}
          onChange={(event) => setNumber(event.currentTarget.value)}
          error={transfer.isError ? adviceOf(transfer.error) : undefined}
        />
        <Button loading={transfer.isPending} onClick={() => transfer.mutate()}>
          {t("live.transferNow")}
        </Button>
      </Stack>
    </Modal>
  );
}
