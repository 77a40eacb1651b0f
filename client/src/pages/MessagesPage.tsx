/** What callers left for somebody to see to: urgent first to the eye, done with one press. */
import { Button, SegmentedControl, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useMarkMessage, useMessages, useZone } from "../api/data";
import { adviceOf } from "../api/errors";
import type { Message } from "../api/types";
import { PhoneNumber } from "../call/Number";
import { URGENCY_TONES } from "../call/outcome";
import { currentLanguage } from "../i18n";
import { clockTime, longDate } from "../i18n/format";
import { Card } from "../ui/Card";
import { Chip } from "../ui/Chip";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import { PageHead } from "../ui/PageHead";
import { Empty, Failed, Waiting } from "../ui/States";
import classes from "./MessagesPage.module.css";

type View = "open" | "done";

export default function MessagesPage() {
  const { t } = useTranslation();
  const [view, setView] = useState<View>("open");
  const messages = useMessages(view === "done");
  const found = messages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHead
        title={t("messages.title")}
        lead={t("messages.lead")}
        actions={
          <SegmentedControl<View>
            aria-label={t("messages.view")}
            value={view}
            onChange={setView}
            data={(["open", "done"] as const).map((value) => ({ value, label: t(`messages.${value}`) }))}
          />
        }
      />
      {messages.isPending ? <Waiting rows={6} /> : null}
      {messages.isError ? <Failed error={messages.error} retry={() => void messages.refetch()} /> : null}
      {messages.isSuccess && found.length === 0 ? (
        <Card>
          <Empty icon="messages" title={t(view === "open" ? "messages.none" : "messages.noneDone")}>
            {t("messages.noneLead")}
          </Empty>
        </Card>
      ) : null}
      <div className={classes.list}>
        {found.map((message) => (
          <MessageCard key={message.id} message={message} />
        ))}
      </div>
      {messages.hasNextPage ? (
        <Button variant="default" mt="md" onClick={() => void messages.fetchNextPage()}>
          {t("common.more")}
        </Button>
      ) : null}
    </>
  );
}

export function MessageCard({ message }: { message: Message }) {
  const { t } = useTranslation();
  const zone = useZone();
  const language = currentLanguage();
  const mark = useMarkMessage();
  const done = message.done_at !== null;
  const toggle = () =>
    mark.mutate(
      { id: message.id, version: message.version, done: !done },
      { onError: (error) => notifications.show({ color: "red", message: adviceOf(error) }) },
    );
  return (
    <article className={classes.message} data-urgency={message.urgency} data-done={done || undefined}>
      <div className={classes.head}>
        <strong>
          <bdi>{message.name ?? t("messages.unnamed")}</bdi>
        </strong>
        <PhoneNumber number={message.from_number} link />
        {message.urgency === "normal" ? null : (
          <Chip tone={URGENCY_TONES[message.urgency]}>{t(`urgency.${message.urgency}`)}</Chip>
        )}
        <span className={classes.when}>
          {longDate(message.created_at, language, zone)}, <Ltr>{clockTime(message.created_at, language, zone)}</Ltr>
        </span>
      </div>
      <Text dir="auto" className={classes.text}>
        {message.text}
      </Text>
      <div className={classes.foot}>
        <Button
          size="compact-md"
          variant={done ? "default" : "light"}
          loading={mark.isPending}
          leftSection={<Icon name="check" size={16} />}
          onClick={toggle}
        >
          {t(done ? "messages.reopen" : "messages.markDone")}
        </Button>
        {message.call_id ? (
          <Link href={`/calls/${encodeURIComponent(message.call_id)}`} className={classes.call}>
            {t("messages.toCall")}
          </Link>
        ) : null}
      </div>
    </article>
  );
}
