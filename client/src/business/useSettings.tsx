/** The settings of the business as a draft that several sections edit, and that is saved as a whole. */
import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useBusiness } from "../api/data";
import { adviceOf, Refused } from "../api/errors";
import type { components } from "../api/schema";
import { toast } from "../app/toast";
import { currentLanguage } from "../i18n";
import { Failed, Waiting } from "../ui/States";
import classes from "./useSettings.module.css";

export type Settings = components["schemas"]["Business"];
export type Week = components["schemas"]["Hours"];

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
  const { t } = useTranslation();
  const draft: Draft = {
    settings,
    change: (changes) => onChange({ ...settings, ...changes }),
    wrong: (path) => wrongAt(error, path, t("business.wrong")),
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
    },
  });
}

export function SettingsDraft({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const business = useBusiness();
  const save = useSaveSettings();
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
      wrong: (path) => wrongAt(save.error, path, t("business.wrong")),
    };
  }, [settings, stored, save.error, t]);
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
      {children}
      {edited ? (
        <div className={classes.bar} role="status">
          <Text fw={500}>{save.isError ? adviceOf(save.error) : t("business.unsaved")}</Text>
          {save.error instanceof Refused && save.error.complaints.length > 0 ? (
            <ul className={classes.problems}>
              {save.error.complaints.map((complaint) => (
                <li key={complaint.path} dir="ltr">
                  {complaint.path}: {complaint.message}
                </li>
              ))}
            </ul>
          ) : null}
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

/** The server explains in English; on a Hebrew page a field says that it is wrong, and the bar below has the rest. */
function wrongAt(error: unknown, path: string, plain: string): string | undefined {
  if (!(error instanceof Refused)) return undefined;
  const found = error.complaints.find((complaint) => complaint.path === path || complaint.path.startsWith(`${path}.`));
  if (!found) return undefined;
  return currentLanguage() === "en" ? found.message : plain;
}

/** An id from a name, unlike those that are taken: appointments keep it, so it never changes afterwards. */
export function freshId(kind: string, taken: readonly string[]): string {
  for (let number = taken.length + 1; ; number += 1) {
    const id = `${kind}-${number}`;
    if (!taken.includes(id)) return id;
  }
}
