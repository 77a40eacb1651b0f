/** What callers can get here, and when. */
import { useTranslation } from "react-i18next";
import { useParams } from "wouter";
import { Calendars } from "../business/Calendars";
import { ClosedDays, Details, HoursSection, Knowledge, Services } from "../business/Sections";
import { StaffSection } from "../business/StaffSection";
import { SettingsDraft } from "../business/useSettings";
import { PageHead } from "../ui/PageHead";
import { Parts } from "../ui/Parts";

export default function BusinessPage() {
  const { t } = useTranslation();
  const { part } = useParams<{ part?: string }>();
  return (
    <>
      <PageHead title={t("nav.business")} lead={t("business.lead")} />
      <SettingsDraft>
        <Parts
          base="/business"
          current={part}
          parts={[
            { key: "details", name: t("business.details"), content: () => <Details /> },
            { key: "hours", name: t("business.hours"), content: () => <HoursSection /> },
            { key: "services", name: t("business.services"), content: () => <Services /> },
            { key: "staff", name: t("business.staff"), content: () => <StaffSection /> },
            { key: "closed", name: t("business.closedDays"), content: () => <ClosedDays /> },
            { key: "calendars", name: t("calendars.title"), content: () => <Calendars /> },
            { key: "knowledge", name: t("business.knowledge"), content: () => <Knowledge /> },
          ]}
        />
      </SettingsDraft>
    </>
  );
}
