/** Short messages over the page. What shows them is fetched for the first one. */
import type { NotificationData } from "@mantine/notifications";

let begin: () => void = () => undefined;

/** Be told when there is something to show for the first time. */
export function onFirstToast(listener: () => void): void {
  begin = listener;
}

export function toast(message: NotificationData): void {
  begin();
  void import("@mantine/notifications").then(({ notifications }) => notifications.show(message));
}

export function hideToast(id: string): void {
  void import("@mantine/notifications").then(({ notifications }) => notifications.hide(id));
}
