/** Calendars elsewhere whose events are busy times here: their addresses, and how reading each goes. */
import { Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { inLanguage, useBusiness } from "../api/data";
import { currentLanguage } from "../i18n";
import { clockTime, longDate } from "../i18n/format";
import { Card } from "../ui/Card";
import { Chip } from "../ui/Chip";
import { Ltr } from "../ui/Ltr";
import classes from "./Calendars.module.css";
import { type Linked, readingOf, READING_TONES } from "./linked";
import { useSettings } from "./useSettings";

const LOOK_EVERY_MS = 20_000;

export function Calendars() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  const stored = useBusiness().data?.settings;
  const linked = useQuery({
    queryKey: ["linked-calendars"],
    queryFn: async () => (await unwrap(api.GET("/api/v1/linked-calendars"))).items,
    refetchInterval: LOOK_EVERY_MS,
  });
  const of = (staff_id: string) => linked.data?.find((item) => item.staff_id === staff_id);
  return (
    <Card title={t("calendars.title")}>
      <p className={classes.lead}>{t("calendars.lead")}</p>
      <Stack gap="lg">
        <LinkedCalendar
          label={t("calendars.whole")}
          value={settings.calendar}
          stored={stored?.calendar ?? null}
          linked={of("")}
          onChange={(calendar) => change({ calendar })}
          error={wrong("calendar")}
        />
        {settings.staff.map((member, place) => (
          <LinkedCalendar
            key={member.id}
            label={t("calendars.of", { name: inLanguage(member.name) || member.id })}
            value={member.calendar}
            stored={stored?.staff.find(({ id }) => id === member.id)?.calendar ?? null}
            linked={of(member.id)}
            onChange={(calendar) =>
              change({ staff: settings.staff.map((each, at) => (at === place ? { ...each, calendar } : each)) })
            }
            error={wrong(`staff[${place}].calendar`)}
          />
        ))}
      </Stack>
    </Card>
  );
}

interface LinkedCalendarProps {
  label: string;
  value: string | null;
  /** As it was saved: only of this is it known how reading goes. */
  stored: string | null;
  linked: Linked | undefined;
  onChange: (address: string | null) => void;
  error: string | undefined;
}

function LinkedCalendar({ label, value, stored, linked, onChange, error }: LinkedCalendarProps) {
  const known = value === stored && (stored !== null || linked !== undefined);
  return (
    <div>
      <TextInput
        label={label}
        type="url"
        dir="ltr"
        placeholder="https://"
        value={value ?? ""}
        onChange={(event) => onChange(event.currentTarget.value || null)}
        error={error}
      />
      {known ? <State linked={linked} /> : null}
    </div>
  );
}

function State({ linked }: { linked: Linked | undefined }) {
  const { t } = useTranslation();
  const reading = readingOf(linked);
  return (
    <div className={classes.state} data-reading={reading}>
      <Chip tone={READING_TONES[reading]}>{t(`calendars.reading.${reading}`)}</Chip>
      {linked?.read_at ? (
        <Text size="sm" c="dimmed">
          {t("calendars.readAt")} <Moment at={linked.read_at} />
        </Text>
      ) : null}
      {reading === "good" ? null : <Text size="sm">{t(`calendars.why.${reading}`)}</Text>}
      {linked?.error ? (
        <p className={classes.logged} dir="ltr" lang="en">
          {linked.error}
        </p>
      ) : null}
    </div>
  );
}

function Moment({ at }: { at: string }) {
  const { settings } = useSettings();
  const language = currentLanguage();
  return (
    <>
      {longDate(at, language, settings.timezone)}, <Ltr>{clockTime(at, language, settings.timezone)}</Ltr>
    </>
  );
}
