/** What was given up about one call or appointment; nothing where all went well. */
import { useTranslation } from "react-i18next";
import { JobRow } from "./JobRow";
import { useGivenUp } from "./useWork";
import classes from "./Work.module.css";

export function GivenUp({ subject }: { subject: string }) {
  const { t } = useTranslation();
  const { data: found = [] } = useGivenUp(subject);
  if (found.length === 0) return null;
  return (
    <section className={`${classes.given} no-print`} aria-label={t("work.givenUp")}>
      <h3>{t("work.givenUp")}</h3>
      <ul className={classes.jobs}>
        {found.map((job) => (
          <JobRow key={job.id} job={job} here />
        ))}
      </ul>
    </section>
  );
}
