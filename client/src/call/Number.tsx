/** A telephone number: left to right in any text, one tap to call it; or the words for a withheld one. */
import { Anchor } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { phoneNumber } from "../i18n/format";
import { Ltr } from "../ui/Ltr";

export function PhoneNumber({ number, link = false }: { number: string | null; link?: boolean }) {
  const { t } = useTranslation();
  if (!number) return <>{t("call.withheld")}</>;
  const shown = <Ltr>{phoneNumber(number)}</Ltr>;
  return link ? <Anchor href={`tel:${number}`}>{shown}</Anchor> : shown;
}
