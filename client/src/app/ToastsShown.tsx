/** The messages themselves; what was asked for before they came is kept in their store. */
import "@mantine/notifications/styles.css";
import { Notifications } from "@mantine/notifications";

export default function ToastsShown() {
  return <Notifications position="bottom-center" limit={3} />;
}
