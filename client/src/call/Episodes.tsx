/** Every sound that met the AI's voice, and what became of it: one row each, with the numbers. */
import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Chip, type Tone } from "../ui/Chip";
import { Ltr } from "../ui/Ltr";
import type { Episode } from "./markers";

const VERDICTS = ["voice", "key", "words", "echo", "noise", "short", "undecided", "blocked"] as const;
type Verdict = (typeof VERDICTS)[number];
const TONES: Record<Verdict, Tone> = {
  voice: "good",
  key: "good",
  words: "good",
  echo: "warn",
  noise: "warn",
  short: "warn",
  undecided: "warn",
  blocked: "bad",
};

export function Episodes({ episodes, developer }: { episodes: readonly Episode[]; developer: boolean }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table verticalSpacing="xs" horizontalSpacing="md">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("episodes.at")}</Table.Th>
            <Table.Th>{t("episodes.verdict")}</Table.Th>
            <Table.Th>{t("episodes.became")}</Table.Th>
            <Table.Th>{t("number.stop_ms")}</Table.Th>
            <Table.Th>{t("number.verdict_ms")}</Table.Th>
            <Table.Th>{t("episodes.heard")}</Table.Th>
            {developer ? <Table.Th>{t("episodes.reason")}</Table.Th> : null}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {episodes.map((episode) => (
            <Row key={`${episode.onset_ms} ${episode.verdict}`} episode={episode} developer={developer} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ episode, developer }: { episode: Episode; developer: boolean }) {
  const { t } = useTranslation();
  const verdict = VERDICTS.find((known) => known === episode.verdict) ?? "undecided";
  const became = episode.cut ? "cut" : episode.verdict === "blocked" ? "blocked" : "resumed";
  const ms = (value: number | null) => (value === null ? "–" : t("unit.ms", { value }));
  return (
    <Table.Tr>
      <Table.Td>
        <Ltr>{(episode.onset_ms / 1000).toFixed(2)} s</Ltr>
      </Table.Td>
      <Table.Td>
        <Chip tone={TONES[verdict]}>{t(`verdict.${verdict}`)}</Chip>
      </Table.Td>
      <Table.Td>{t(`became.${became}`)}</Table.Td>
      <Table.Td>{ms(episode.stop_ms)}</Table.Td>
      <Table.Td>{ms(episode.verdict_ms)}</Table.Td>
      <Table.Td>{ms(episode.heard_ms)}</Table.Td>
      {developer ? (
        <Table.Td dir="ltr" ff="monospace" fz="xs">
          {episode.reason}
        </Table.Td>
      ) : null}
    </Table.Tr>
  );
}
