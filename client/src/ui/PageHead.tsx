/** The head of a page: its name, a line of explanation, and what can be done here. */
import { Group, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import classes from "./PageHead.module.css";

interface PageHeadProps {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
}

export function PageHead({ title, lead, actions }: PageHeadProps) {
  useEffect(() => {
    document.title = `${title} · Torim`;
  }, [title]);
  return (
    <header className={classes.head}>
      <div>
        <Title order={1} size="h2">
          {title}
        </Title>
        {lead ? <Text c="dimmed">{lead}</Text> : null}
      </div>
      {actions ? <Group gap="xs">{actions}</Group> : null}
    </header>
  );
}
