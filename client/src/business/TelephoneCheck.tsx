/** The check of the way that a telephone call comes in: what is right, what is wrong, and what to do about it. */
import { Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import type { components } from "../api/schema";
import { Card } from "../ui/Card";
import { Chip, type Tone } from "../ui/Chip";
import { Icon, type IconName } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import { Failed } from "../ui/States";
import classes from "./TelephoneCheck.module.css";

type Finding = components["schemas"]["TelephoneFinding"];
const ICONS: Record<Finding["grade"], IconName> = { ok: "check", warn: "alert", fail: "close", skipped: "more" };
const TONES: Record<Finding["grade"], Tone> = { ok: "good", warn: "warn", fail: "bad", skipped: "plain" };

export function TelephoneCheck() {
  const { t } = useTranslation();
  const check = useMutation({ mutationFn: () => unwrap(api.POST("/api/v1/telephone/check")) });
  return (
    <Card
      title={t("telephone.title")}
      actions={
        <Button size="compact-md" loading={check.isPending} onClick={() => check.mutate()}>
          {t(check.data ? "telephone.again" : "telephone.check")}
        </Button>
      }
    >
      <Text c="dimmed" size="sm">
        {t("telephone.lead")}
      </Text>
      <div aria-live="polite">
        {check.isError ? <Failed error={check.error} /> : null}
        {check.data ? <Findings good={check.data.good} findings={check.data.findings} /> : null}
      </div>
    </Card>
  );
}

function Findings({ good, findings }: { good: boolean; findings: readonly Finding[] }) {
  const { t } = useTranslation();
  const wrong = findings.filter((finding) => finding.grade === "fail").length;
  return (
    <>
      <p className={classes.verdict}>{good ? t("telephone.good") : t("telephone.wrong", { count: wrong })}</p>
      <ul className={classes.findings} data-testid="telephone-findings">
        {findings.map((finding) => (
          <Row key={`${finding.check} ${finding.values.number ?? ""}`} finding={finding} />
        ))}
      </ul>
    </>
  );
}

function Row({ finding }: { finding: Finding }) {
  const { t, i18n } = useTranslation();
  const words = t as unknown as (key: string, values: Record<string, string>) => string; // its keys come from the server
  const key = `telephone.found.${finding.code.replace(".", "_")}`;
  const address = finding.values.given ?? finding.values.wanted ?? finding.values.url;
  return (
    <li data-grade={finding.grade} data-code={finding.code}>
      <span className={classes.icon}>
        <Icon name={ICONS[finding.grade]} size={18} />
      </span>
      <div>
        <strong>{t(`telephone.about.${finding.check}`)}</strong> <Chip tone={TONES[finding.grade]}>{t(`telephone.grade.${finding.grade}`)}</Chip>
        <p>{i18n.exists(key) ? words(key, isolated(finding.values)) : finding.advice}</p>
        {finding.grade !== "ok" && finding.grade !== "skipped" && address ? (
          <p className={classes.address}>
            <Ltr>{address}</Ltr>
          </p>
        ) : null}
      </div>
    </li>
  );
}

/** Addresses and numbers keep their own direction inside a sentence. */
function isolated(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, text]) => [name, `\u2066${text}\u2069`]));
}
