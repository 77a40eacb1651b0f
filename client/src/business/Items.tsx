/** A list of things that an owner adds to and takes from. */
import { ActionIcon, Button, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "../ui/Icon";
import classes from "./Items.module.css";

export function Add({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button variant="light" size="compact-md" leftSection={<Icon name="plus" size={16} />} onClick={onClick}>
      {label}
    </Button>
  );
}

export function Item({ label, onRemove, children }: { label: string; onRemove: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className={classes.item}>
      <Stack gap="sm" flex={1} miw={0}>
        {children}
      </Stack>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("business.remove", { name: label })} onClick={onRemove}>
        <Icon name="trash" size={18} />
      </ActionIcon>
    </div>
  );
}
