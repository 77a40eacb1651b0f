/** The settings of the business as a draft that several sections edit, and that is saved as a whole. */
import { Alert, Button, Group, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useBusiness } from "../api/data";
import { adviceOf, Refused } from "../api/errors";
import type { components } from "../api/schema";
import { useSession } from "../app/session";
import { toast } from "../app/toast";
import { Failed, Waiting } from "../ui/States";
import { Complaints } from "./Complaints";
import { advice } from "./complaints";
import classes from "./useSettings.module.css";

export type Settings = components["schemas"]["Business"];
export type Week = components["schemas"]["Hours"];

export const EMPTY_WEEK: Week = {
  monday: [], tuesday: [], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [],
};

interface Draft {
  settings: Settings;
  change: (changes: Partial<Settings>) => void;
  /** What is wrong with the value at a path such as `services[0].duration_min`; undefined: nothing. */
  wrong: (path: string) => string | undefined;
}

const Context = createContext<Draft | null>(null);

export function useSettings(): Draft {
  const draft = useContext(Context);
  if (!draft) throw new Error("useSettings outside of SettingsDraft");
  return draft;
}

interface DraftProviderProps {
  settings: Settings;
  onChange: (settings: Settings) => void;
  error: unknown;
  children: ReactNode;
}

/** A draft that somebody else keeps and saves. */
export function DraftProvider({ settings, onChange, error, children }: DraftProviderProps) {
  const draft: Draft = {
    settings,
    change: (changes) => onChange({ ...settings, ...changes }),
    wrong: (path) => wrongAt(error, path),
  };
  return <Context value={draft}>{children}</Context>;
}

/** Save settings as they were read at a version; somebody else's edit in between is not lost. */
export function useSaveSettings() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ settings, version }: { settings: Settings; version: number }) =>
      unwrap(api.PUT("/api/v1/business", { params: { header: { "If-Match": `"${version}"` } }, body: settings })),
    onSuccess: (saved) => {
      client.setQueryData(["business"], saved);
      for (const key of [["services"], ["staff"], ["session"], ["business", "days"]]) void client.invalidateQueries({ queryKey: key });
      void client.invalidateQueries({ queryKey: ["linked-calendars"] });
    },
  });
}

interface SettingsDraftProps {
  children: ReactNode;
  /** What is shown is no part of the draft. */
  free?: boolean;
}

export function SettingsDraft({ children, free = false }: SettingsDraftProps) {
  const { t } = useTranslation();
  const business = useBusiness();
  const save = useSaveSettings();
  const { data: session } = useSession();
  const mayChange = free || (session?.scopes.includes("business:write") ?? false);
  const [edited, setEdited] = useState<{ settings: Settings; version: number } | null>(null);
  const stored = business.data;
  const settings = edited?.settings ?? stored?.settings;
  const draft = useMemo<Draft | null>(() => {
    if (!settings || !stored) return null;
    return {
      settings,
      change: (changes) =>
        setEdited((before) => ({
          settings: { ...(before?.settings ?? stored.settings), ...changes },
          version: before?.version ?? stored.version,
        })),
      wrong: (path) => wrongAt(save.error, path),
    };
  }, [settings, stored, save.error]);
  if (business.isError) return <Failed error={business.error} retry={() => void business.refetch()} />;
  if (!draft) return <Waiting rows={8} />;
  const store = () =>
    edited &&
    save.mutate(edited, {
      onSuccess: () => {
        setEdited(null);
        toast({ color: "green", message: t("business.saved") });
      },
    });
  return (
    <Context value={draft}>
      {mayChange ? null : (
        <Alert mb="md" role="note">
          {t("settings.readOnly")}
        </Alert>
      )}
      <fieldset className={classes.all} disabled={!mayChange}>
        {children}
      </fieldset>
      {edited ? (
        <div className={classes.bar} role="status">
          <Text fw={500}>{save.isError ? adviceOf(save.error) : t("business.unsaved")}</Text>
          <Complaints error={save.error} />
          <Group gap="xs">
            <Button
              variant="default"
              onClick={() => {
                save.reset();
                setEdited(null);
              }}
            >
              {t("business.discard")}
            </Button>
            <Button loading={save.isPending} onClick={store}>
              {t("common.save")}
            </Button>
          </Group>
        </div>
      ) : null}
    </Context>
  );
}

/** What is wrong with a value, or with a part of it. */
function wrongAt(error: unknown, path: string): string | undefined {
  if (!(error instanceof Refused)) return undefined;
  const found = error.complaints.find((complaint) => complaint.path === path || [".", "["].some((mark) => complaint.path.startsWith(path + mark)));
  return found && advice(found);
}

/** An id from a name, unlike those that are taken: appointments keep it, so it never changes afterwards. */
export function freshId(kind: string, taken: readonly string[]): string {
  for (let number = taken.length + 1; ; number += 1) {
    const id = `${kind}-${number}`;
    if (!taken.includes(id)) return id;
  }
}
