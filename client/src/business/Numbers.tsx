/** The telephone numbers of the business: how to point one here, and how to forward calls of the number it has. */
import { Anchor, Code, CopyButton, List, SegmentedControl, Stack, TagsInput, Text, Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { Card } from "../ui/Card";
import classes from "./Sections.module.css";
import { TelephoneCheck } from "./TelephoneCheck";
import { useSettings } from "./useSettings";

export function Numbers() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  return (
    <>
      <Card title={t("numbers.title")}>
        <TagsInput
          label={t("numbers.answered")}
          description={t("numbers.answeredLead")}
          dir="ltr"
          placeholder="+97235550100"
          classNames={{ pill: classes.number ?? "" }}
          value={settings.numbers}
          onChange={(numbers) => change({ numbers })}
          error={wrong("numbers")}
        />
      </Card>
      <Twilio />
      <TelephoneCheck />
      <Forwarding number={settings.numbers[0] ?? ""} />
    </>
  );
}

function Twilio() {
  const { t } = useTranslation();
  const telephone = useQuery({ queryKey: ["telephone"], queryFn: () => unwrap(api.GET("/api/v1/telephone")) });
  const origin = telephone.data?.public_url?.replace(/\/$/, "") ?? location.origin;
  return (
    <Card title={t("numbers.twilio")}>
      <List type="ordered" spacing="sm">
        <List.Item>{t("numbers.step.buy")}</List.Item>
        <List.Item>
          {t("numbers.step.voice")}
          <Address address={`${origin}/twilio/voice`} />
        </List.Item>
        <List.Item>
          {t("numbers.step.status")}
          <Address address={`${origin}/twilio/status`} />
        </List.Item>
        <List.Item>{t("numbers.step.token")}</List.Item>
        <List.Item>{t("numbers.step.call")}</List.Item>
      </List>
      {telephone.data && !telephone.data.public_url ? (
        <Text mt="md" c="red" role="note">
          {t("numbers.noAddress")}
        </Text>
      ) : null}
      <Text mt="sm" size="sm" c="dimmed">
        {t("numbers.doctor")} <Code dir="ltr">torim doctor --online</Code>
      </Text>
    </Card>
  );
}

function Address({ address }: { address: string }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" mt={4}>
      <Code dir="ltr">{address}</Code>
      <CopyButton value={address}>
        {({ copied, copy }) => (
          <Button size="compact-xs" variant="default" onClick={copy}>
            {t(copied ? "transcript.copied" : "transcript.copy")}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}

type When = "busyOrNoAnswer" | "always" | "off";

/** The codes of the GSM standard, which the Israeli mobile carriers obey; a land line has its own. */
function Forwarding({ number }: { number: string }) {
  const { t } = useTranslation();
  const [when, setWhen] = useState<When>("busyOrNoAnswer");
  const to = number || "+972XXXXXXXXX";
  const codes: Record<When, { name: "noAnswer" | "busy" | "unreachable" | "always" | "offAll"; code: string }[]> = {
    busyOrNoAnswer: [
      { name: "noAnswer", code: `**61*${to}**20#` },
      { name: "busy", code: `**67*${to}#` },
      { name: "unreachable", code: `**62*${to}#` },
    ],
    always: [{ name: "always", code: `**21*${to}#` }],
    off: [{ name: "offAll", code: "##002#" }],
  };
  return (
    <Card title={t("numbers.forwarding")}>
      <Stack gap="sm">
        <Text>{t("numbers.forwardingLead")}</Text>
        {number ? null : <Text c="dimmed">{t("numbers.noNumber")}</Text>}
        <SegmentedControl<When>
          aria-label={t("numbers.forwarding")}
          value={when}
          onChange={setWhen}
          data={(["busyOrNoAnswer", "always", "off"] as const).map((value) => ({ value, label: t(`numbers.when.${value}`) }))}
        />
        <List spacing="xs">
          {codes[when].map(({ name, code }) => (
            <List.Item key={name}>
              {t(`numbers.code.${name}`)}:{" "}
              <Anchor href={`tel:${encodeURIComponent(code)}`} dir="ltr" className={classes.code}>
                {code}
              </Anchor>
            </List.Item>
          ))}
        </List>
        <Text size="sm" c="dimmed">
          {t("numbers.mobile")}
        </Text>
        <Text size="sm" c="dimmed">
          {t("numbers.landline")}
        </Text>
      </Stack>
    </Card>
  );
}
