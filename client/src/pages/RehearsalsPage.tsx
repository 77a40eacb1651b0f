/** Rehearsals: one click has a synthetic caller play a script, and shows what came of it. */
import { Alert, Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { adviceOf } from "../api/errors";
import { currentLanguage } from "../i18n";
import { position } from "../i18n/format";
import { Line, Result } from "../rehearsal/Result";
import classes from "../rehearsal/Rehearsal.module.css";
import { goesOn, type Rehearsal, type Script, useRehearsals, useRehearse, useScripts, useStopRehearsal } from "../rehearsal/useRehearsals";
import { Card } from "../ui/Card";
import { Chip } from "../ui/Chip";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import { PageHead } from "../ui/PageHead";
import { Empty, Failed, Waiting } from "../ui/States";

export default function RehearsalsPage() {
  const { t } = useTranslation();
  const language = currentLanguage();
  const scripts = useScripts(language);
  const rehearsals = useRehearsals();
  const begin = useRehearse(language);
  const failed = scripts.error ?? rehearsals.error;
  const now = rehearsals.data?.find(goesOn);
  return (
    <>
      <PageHead title={t("rehearsal.title")} lead={t("rehearsal.lead")} />
      <p className={classes.safe}>
        <Icon name="flask" />
        <span>{t("rehearsal.safe")}</span>
      </p>
      {failed ? <Failed error={failed} /> : null}
      {begin.isError ? (
        <Alert color="red" role="alert" mb="md">
          {adviceOf(begin.error)}
        </Alert>
      ) : null}
      <div className={classes.page}>
        <div className={classes.scripts}>
          {scripts.isPending ? <Waiting rows={6} /> : null}
          {scripts.data?.map((script) => (
            <ScriptCard key={script.id} script={script} busy={now !== undefined || begin.isPending} onRun={() => begin.mutate(script.id)} />
          ))}
        </div>
        <div className={classes.results} aria-live="polite">
          {now ? <Now rehearsal={now} /> : null}
          {rehearsals.data?.filter((each) => !goesOn(each)).map((each) => <Result key={each.id} rehearsal={each} />)}
          {rehearsals.data?.length === 0 ? (
            <Card>
              <Empty icon="flask" title={t("rehearsal.none")}>
                {t("rehearsal.noneLead")}
              </Empty>
            </Card>
          ) : null}
        </div>
      </div>
    </>
  );
}

const KNOWN = ["booking", "cut-in", "echo", "network"] as const;

function ScriptCard({ script, busy, onRun }: { script: Script; busy: boolean; onRun: () => void }) {
  const { t } = useTranslation();
  const known = KNOWN.find((id) => id === script.id) ?? "own";
  return (
    <Card>
      <div className={classes.script}>
        <h2 dir="auto">{script.title}</h2>
        <p>{t(`rehearsal.about.${known}`)}</p>
        <div className={classes.foot}>
          <Button
            size="compact-md"
            disabled={busy}
            leftSection={<Icon name="play" size={16} />}
            aria-label={t("rehearsal.runOf", { title: script.title })}
            onClick={onRun}
          >
            {t("rehearsal.run")}
          </Button>
          <details>
            <summary>{t("rehearsal.script")}</summary>
            <pre className={classes.text} dir="ltr">
              {script.text.trim()}
            </pre>
          </details>
        </div>
      </div>
    </Card>
  );
}

function Now({ rehearsal }: { rehearsal: Rehearsal }) {
  const { t } = useTranslation();
  const stop = useStopRehearsal();
  return (
    <Card
      title={
        <span className={classes.title}>
          <span dir="auto">{rehearsal.script.title}</span>
          <Chip tone="live">{t(`rehearsal.stage.${rehearsal.stage}`)}</Chip>
        </span>
      }
      actions={
        <Button color="red" variant="light" size="compact-md" loading={stop.isPending} onClick={() => stop.mutate(rehearsal.id)}>
          {t("rehearsal.stop")}
        </Button>
      }
    >
      <h3 className={classes.part}>{t("rehearsal.now")}</h3>
      <ol className={classes.steps}>
        {rehearsal.steps.map((step, index) => (
          <li key={`${step.at_ms} ${index}`}>
            <Ltr>{position(step.at_ms)}</Ltr>
            <Line source={step.text} />
          </li>
        ))}
      </ol>
    </Card>
  );
}
