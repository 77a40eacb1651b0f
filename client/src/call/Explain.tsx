/** What the chosen marker of a call means, why it came to be, and the numbers it was decided by. */
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Ltr } from "../ui/Ltr";
import classes from "./Explain.module.css";
import type { Marker } from "./markers";

const NAMED = [
  "stop_ms", "verdict_ms", "resume_ms", "heard_ms", "speech", "level_db", "echo", "voiced_ms", "odds", "key", "tool",
] as const;
type Named = (typeof NAMED)[number];

export function Explain({ marker, developer }: { marker: Marker | null; developer: boolean }) {
  const { t } = useTranslation();
  if (!marker) {
    return (
      <div className={classes.explain} data-empty>
        <Text size="sm" c="dimmed">
          {t("lanes.hint")}
        </Text>
      </div>
    );
  }
  return (
    <div className={classes.explain} data-family={marker.family} aria-live="polite">
      <div className={classes.head}>
        <strong>{t(`marker.${marker.kind}.name`)}</strong>
        <Ltr>{(marker.atMs / 1000).toFixed(2)} s</Ltr>
      </div>
      <Text size="sm">{t(`marker.${marker.kind}.why`)}</Text>
      <Numbers marker={marker} developer={developer} />
      {developer ? (
        <Text size="xs" c="dimmed" ff="monospace" dir="ltr">
          {marker.reason}
        </Text>
      ) : null}
    </div>
  );
}

function Numbers({ marker, developer }: { marker: Marker; developer: boolean }) {
  const { t } = useTranslation();
  const shown = Object.entries(marker.numbers).filter(([name]) => developer || isNamed(name));
  if (shown.length === 0) return null;
  return (
    <dl className={classes.numbers}>
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{isNamed(name) ? t(`number.${name}`) : <Ltr>{name}</Ltr>}</dt>
          <dd>
            <Ltr>{value}</Ltr>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function isNamed(name: string): name is Named {
  return (NAMED as readonly string[]).includes(name);
}
