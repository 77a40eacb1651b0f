/** What the colours of the flags and of the lanes mean: only those that this call has. */
import { useTranslation } from "react-i18next";
import classes from "./Legend.module.css";
import type { Family, Marker } from "./markers";
import type { Score } from "./paint";

const FAMILIES: readonly Family[] = ["caller", "hold", "cut", "desk", "engine", "line", "trouble"];

export function Legend({ markers, score }: { markers: readonly Marker[]; score: Score }) {
  const { t } = useTranslation();
  const seen = new Set(markers.map(({ family }) => family));
  if (seen.size === 0) return null;
  return (
    <ul className={classes.legend} aria-label={t("lanes.legend")}>
      {FAMILIES.filter((family) => seen.has(family)).map((family) => (
        <li key={family} data-family={family}>
          {t(`lanes.family.${family}`)}
        </li>
      ))}
      {score.unheard.length > 0 ? <li data-family="unheard">{t("lanes.unheard")}</li> : null}
    </ul>
  );
}
