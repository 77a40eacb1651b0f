/** One thing that is owed or was given up: what it is, about what, why it failed, and another try. */
import { Button, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useZone } from "../api/data";
import { adviceOf } from "../api/errors";
import { useSession } from "../app/session";
import { toast } from "../app/toast";
import { currentLanguage } from "../i18n";
import { clockTime, longDate } from "../i18n/format";
import { Chip, type Tone } from "../ui/Chip";
import { Ltr } from "../ui/Ltr";
import classes from "./Work.module.css";
import { kindOf, placeOf, remedyOf } from "./naming";
import { type Job, type JobStatus, useRetry } from "./useWork";

const TONES: Record<JobStatus, Tone> = { waiting: "info", running: "live", done: "good", dead: "bad", dropped: "plain" };

interface JobRowProps {
  job: Job;
  /** The page shows already what the job is about: in short, without the server's own words, which are English. */
  here?: boolean;
}

export function JobRow({ job, here = false }: JobRowProps) {
  const { t } = useTranslation();
  const zone = useZone();
  const language = currentLanguage();
  const place = here ? null : placeOf(job);
  const at = job.status === "waiting" ? job.run_at : (job.finished_at ?? job.created_at);
  return (
    <li className={classes.job} data-here={here || undefined} data-status={job.status} data-kind={job.kind}>
      <div className={classes.what}>
        <strong>
          <Name job={job} />
        </strong>{" "}
        {job.tells && kindOf(job) !== "summary" ? <span>{t(`work.tells.${job.tells}`)}</span> : null}
        {here ? null : <Chip tone={TONES[job.status]}>{t(`work.status.${job.status}`)}</Chip>}
      </div>
      {here ? null : (
        <small className={classes.when}>
          {longDate(at, language, zone)}, <Ltr>{clockTime(at, language, zone)}</Ltr>
          {job.attempts > 0 ? ` · ${t("work.attempts", { count: job.attempts })}` : ""}
        </small>
      )}
      {job.status === "dead" ? <Text size="sm">{t(`work.why.${kindOf(job)}`)}</Text> : null}
      {job.last_error && !here ? (
        <p className={classes.logged} dir="ltr" lang="en">
          {job.last_error}
        </p>
      ) : null}
      <div className={classes.foot}>
        {job.status === "dead" ? <Retry job={job} /> : null}
        {place && job.tells ? <Link href={place}>{t(`work.place.${placeName(job.tells)}`)}</Link> : null}
        {job.status === "dead" && remedyOf(job) ? <Link href={remedyOf(job) ?? ""}>{t("work.toSettings")}</Link> : null}
      </div>
    </li>
  );
}

function placeName(tells: NonNullable<Job["tells"]>): "call" | "message" | "appointment" {
  return tells === "call" || tells === "message" ? tells : "appointment";
}

function Name({ job }: { job: Job }) {
  const { t } = useTranslation();
  const kind = kindOf(job);
  if ((kind === "email" || kind === "sms") && job.recipient) return t(`work.kind.${kind}_${job.recipient}`);
  return t(`work.kind.${kind}`);
}

function Retry({ job }: { job: Job }) {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const retry = useRetry();
  if (!session?.scopes.includes("business:write")) return <Text size="sm" c="dimmed">{t("work.ownersRetry")}</Text>;
  return (
    <Button
      size="compact-md"
      variant="light"
      loading={retry.isPending}
      onClick={() =>
        retry.mutate(job.id, {
          onSuccess: () => toast({ color: "green", message: t("work.tryingAgain") }),
          onError: (error) => toast({ color: "red", message: adviceOf(error) }),
        })
      }
    >
      {t("common.retry")}
    </Button>
  );
}
