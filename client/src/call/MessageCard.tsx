/** One message that a caller left. */
import { Button, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useMarkMessage, useZone } from "../api/data";
import { adviceOf } from "../api/errors";
import type { Message } from "../api/types";
import { toast } from "../app/toast";
import { currentLanguage } from "../i18n";
import { clockTime, longDate } from "../i18n/format";
import { Chip } from "../ui/Chip";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import classes from "./MessageCard.module.css";
import { messageText } from "./messageText";
import { PhoneNumber } from "./Number";
import { URGENCY_TONES } from "./outcome";
import { SoundButton } from "./SoundButton";

interface MessageCardProps {
  message: Message;
  /** The page is that of the message's call. */
  here?: boolean;
}

export function MessageCard({ message, here = false }: MessageCardProps) {
  const { t } = useTranslation();
  const zone = useZone();
  const language = currentLanguage();
  const mark = useMarkMessage();
  const done = message.done_at !== null;
  const toggle = () =>
    mark.mutate(
      { id: message.id, version: message.version, done: !done },
      { onError: (error) => toast({ color: "red", message: adviceOf(error) }) },
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
        {messageText(message)}
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
        {message.has_voice_note ? (
          <SoundButton size="compact-md" source={`/api/v1/messages/${encodeURIComponent(message.id)}/voice-note`} label={t("messages.listen")} />
        ) : null}
        {message.call_id && !here ? (
          <Link href={`/calls/${encodeURIComponent(message.call_id)}`} className={classes.call}>
            {t("messages.toCall")}
          </Link>
        ) : null}
      </div>
    </article>
  );
}
