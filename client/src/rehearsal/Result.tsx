/** What came of one rehearsal: how soon the line fell silent each time, and whether what was expected came true. */
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useZone } from "../api/data";
import { currentLanguage } from "../i18n";
import { clockTime, position, wholeMs } from "../i18n/format";
import { Bar } from "../ui/Bar";
import { Card } from "../ui/Card";
import { Chip, type Tone } from "../ui/Chip";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import classes from "./Rehearsal.module.css";
import { detail, sentence } from "./sentences";
import { goesOn, type Rehearsal } from "./useRehearsals";

type Cut = Rehearsal["cuts"][number];
const FRAME_MS = 20;

export function Result({ rehearsal }: { rehearsal: Rehearsal }) {
  const { t } = useTranslation();
  const zone = useZone();
  return (
    <Card
      title={
        <span className={classes.title}>
          <span dir="auto">{rehearsal.script.title}</span> <Verdict rehearsal={rehearsal} />
          <small>
            <Ltr>{clockTime(rehearsal.started_at, currentLanguage(), zone)}</Ltr>
          </small>
        </span>
      }
      actions={
        rehearsal.call_id && !goesOn(rehearsal) ? (
          <Button component={Link} href={`/calls/${encodeURIComponent(rehearsal.call_id)}`} variant="light" size="compact-md">
            {t("rehearsal.toCall")}
          </Button>
        ) : null
      }
    >
      {rehearsal.problem ? <p className={classes.problem} dir="auto">{rehearsal.problem}</p> : null}
      {rehearsal.late_ms > FRAME_MS ? (
        <p className={classes.busy} role="note">
          {t("rehearsal.busy", { ms: wholeMs(rehearsal.late_ms) })}
        </p>
      ) : null}
      {rehearsal.stage === "over" ? <Cuts cuts={rehearsal.cuts} /> : null}
      {rehearsal.findings.length > 0 ? <Checks rehearsal={rehearsal} /> : null}
    </Card>
  );
}

function Verdict({ rehearsal }: { rehearsal: Rehearsal }) {
  const { t } = useTranslation();
  const tones: Record<Rehearsal["stage"], Tone> = {
    preparing: "info", calling: "live", over: rehearsal.good ? "good" : "bad", stopped: "plain", failed: "bad",
  };
  const words = rehearsal.stage === "over" ? (rehearsal.good ? "rehearsal.good" : "rehearsal.bad") : `rehearsal.stage.${rehearsal.stage}` as const;
  return <Chip tone={tones[rehearsal.stage]}>{t(words)}</Chip>;
}

function Cuts({ cuts }: { cuts: readonly Cut[] }) {
  const { t } = useTranslation();
  const shown = cuts.filter((cut) => cut.sounding);
  if (shown.length === 0) return <p className={classes.quiet}>{t("rehearsal.noCuts")}</p>;
  return (
    <section>
      <h3 className={classes.part}>{t("rehearsal.stops")}</h3>
      <p className={classes.quiet}>{t("rehearsal.stopsLead")}</p>
      <ol className={classes.cuts} data-testid="rehearsal-cuts">
        {shown.map((cut) => (
          <Row key={cut.at_ms} cut={cut} />
        ))}
      </ol>
    </section>
  );
}

/** Whether the line sounded once more, lowered or not, before it was silent for good. */
function heardAgain(cut: Cut): boolean {
  return cut.first_silence_ms !== null && cut.silence_ms !== null && cut.silence_ms - cut.first_silence_ms > FRAME_MS;
}

function Row({ cut }: { cut: Cut }) {
  const { t } = useTranslation();
  const first = cut.first_silence_ms ?? cut.silence_ms;
  return (
    <li data-ms={first === null ? undefined : wholeMs(first)}>
      <Ltr>{position(cut.at_ms)}</Ltr>
      <span className={classes.stage} dir="auto">
        {cut.stage}
        <small>
          <bdi>{cut.words.replace(/^key /, "")}</bdi>
        </small>
      </span>
      <Bar ms={first ?? 0} />
      <span className={classes.ms}>
        <strong>{first === null ? "–" : t("unit.ms", { value: wholeMs(first) })}</strong>
        {heardAgain(cut) ? <small>{t("rehearsal.forGood", { ms: wholeMs(cut.silence_ms ?? 0) })}</small> : null}
      </span>
      {cut.problems.length > 0 ? (
        <ul className={classes.wrong} aria-label={t("rehearsal.problems")}>
          {cut.problems.map((problem) => (
            <li key={problem} dir="ltr" lang="en">
              {problem}
            </li>
          ))}
        </ul>
      ) : null}
    </li>
  );
}

/** A line of a script in the reader's language, or as it stands. */
export function Line({ source }: { source: string }) {
  const said = sentence(source);
  return said ? (
    <span>{said}</span>
  ) : (
    <bdi dir="ltr" lang="en">
      {source}
    </bdi>
  );
}

function Checks({ rehearsal }: { rehearsal: Rehearsal }) {
  const { t } = useTranslation();
  return (
    <section>
      <h3 className={classes.part}>{t("rehearsal.checks")}</h3>
      <ul className={classes.checks}>
        {rehearsal.findings.map((found) => (
          <li key={found.line} data-good={found.good}>
            <Icon name={found.good ? "check" : "close"} size={16} />
            <span className="visually-hidden">{t(found.good ? "rehearsal.passed" : "rehearsal.missed")}: </span>
            <span>
              <Line source={found.source} />
              {found.detail ? <small> ({detail(found.detail)})</small> : null}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
