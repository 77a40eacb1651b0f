/** The fields of a login. */
import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { adviceOf } from "../api/errors";
import { useLogin } from "../app/session";

export function LoginForm() {
  const { t } = useTranslation();
  const login = useLogin();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const send = (event: FormEvent) => {
    event.preventDefault();
    login.mutate({ email, password });
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <TextInput
          label={t("login.email")}
          type="email"
          dir="ltr"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("login.password")}
          dir="ltr"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {login.isError ? (
          <Alert color="red" role="alert">
            {adviceOf(login.error)}
          </Alert>
        ) : null}
        <Button type="submit" loading={login.isPending} fullWidth>
          {t("login.enter")}
        </Button>
      </Stack>
    </form>
  );
}
