/** The calls that go on, on top of a page: one line each, to be opened. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { LiveCall } from "../api/live";
import { position } from "../i18n/format";
import { Chip } from "../ui/Chip";
import { Ltr } from "../ui/Ltr";
import classes from "./LiveStrip.module.css";
import { Who } from "./Who";

export function LiveStrip({ calls }: { calls: readonly LiveCall[] }) {
  const { t } = useTranslation();
  return (
    <div className={classes.strip}>
      {calls.map((call) => (
        <Link key={call.call_id} href={`/live#${call.call_id}`} className={classes.call}>
          <Chip tone="live">{t("call.goingOn")}</Chip>
          <strong>
            <Who call={call} />
          </strong>
          <Ltr>{position(call.duration_ms)}</Ltr>
          <span className={classes.words} dir="auto">
            {call.turns.at(-1)?.heard_text}
          </span>
        </Link>
      ))}
    </div>
  );
}
