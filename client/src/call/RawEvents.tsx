/** For developers: every line of a call's timeline, the files to take away, and how to run the call again. */
import { Anchor, Button, Code, CopyButton, Group, Text, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTimeline } from "../api/data";
import type { CallDetail } from "../api/types";
import { Card } from "../ui/Card";
import { Failed, Waiting } from "../ui/States";
import classes from "./RawEvents.module.css";

export function RawEvents({ call }: { call: CallDetail }) {
  const { t } = useTranslation();
  const timeline = useTimeline(call.id, false);
  const [wanted, setWanted] = useState("");
  const base = `/api/v1/calls/${encodeURIComponent(call.id)}`;
  const command = `torim replay ${call.id}.call`;
  return (
    <Card
      title={t("raw.title")}
      actions={
        <Group gap="md">
          {call.has_recording ? <Anchor href={`${base}/recording`} download>{t("raw.recording")}</Anchor> : null}
          <Anchor href={`${base}/timeline.call`} download>
            {t("raw.timeline")}
          </Anchor>
          <Anchor href={base} download={`${call.id}.json`}>
            {t("raw.json")}
          </Anchor>
        </Group>
      }
    >
      <Group gap="sm" mb="sm">
        <Text size="sm">{t("raw.replay")}</Text>
        <Code dir="ltr">{command}</Code>
        <CopyButton value={command}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="default" onClick={copy}>
              {t(copied ? "transcript.copied" : "transcript.copy")}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Facts call={call} />
      <TextInput
        size="sm"
        mb="sm"
        placeholder={t("raw.filter")}
        aria-label={t("raw.filter")}
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value)}
      />
      {timeline.isPending ? <Waiting /> : null}
      {timeline.isError ? <Failed error={timeline.error} /> : null}
      {timeline.data ? <Lines items={timeline.data.items} wanted={wanted} /> : null}
    </Card>
  );
}

/** With what the call ran and what it used, by the names that the API has for it. */
function Facts({ call }: { call: CallDetail }) {
  const { t } = useTranslation();
  const facts = { call: call.id, engine: call.engine, carrier: call.carrier, settings: call.settings_version, ...call.usage };
  return (
    <dl className={classes.facts} dir="ltr" aria-label={t("raw.facts")}>
      {Object.entries(facts).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{String(value ?? "–")}</dd>
        </div>
      ))}
    </dl>
  );
}

const SHOWN = 2000;

function Lines({ items, wanted }: { items: readonly { at_ms: number; who: string; what: string }[]; wanted: string }) {
  const { t } = useTranslation();
  const text = useMemo(() => {
    const found = items.filter((item) => `${item.who} ${item.what}`.includes(wanted));
    const shown = found.slice(0, SHOWN).map((item) => `${String(item.at_ms).padStart(7)}  ${item.who.padEnd(8)}${item.what}`);
    return { lines: shown.join("\n"), rest: found.length - shown.length };
  }, [items, wanted]);
  return (
    <>
      {/* The box itself reads from left to right: in Hebrew it would begin at the far end of its longest line. */}
      <div className={classes.box} dir="ltr" tabIndex={0} role="region" aria-label={t("raw.title")}>
        <pre className={classes.lines}>{text.lines}</pre>
      </div>
      {text.rest > 0 ? (
        <Text size="sm" c="dimmed">
          {t("raw.more", { count: text.rest })}
        </Text>
      ) : null}
    </>
  );
}
