/** Has the summary of a call written again, and says how that goes. */
import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { adviceOf } from "../api/errors";
import type { CallDetail } from "../api/types";
import { useSession } from "../app/session";
import { isOpen, useSummaryAgain } from "../work/useWork";

export function SummaryAgain({ call }: { call: CallDetail }) {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const { ask, job, asking, error } = useSummaryAgain(call.id);
  const may = session?.scopes.includes("calls:control") ?? false;
  if (!may || call.ended_at === null || call.erased_at !== null) return null;
  const said = error ? adviceOf(error) : job ? t(`summaryAgain.${job.status}`) : "";
  return (
    <Group gap="sm" className="no-print">
      <Text size="sm" c={error || job?.status === "dead" ? "red" : "dimmed"} role="status">
        {said}
      </Text>
      <Button size="compact-sm" variant="light" loading={asking || (job !== null && isOpen(job) && !error)} onClick={ask}>
        {t("summaryAgain.ask")}
      </Button>
    </Group>
  );
}
