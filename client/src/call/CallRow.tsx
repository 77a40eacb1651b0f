/** One call in a list: who, when, what came of it, and how often the caller cut in. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useZone } from "../api/data";
import type { Call } from "../api/types";
import { currentLanguage } from "../i18n";
import { clockTime, dayOf, position, shortDate } from "../i18n/format";
import { Chip } from "../ui/Chip";
import { Ltr } from "../ui/Ltr";
import classes from "./CallRow.module.css";
import { lineName } from "./line";
import { PhoneNumber } from "./Number";
import { OUTCOME_TONES } from "./outcome";

export function CallRow({ call }: { call: Call }) {
  const { t } = useTranslation();
  const zone = useZone();
  const language = currentLanguage();
  const line = lineName(call.carrier);
  const today = dayOf(new Date(), zone) === dayOf(call.started_at, zone);
  return (
    <Link href={`/calls/${encodeURIComponent(call.id)}`} className={classes.row}>
      <span className={classes.who}>
        {line && (call.carrier === "rehearsal" || !call.from_number) ? (
          t(line)
        ) : (
          <PhoneNumber number={call.from_number} />
        )}
      </span>
      <span className={classes.when}>
        {today ? t("nav.today") : <Ltr>{shortDate(call.started_at, language, zone)}</Ltr>}{" "}
        <Ltr>{clockTime(call.started_at, language, zone)}</Ltr>
        {call.duration_ms === null ? null : (
          <>
            {" · "}
            <Ltr>{position(call.duration_ms)}</Ltr>
          </>
        )}
      </span>
      <span className={classes.what} dir="auto">
        {call.summary}
      </span>
      <span className={classes.chips}>
        {call.barge_in_count > 0 ? <Chip tone="info">{t("calls.bargeIns", { count: call.barge_in_count })}</Chip> : null}
        {call.false_alarm_count > 0 ? (
          <Chip tone="warn">{t("calls.falseAlarms", { count: call.false_alarm_count })}</Chip>
        ) : null}
        {call.ended_at === null ? <Chip tone="live">{t("call.goingOn")}</Chip> : null}
        {call.outcome ? <Chip tone={OUTCOME_TONES[call.outcome]}>{t(`outcome.${call.outcome}`)}</Chip> : null}
      </span>
    </Link>
  );
}
