/** How calls are handled: who may cut in when, patience, a person to be put through to, recording. */
import { Group, SegmentedControl, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Card } from "../ui/Card";
import { useSettings } from "./useSettings";
import { WeekHours } from "./WeekHours";

const PATIENCE = ["default", "short", "normal", "long"] as const;
type Choice = "default" | "on" | "off";

export function CallRules() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  return (
    <>
      <Card title={t("settings.turns")}>
        <Stack>
          <Three label={t("settings.bargeIn")} lead={t("settings.bargeInLead")} value={settings.barge_in_enabled} onChange={(barge_in_enabled) => change({ barge_in_enabled })} />
          <Three label={t("settings.lock")} lead={t("settings.lockLead")} value={settings.greeting_lock} onChange={(greeting_lock) => change({ greeting_lock })} />
          <Select
            label={t("settings.patience")}
            description={t("settings.patienceLead")}
            data={PATIENCE.map((value) => ({ value, label: t(`settings.patienceOf.${value}`) }))}
            value={settings.patience ?? "default"}
            onChange={(patience) => patience && change({ patience: patience === "default" ? null : patience })}
            allowDeselect={false}
          />
        </Stack>
      </Card>
      <Card title={t("settings.transfer")}>
        <Stack>
          <TextInput
            label={t("settings.transferNumber")}
            description={t("settings.transferLead")}
            type="tel"
            dir="ltr"
            value={settings.transfer.number ?? ""}
            onChange={(event) => change({ transfer: { ...settings.transfer, number: event.currentTarget.value || null } })}
            error={wrong("transfer.number")}
          />
          <Switch
            label={t("settings.transferHours")}
            checked={settings.transfer.hours !== null}
            onChange={(event) =>
              change({ transfer: { ...settings.transfer, hours: event.currentTarget.checked ? settings.hours : null } })
            }
          />
          <Switch
            label={t("settings.transferClosed")}
            description={t("settings.transferClosedLead")}
            checked={settings.transfer.on_closed_days}
            onChange={(event) => change({ transfer: { ...settings.transfer, on_closed_days: event.currentTarget.checked } })}
          />
          {settings.transfer.hours ? (
            <WeekHours
              value={settings.transfer.hours}
              onChange={(hours) => change({ transfer: { ...settings.transfer, hours } })}
              zone={settings.timezone}
              none={t("settings.noTransfer")}
            />
          ) : null}
        </Stack>
      </Card>
      <Card title={t("settings.recording")}>
        <Switch
          label={t("settings.record")}
          description={t("settings.recordLead")}
          checked={settings.recording}
          onChange={(event) => change({ recording: event.currentTarget.checked })}
        />
      </Card>
    </>
  );
}

interface ThreeProps {
  label: string;
  lead: string;
  value: boolean | null;
  onChange: (value: boolean | null) => void;
}

/** On, off, or as the installation says. */
function Three({ label, lead, value, onChange }: ThreeProps) {
  const { t } = useTranslation();
  const choice: Choice = value === null ? "default" : value ? "on" : "off";
  return (
    <Group justify="space-between" align="center" gap="sm">
      <div style={{ flex: "1 1 16rem" }}>
        <Text fw={500} size="sm">
          {label}
        </Text>
        <Text size="xs" c="dimmed">
          {lead}
        </Text>
      </div>
      <SegmentedControl<Choice>
        size="xs"
        aria-label={label}
        value={choice}
        onChange={(next) => onChange(next === "default" ? null : next === "on")}
        data={(["default", "on", "off"] as const).map((each) => ({ value: each, label: t(`settings.choice.${each}`) }))}
      />
    </Group>
  );
}
