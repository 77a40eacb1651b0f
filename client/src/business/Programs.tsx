/** What other programs may do here: API keys and secret calendar addresses. */
import { Alert, Button, Checkbox, Code, CopyButton, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { inLanguage, useStaff, useZone } from "../api/data";
import { adviceOf } from "../api/errors";
import type { components } from "../api/schema";
import { currentLanguage } from "../i18n";
import { shortDate } from "../i18n/format";
import { Card } from "../ui/Card";
import { Chip } from "../ui/Chip";
import { Ltr } from "../ui/Ltr";
import { OneTimeLink } from "./People";

type KeyScope = components["schemas"]["KeyScope"];
const SCOPES = [
  "appointments:read", "appointments:write", "calls:read", "calls:control", "messages:read", "messages:write",
  "business:read", "business:write", "privacy", "metrics:read",
] as const satisfies readonly KeyScope[];

export function Programs() {
  return (
    <>
      <Feeds />
      <Keys />
    </>
  );
}

function Feeds() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { data: staff = [] } = useStaff();
  const feeds = useQuery({ queryKey: ["feeds"], queryFn: () => unwrap(api.GET("/api/v1/calendar-feeds")) });
  const [name, setName] = useState("");
  const [member, setMember] = useState<string | null>(null);
  const done = () => client.invalidateQueries({ queryKey: ["feeds"] });
  const make = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/calendar-feeds", { body: { name, staff_id: member } })),
    onSuccess: () => setName(""),
    onSettled: done,
  });
  const revoke = useMutation({
    mutationFn: (feed_id: string) => unwrap(api.DELETE("/api/v1/calendar-feeds/{feed_id}", { params: { path: { feed_id } } })),
    onSettled: done,
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Card title={t("programs.feeds")}>
      <Stack>
        <Text size="sm" c="dimmed">
          {t("programs.feedsLead")}
        </Text>
        {feeds.data?.items.map((feed) => (
          <Given key={feed.id} name={feed.name} createdAt={feed.created_at} revoked={feed.revoked_at !== null} onRevoke={() => revoke.mutate(feed.id)} />
        ))}
        <form onSubmit={send}>
          <Group align="end">
            <TextInput label={t("programs.feedName")} required dir="auto" value={name} onChange={(event) => setName(event.currentTarget.value)} />
            {staff.length > 0 ? (
              <Select label={t("appointment.staff")} placeholder={t("programs.everybody")} clearable data={staff.map(({ id, name: names }) => ({ value: id, label: inLanguage(names) }))} value={member} onChange={setMember} />
            ) : null}
            <Button type="submit" loading={make.isPending}>
              {t("programs.makeFeed")}
            </Button>
          </Group>
        </form>
        {make.isError ? <Alert color="red">{adviceOf(make.error)}</Alert> : null}
        {make.data ? <OneTimeLink path={make.data.path} /> : null}
      </Stack>
    </Card>
  );
}

function Keys() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const keys = useQuery({ queryKey: ["api-keys"], queryFn: () => unwrap(api.GET("/api/v1/api-keys")) });
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>(["appointments:read"]);
  const done = () => client.invalidateQueries({ queryKey: ["api-keys"] });
  const make = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/v1/api-keys", { body: { name, scopes: SCOPES.filter((scope) => scopes.includes(scope)) } })),
    onSuccess: () => setName(""),
    onSettled: done,
  });
  const revoke = useMutation({
    mutationFn: (key_id: string) => unwrap(api.DELETE("/api/v1/api-keys/{key_id}", { params: { path: { key_id } } })),
    onSettled: done,
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Card title={t("programs.keys")}>
      <Stack>
        {keys.data?.items.map((key) => (
          <Given key={key.id} name={key.name} createdAt={key.created_at} revoked={key.revoked_at !== null} onRevoke={() => revoke.mutate(key.id)} lead={key.scopes.join(", ")} />
        ))}
        <form onSubmit={send}>
          <Stack gap="sm">
            <TextInput label={t("programs.keyName")} required dir="auto" maw="20rem" value={name} onChange={(event) => setName(event.currentTarget.value)} />
            <Checkbox.Group label={t("programs.scopes")} value={scopes} onChange={setScopes}>
              <Group gap="sm" mt="xs">
                {SCOPES.map((scope) => (
                  <Checkbox key={scope} value={scope} label={<Ltr>{scope}</Ltr>} />
                ))}
              </Group>
            </Checkbox.Group>
            <Group>
              <Button type="submit" loading={make.isPending} disabled={scopes.length === 0}>
                {t("programs.makeKey")}
              </Button>
            </Group>
          </Stack>
        </form>
        {make.isError ? <Alert color="red">{adviceOf(make.error)}</Alert> : null}
        {make.data ? (
          <Alert title={t("programs.secretOnce")}>
            <Group gap="xs">
              <Code dir="ltr" style={{ overflowWrap: "anywhere" }}>
                {make.data.secret}
              </Code>
              <CopyButton value={make.data.secret}>
                {({ copied, copy }) => (
                  <Button size="compact-sm" variant="default" onClick={copy}>
                    {t(copied ? "transcript.copied" : "transcript.copy")}
                  </Button>
                )}
              </CopyButton>
            </Group>
          </Alert>
        ) : null}
      </Stack>
    </Card>
  );
}

interface GivenProps {
  name: string;
  createdAt: string;
  revoked: boolean;
  onRevoke: () => void;
  lead?: string;
}

function Given({ name, createdAt, revoked, onRevoke, lead }: GivenProps) {
  const { t } = useTranslation();
  const zone = useZone();
  return (
    <Group justify="space-between" wrap="nowrap">
      <div>
        <strong dir="auto">{name}</strong>{" "}
        <Text span size="sm" c="dimmed">
          <Ltr>{shortDate(createdAt, currentLanguage(), zone)}</Ltr> {lead ? <Ltr>{lead}</Ltr> : null}
        </Text>
      </div>
      {revoked ? (
        <Chip tone="bad">{t("programs.revoked")}</Chip>
      ) : (
        <Button size="compact-sm" variant="default" onClick={onRevoke}>
          {t("programs.revoke")}
        </Button>
      )}
    </Group>
  );
}
