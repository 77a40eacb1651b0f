/** Who may log in, and what their browsers are; one's own password. */
import { ActionIcon, Alert, Button, Code, CopyButton, Group, Menu, PasswordInput, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { adviceOf } from "../api/errors";
import type { components } from "../api/schema";
import { useSession } from "../app/session";
import { toast } from "../app/toast";
import { Card } from "../ui/Card";
import { Chip } from "../ui/Chip";
import { Fields } from "../ui/Fields";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import { Failed, Waiting } from "../ui/States";
import { browserName } from "./browserName";
import classes from "./People.module.css";

type Account = components["schemas"]["AccountOut"];
type Role = Account["role"];
const ROLES: readonly Role[] = ["owner", "staff"];
const KEY = ["accounts"];

export function People() {
  const { t } = useTranslation();
  const accounts = useQuery({ queryKey: KEY, queryFn: () => unwrap(api.GET("/api/v1/accounts")) });
  const [link, setLink] = useState<string | null>(null);
  return (
    <>
      <Card title={t("people.title")}>
        {accounts.isPending ? <Waiting /> : null}
        {accounts.isError ? <Failed error={accounts.error} /> : null}
        {accounts.data ? (
          <Table verticalSpacing="sm" className={classes.people}>
            <Table.Tbody>
              {accounts.data.items.map((account) => (
                <Row key={account.id} account={account} onLink={setLink} />
              ))}
            </Table.Tbody>
          </Table>
        ) : null}
        {link ? <OneTimeLink path={link} /> : null}
      </Card>
      <Invite onLink={setLink} />
    </>
  );
}

function Row({ account, onLink }: { account: Account; onLink: (path: string) => void }) {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const client = useQueryClient();
  const told = (error: unknown) => toast({ color: "red", message: adviceOf(error) });
  const done = () => client.invalidateQueries({ queryKey: KEY });
  const params = { path: { account_id: account.id } };
  const link = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/accounts/{account_id}/link", { params })),
    onSuccess: ({ path }) => onLink(path),
    onError: told,
  });
  const edit = useMutation({
    mutationFn: (body: components["schemas"]["AccountEdit"]) =>
      unwrap(api.PATCH("/api/v1/accounts/{account_id}", { params: { ...params, header: { "If-Match": `"${account.version}"` } }, body })),
    onError: told,
    onSettled: done,
  });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/accounts/{account_id}", { params })),
    onError: told,
    onSettled: done,
  });
  const own = session?.accountId === account.id;
  return (
    <Table.Tr>
      <Table.Td>
        <strong dir="auto">{account.name}</strong> {own ? <Chip tone="info">{t("people.you")}</Chip> : null}
        <Text size="sm" c="dimmed">
          <Ltr>{account.email}</Ltr>
        </Text>
      </Table.Td>
      <Table.Td>
        <Select
          size="sm"
          aria-label={t("people.roleOf", { name: account.name })}
          data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
          value={account.role}
          onChange={(role) => role && edit.mutate({ role: ROLES.find((each) => each === role) })}
          allowDeselect={false}
        />
      </Table.Td>
      <Table.Td>
        {account.disabled_at ? <Chip tone="bad">{t("people.disabled")}</Chip> : account.has_password ? null : <Chip tone="warn">{t("people.invited")}</Chip>}
      </Table.Td>
      <Table.Td>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" size="lg" aria-label={t("people.actions", { name: account.name })}>
              <Icon name="more" />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<Icon name="link" />} onClick={() => link.mutate()}>
              {t("people.newLink")}
            </Menu.Item>
            <Menu.Item onClick={() => edit.mutate({ disabled: account.disabled_at === null })} leftSection={<Icon name="pause" />}>
              {t(account.disabled_at ? "people.enable" : "people.disable")}
            </Menu.Item>
            <Menu.Item color="red" leftSection={<Icon name="trash" />} onClick={() => remove.mutate()}>
              {t("people.remove")}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}

