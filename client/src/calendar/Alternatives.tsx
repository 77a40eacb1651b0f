/** Free times near one that is taken, each a button. */
import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { currentLanguage } from "../i18n";
import { clockTime, longDate } from "../i18n/format";
import { Ltr } from "../ui/Ltr";

interface AlternativesProps {
  found: readonly { starts_at: string }[];
  zone: string;
  onChoose: (startsAt: string) => void;
}

export function Alternatives({ found, zone, onChoose }: AlternativesProps) {
  const { t } = useTranslation();
  const language = currentLanguage();
  if (found.length === 0) return null;
  return (
    <>
      <Text size="sm" mt="xs">
        {t("calendar.freeNear")}
      </Text>
      <Group gap="xs" mt={4}>
        {found.map(({ starts_at }) => (
          <Button key={starts_at} size="compact-sm" variant="default" onClick={() => onChoose(starts_at)}>
            {longDate(starts_at, language, zone)}, <Ltr>{clockTime(starts_at, language, zone)}</Ltr>
          </Button>
        ))}
      </Group>
    </>
  );
}
