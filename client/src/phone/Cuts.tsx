/** How soon the line fell silent each time the caller cut in, measured here at the loudspeaker. */
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { median } from "../call/median";
import { Ltr } from "../ui/Ltr";
import classes from "./Cuts.module.css";
import type { Cut } from "./line_end";

const SCALE_MS = 300;

export function Cuts({ cuts, talking }: { cuts: readonly Cut[]; talking: boolean }) {
  const { t } = useTranslation();
  if (cuts.length === 0) {
    return (
      <Text c="dimmed" size="sm">
        {t(talking ? "cuts.tryNow" : "cuts.none")}
      </Text>
    );
  }
  const times = cuts.map((cut) => cut.silentMs - cut.onsetMs);
  return (
    <div>
      <p className={classes.median}>
        {t("cuts.median")} <strong data-testid="median-stop">{t("unit.ms", { value: Math.round(median(times)) })}</strong>
      </p>
      <ol className={classes.cuts} data-testid="cuts">
        {cuts.map((cut, index) => (
          <li key={cut.onsetMs} data-ms={Math.round(times[index] ?? 0)} data-by={cut.by} data-dropped={Math.round(cut.droppedMs)}>
            <Ltr>{(cut.onsetMs / 1000).toFixed(1)} s</Ltr>
            <span className={classes.bar} style={{ ["--part" as string]: Math.min(1, (times[index] ?? 0) / SCALE_MS) }} />
            <strong>{t("unit.ms", { value: Math.round(times[index] ?? 0) })}</strong>
            <span className={classes.by}>{t(`cuts.by.${cut.by}`)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
