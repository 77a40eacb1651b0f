/** How soon the line fell silent each time the caller cut in, measured here at the loudspeaker. */
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { median } from "../call/median";
import { Bar } from "../ui/Bar";
import classes from "./Cuts.module.css";
import type { Cut, Onset } from "./line_end";

interface CutsProps {
  cuts: readonly Cut[];
  ignored: readonly Onset[];
  talking: boolean;
}

export function Cuts({ cuts, ignored, talking }: CutsProps) {
  const { t } = useTranslation();
  if (cuts.length + ignored.length === 0) {
    return (
      <Text c="dimmed" size="sm">
        {t(talking ? "cuts.tryNow" : "cuts.none")}
      </Text>
    );
  }
  const rows: (Cut | Onset)[] = [...cuts, ...ignored].sort((one, other) => one.onsetMs - other.onsetMs);
  return (
    <div>
      {cuts.length > 0 ? (
        <p className={classes.median}>
          {t("cuts.median")}{" "}
          <strong data-testid="median-stop">{t("unit.ms", { value: Math.round(median(cuts.map(stopMs))) })}</strong>
        </p>
      ) : null}
      <ol className={classes.cuts} data-testid="cuts">
        {rows.map((row) => ("silentMs" in row ? <Stopped key={row.onsetMs} cut={row} /> : <WentOn key={row.onsetMs} onset={row} />))}
      </ol>
      {ignored.length > 0 ? (
        <Text c="dimmed" size="xs" mt="xs">
          {t("cuts.wentOnLead")}
        </Text>
      ) : null}
    </div>
  );
}

function stopMs(cut: Cut): number {
  return cut.silentMs - cut.onsetMs;
}

function Stopped({ cut }: { cut: Cut }) {
  const { t } = useTranslation();
  const ms = Math.round(stopMs(cut));
  return (
    <li
      data-ms={ms}
      data-by={cut.by}
      data-onset={Math.round(cut.onsetMs)}
      data-played={Math.round(cut.playedMs)}
      data-dropped={Math.round(cut.droppedMs)}
    >
      <bdi>{t("unit.s", { value: (cut.onsetMs / 1000).toFixed(1) })}</bdi>
      <Bar ms={ms} />
      <strong>{t("unit.ms", { value: ms })}</strong>
      <span className={classes.by}>{t(`cuts.by.${cut.by}`)}</span>
    </li>
  );
}

function WentOn({ onset }: { onset: Onset }) {
  const { t } = useTranslation();
  return (
    <li data-ignored={onset.by}>
      <bdi>{t("unit.s", { value: (onset.onsetMs / 1000).toFixed(1) })}</bdi>
      <span className={classes.wentOn}>{t("cuts.wentOn")}</span>
      <span className={classes.by}>{t(`cuts.by.${onset.by}`)}</span>
    </li>
  );
}
