/** What Torim owes after calls and bookings: what was given up and needs somebody, what waits, what is done. */
import { Button, SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Card } from "../ui/Card";
import { Empty, Failed, Waiting } from "../ui/States";
import { JobRow } from "./JobRow";
import { useJobs } from "./useWork";
import classes from "./Work.module.css";

const VIEWS = ["dead", "waiting", "done"] as const;
type View = (typeof VIEWS)[number];

export function Work() {
  const { t } = useTranslation();
  const [view, setView] = useState<View>("dead");
  const jobs = useJobs(view);
  const found = jobs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Card
      title={t("work.title")}
      actions={
        <SegmentedControl<View>
          size="xs"
          aria-label={t("work.view")}
          value={view}
          onChange={setView}
          data={VIEWS.map((value) => ({ value, label: t(`work.status.${value}`) }))}
        />
      }
    >
      <p className={classes.lead}>{t("work.lead")}</p>
      {jobs.isPending ? <Waiting /> : null}
      {jobs.isError ? <Failed error={jobs.error} retry={() => void jobs.refetch()} /> : null}
      {jobs.isSuccess && found.length === 0 ? <Empty icon="check" title={t(`work.none.${view}`)} /> : null}
      {found.length > 0 ? (
        <ul className={classes.jobs} aria-label={t("work.title")}>
          {found.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      ) : null}
      {jobs.hasNextPage ? (
        <Button variant="default" mt="md" loading={jobs.isFetchingNextPage} onClick={() => void jobs.fetchNextPage()}>
          {t("common.more")}
        </Button>
      ) : null}
    </Card>
  );
}
