/** What is kept of calls and for how long; everything about one caller, to hand out or to erase. */
import { Alert, Button, Group, Modal, NumberInput, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { adviceOf } from "../api/errors";
import { toast } from "../app/toast";
import { Card } from "../ui/Card";
import { useSettings } from "./useSettings";

const MODES = ["everything", "no_personal_data", "facts_only"] as const;

export function Privacy() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  return (
    <>
      <Card title={t("privacy.kept")}>
        <Stack>
          <Radio.Group value={settings.privacy_mode} onChange={(mode) => change({ privacy_mode: MODES.find((each) => each === mode) ?? "everything" })}>
            <Stack gap="xs">
              {MODES.map((mode) => (
                <Radio key={mode} value={mode} label={t(`privacy.mode.${mode}`)} description={t(`privacy.modeLead.${mode}`)} />
              ))}
            </Stack>
          </Radio.Group>
          <NumberInput label={t("privacy.retention")} description={t("privacy.retentionLead")} min={1} max={3650} value={settings.retention_days} onChange={(value) => typeof value === "number" && change({ retention_days: value })} error={wrong("retention_days")} maw="16rem" />
        </Stack>
      </Card>
      <OneCaller />
    </>
  );
}

function OneCaller() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [number, setNumber] = useState("");
  const [asking, setAsking] = useState(false);
  const handOut = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/callers/export", { body: { number }, parseAs: "blob" })),
    onSuccess: (file) => save(file as unknown as Blob, "caller.zip"),
  });
  const erase = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/callers/erase", { body: { number } })),
    onSuccess: (done) => {
      setAsking(false);
      void client.invalidateQueries();
      toast({ message: t("privacy.erased", { calls: done.calls, appointments: done.appointments, messages: done.messages }) });
    },
  });
  const error = handOut.error ?? erase.error;
  return (
    <Card title={t("privacy.caller")}>
      <Stack>
        <Text c="dimmed" size="sm">
          {t("privacy.callerLead")}
        </Text>
        <TextInput label={t("appointment.phone")} type="tel" dir="ltr" value={number} onChange={(event) => setNumber(event.currentTarget.value)} maw="20rem" />
        {error ? (
          <Alert color="red" role="alert">
            {adviceOf(error)}
          </Alert>
        ) : null}
        <Group>
          <Button variant="default" disabled={!number} loading={handOut.isPending} onClick={() => handOut.mutate()}>
            {t("privacy.export")}
          </Button>
          <Button color="red" variant="light" disabled={!number} onClick={() => setAsking(true)}>
            {t("privacy.erase")}
          </Button>
        </Group>
      </Stack>
      <Modal opened={asking} onClose={() => setAsking(false)} title={t("privacy.eraseAsk", { number })} centered>
        <Text mb="md">{t("privacy.eraseLead")}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setAsking(false)}>
            {t("common.back")}
          </Button>
          <Button color="red" loading={erase.isPending} onClick={() => erase.mutate()}>
            {t("privacy.eraseNow")}
          </Button>
        </Group>
      </Modal>
    </Card>
  );
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
