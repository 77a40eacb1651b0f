/** What a page shows while it waits, when there is nothing, and when something went wrong. */
import { Button, Skeleton, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { adviceOf } from "../api/errors";
import { Icon, type IconName } from "./Icon";
import classes from "./States.module.css";

export function Waiting({ rows = 4 }: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" role="status" aria-label={t("common.loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={row === 0 ? 28 : 18} width={row % 3 === 2 ? "70%" : "100%"} />
      ))}
    </Stack>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <span className={classes.badge}>
        <Icon name={icon} size={28} />
      </span>
      <Text fw={600}>{title}</Text>
      {children ? (
        <Text c="dimmed" size="sm" component="div">
          {children}
        </Text>
      ) : null}
    </div>
  );
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={classes.failed} role="alert">
      <Icon name="alert" size={22} />
      <div>
        <Text fw={600}>{t("error.notLoaded")}</Text>
        <Text size="sm">{adviceOf(error)}</Text>
      </div>
      {retry ? (
        <Button variant="default" size="compact-sm" onClick={retry}>
          {t("common.retry")}
        </Button>
      ) : null}
    </div>
  );
}
