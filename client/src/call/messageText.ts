/** The words of a message, without the id of the voice note that they end with. */
import type { Message } from "../api/types";

const NOTE = /\s*\[[^[\]\s]{1,120}\]$/;

export function messageText(message: Pick<Message, "text" | "has_voice_note">): string {
  return message.has_voice_note ? message.text.replace(NOTE, "") : message.text;
}
