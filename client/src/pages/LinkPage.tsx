/** A one-time link: the first account of an installation, or a new password. The token is in the address's fragment. */
import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { api, unwrap } from "../api/client";
import { adviceOf } from "../api/errors";
import { useLoggedIn } from "../app/session";
import { Failed, Waiting } from "../ui/States";
import { Entry } from "./Entry";

const PASSWORD_MIN = 10;

export default function LinkPage() {
  const { t } = useTranslation();
  const token = useState(() => new URLSearchParams(location.hash.slice(1)).get("token") ?? "")[0];
  const link = useQuery({
    queryKey: ["link", token],
    queryFn: () => unwrap(api.POST("/api/v1/links/check", { body: { token } })),
    retry: false,
  });
  const first = link.data?.purpose === "first_account";
  return (
    <Entry title={t(first ? "link.welcome" : "link.newPassword")} lead={t(first ? "link.welcomeLead" : "link.lead")}>
      {link.isPending ? <Waiting rows={3} /> : null}
      {link.isError ? <Failed error={link.error} /> : null}
      {link.data ? <LinkForm token={token} first={first} email={link.data.email ?? ""} /> : null}
    </Entry>
  );
}

function LinkForm({ token, first, email: known }: { token: string; first: boolean; email: string }) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const loggedIn = useLoggedIn();
  const [name, setName] = useState("");
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const enter = useMutation({
    mutationFn: () =>
      first
        ? unwrap(api.POST("/api/v1/links/first-account", { body: { token, name, email, password } }))
        : unwrap(api.POST("/api/v1/links/password", { body: { token, password } })),
    onSuccess: (me) => {
      loggedIn(me);
      go(first ? "/setup" : "/", { replace: true });
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    enter.mutate();
  };
  return (
    <form onSubmit={send}>
      <Stack>
        {first ? (
          <TextInput
            label={t("link.yourName")}
            autoComplete="name"
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        ) : null}
        <TextInput
          label={t("login.email")}
          type="email"
          dir="ltr"
          autoComplete="username"
          required
          readOnly={!first}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("login.password")}
          description={t("link.passwordRule", { count: PASSWORD_MIN })}
          dir="ltr"
          autoComplete="new-password"
          minLength={PASSWORD_MIN}
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {enter.isError ? (
          <Alert color="red" role="alert">
            {adviceOf(enter.error)}
          </Alert>
        ) : null}
        <Button type="submit" loading={enter.isPending} fullWidth>
          {t(first ? "link.begin" : "link.choose")}
        </Button>
      </Stack>
    </form>
  );
}
