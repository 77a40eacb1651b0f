/** What callers left for somebody to see to: urgent first to the eye, done with one press. */
import { Button, SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMessages } from "../api/data";
import { MessageCard } from "../call/MessageCard";
import { urgentFirst } from "../call/outcome";
import { Card } from "../ui/Card";
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
        {(view === "open" ? urgentFirst(found) : found).map((message) => (
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
