/** A page that fails says so and offers a way on; the shell around it stays. */
import { Button, Stack, Text, Title } from "@mantine/core";
import i18next from "i18next";
import { Component, type ReactNode } from "react";

interface State {
  failed: boolean;
}

export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Stack align="center" p="xl" role="alert">
        <Title order={2}>{i18next.t("error.pageFailed")}</Title>
        <Text c="dimmed">{i18next.t("error.pageFailedAdvice")}</Text>
        <Button onClick={() => location.reload()}>{i18next.t("error.reload")}</Button>
      </Stack>
    );
  }
}
