/** How Torim itself works here: speech, calls, numbers, who is told, what is kept, who may do what. */
import { useTranslation } from "react-i18next";
import { useParams } from "wouter";
import { useSession } from "../app/session";
import { CallRules } from "../business/CallRules";
import { Numbers } from "../business/Numbers";
import { Myself, People } from "../business/People";
import { Privacy } from "../business/Privacy";
import { Programs } from "../business/Programs";
import { Speaking } from "../business/Speaking";
import { Telling } from "../business/Telling";
import { SettingsDraft } from "../business/useSettings";
import { Work } from "../work/Work";
import { PageHead } from "../ui/PageHead";
import { type Part, Parts } from "../ui/Parts";

/** Parts that are no settings of the business: whoever sees them may use them. */
const FREE: ReadonlySet<string> = new Set(["work", "people", "programs", "myself"]);

export default function SettingsPage() {
  const { t } = useTranslation();
  const { part } = useParams<{ part?: string }>();
  const { data: session } = useSession();
  const owner = session?.scopes.includes("access") ?? false;
  const parts: Part[] = [
    { key: "speaking", name: t("settings.speaking"), content: () => <Speaking /> },
    { key: "calls", name: t("settings.calls"), content: () => <CallRules /> },
    { key: "numbers", name: t("numbers.title"), content: () => <Numbers /> },
    { key: "telling", name: t("settings.telling"), content: () => <Telling /> },
    { key: "work", name: t("work.title"), content: () => <Work /> },
    { key: "privacy", name: t("settings.privacy"), content: () => <Privacy /> },
    ...(owner
      ? [
          { key: "people", name: t("people.title"), content: () => <People /> },
          { key: "programs", name: t("settings.programs"), content: () => <Programs /> },
        ]
      : []),
    { key: "myself", name: t("settings.myself"), content: () => <Myself /> },
  ];
  return (
    <>
      <PageHead title={t("nav.settings")} lead={t("settings.lead")} />
      <SettingsDraft free={FREE.has(part ?? "")}>
        <Parts base="/settings" current={part} parts={parts} />
      </SettingsDraft>
    </>
  );
}