export function OneTimeLink({ path }: { path: string }) {
  const { t } = useTranslation();
  const address = `${location.origin}${path}`;
  return (
    <Alert mt="md" title={t("people.linkOnce")}>
      <Group gap="xs">
        <Code dir="ltr" style={{ overflowWrap: "anywhere" }}>
          {address}
        </Code>
        <CopyButton value={address}>
          {({ copied, copy }) => (
            <Button size="compact-sm" variant="default" onClick={copy}>
              {t(copied ? "transcript.copied" : "transcript.copy")}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Alert>
  );
}

function Invite({ onLink }: { onLink: (path: string) => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [person, setPerson] = useState({ name: "", email: "", role: "staff" as Role });
  const invite = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/accounts", { body: person })),
    onSuccess: ({ link }) => {
      onLink(link.path);
      setPerson({ name: "", email: "", role: "staff" });
      void client.invalidateQueries({ queryKey: KEY });
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate();
  };
  return (
    <Card title={t("people.invite")}>
      <form onSubmit={send}>
        <Stack>
          <Fields>
            <TextInput label={t("people.name")} required dir="auto" value={person.name} onChange={(event) => setPerson({ ...person, name: event.currentTarget.value })} />
            <TextInput label={t("login.email")} type="email" required dir="ltr" value={person.email} onChange={(event) => setPerson({ ...person, email: event.currentTarget.value })} />
            <Select label={t("people.role")} data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))} value={person.role} onChange={(role) => setPerson({ ...person, role: ROLES.find((each) => each === role) ?? "staff" })} allowDeselect={false} />
          </Fields>
          {invite.isError ? (
            <Alert color="red" role="alert">
              {adviceOf(invite.error)}
            </Alert>
          ) : null}
          <Group justify="flex-end">
            <Button type="submit" loading={invite.isPending}>
              {t("people.inviteNow")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

export function Myself() {
  const { t } = useTranslation();
  const [passwords, setPasswords] = useState({ current_password: "", password: "" });
  const change = useMutation({
    mutationFn: () => unwrap(api.PUT("/api/v1/session/password", { body: passwords })),
    onSuccess: () => {
      setPasswords({ current_password: "", password: "" });
      toast({ color: "green", message: t("myself.changed") });
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <>
      <Card title={t("myself.password")}>
        <form onSubmit={send}>
          <Stack maw="24rem">
            <PasswordInput label={t("myself.current")} required dir="ltr" autoComplete="current-password" value={passwords.current_password} onChange={(event) => setPasswords({ ...passwords, current_password: event.currentTarget.value })} />
            <PasswordInput label={t("myself.new")} description={t("link.passwordRule", { count: 10 })} minLength={10} required dir="ltr" autoComplete="new-password" value={passwords.password} onChange={(event) => setPasswords({ ...passwords, password: event.currentTarget.value })} />
            {change.isError ? (
              <Alert color="red" role="alert">
                {adviceOf(change.error)}
              </Alert>
            ) : null}
            <Button type="submit" loading={change.isPending}>
              {t("myself.change")}
            </Button>
          </Stack>
        </form>
      </Card>
      <Browsers />
    </>
  );
}

function Browsers() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: ["sessions"], queryFn: () => unwrap(api.GET("/api/v1/sessions")) });
  const end = useMutation({
    mutationFn: (session_id: string) => unwrap(api.DELETE("/api/v1/sessions/{session_id}", { params: { path: { session_id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["sessions"] }),
  });
  return (
    <Card title={t("myself.browsers")}>
      {sessions.isPending ? <Waiting /> : null}
      <Stack gap="xs">
        {sessions.data?.items.map((session) => (
          <Group key={session.id} justify="space-between" wrap="nowrap">
            <Text size="sm" truncate dir="ltr" title={session.user_agent}>
              {browserName(session.user_agent) || session.user_agent || t("myself.unknownBrowser")}
            </Text>
            {session.current ? (
              <Chip tone="info">{t("myself.thisOne")}</Chip>
            ) : (
              <Button size="compact-sm" variant="default" onClick={() => end.mutate(session.id)}>
                {t("nav.logout")}
              </Button>
            )}
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
