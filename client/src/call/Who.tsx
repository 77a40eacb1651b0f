/** Who calls in a live call: a number, or where a call without a telephone comes from. */
import { useTranslation } from "react-i18next";
import type { LiveCall } from "../api/live";
import { lineName } from "./line";
import { PhoneNumber } from "./Number";

export function Who({ call }: { call: LiveCall }) {
  const { t } = useTranslation();
  const line = lineName(call.carrier);
  return line ? t(line) : <PhoneNumber number={call.from_number} />;
}
