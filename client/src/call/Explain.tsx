/** What the chosen marker of a call means, how the sound was judged and why, and the numbers it was judged by. */
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { secondsOf } from "../i18n/format";
import { Chip } from "../ui/Chip";
import { Ltr } from "../ui/Ltr";
import classes from "./Explain.module.css";
import type { Marker } from "./markers";
import { verdictOf, VERDICT_TONES } from "./verdicts";

const NAMED = [
  "stop_ms", "verdict_ms", "resume_ms", "heard_ms", "unheard_ms", "played_ms", "dropped_ms", "speech", "level_db",
  "echo", "voiced_ms", "odds", "key", "tool",
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
        <span>{t("unit.s", { value: (marker.atMs / 1000).toFixed(2) })}</span>
        <Judged marker={marker} />
      </div>
      <Text size="sm">
        {t(`marker.${marker.kind}.why`)} <Story marker={marker} />
      </Text>
      <Numbers marker={marker} developer={developer} />
      {developer ? (
        <Text size="xs" c="dimmed" ff="monospace" dir="ltr">
          {marker.reason}
        </Text>
      ) : null}
    </div>
  );
}

function Judged({ marker }: { marker: Marker }) {
  const { t } = useTranslation();
  if (!marker.verdict) return null;
  const verdict = verdictOf(marker.verdict);
  return <Chip tone={VERDICT_TONES[verdict]}>{t(`verdict.${verdict}`)}</Chip>;
}

/** What came of a sound and why, as far as its numbers are known. */
function Story({ marker }: { marker: Marker }) {
  const { t } = useTranslation();
  const { verdict, became, numbers } = marker;
  if (!verdict || !became) return null;
  const judged = verdictOf(verdict);
  const locked = judged === "blocked" && numbers.greeting_lock !== "true";
  const because = t(locked ? "story.because.disabled" : `story.because.${judged}`, { echo: numbers.echo ?? "–" });
  if (became === "blocked" || numbers.stop_ms === undefined) return because;
  const told = {
    stop: numbers.stop_ms,
    verdict: numbers.verdict_ms ?? "–",
    resume: numbers.resume_ms ?? "–",
    heard: secondsOf(Number(numbers.heard_ms ?? 0)),
  };
  return `${because} ${t(`story.${became}`, told)}`;
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
