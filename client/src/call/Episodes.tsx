/** Every sound that met the AI's voice, and what became of it: one row each, with the numbers. */
import { Anchor, Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { secondsOf } from "../i18n/format";
import { Chip } from "../ui/Chip";
import { becameOf, type Episode } from "./markers";
import { verdictOf, VERDICT_TONES } from "./verdicts";

interface EpisodesProps {
  episodes: readonly Episode[];
  developer: boolean;
  /** Goes to an instant of the call. */
  onSeek: (atMs: number) => void;
}

export function Episodes({ episodes, developer, onSeek }: EpisodesProps) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={developer ? 760 : 560}>
      <Table verticalSpacing={6} horizontalSpacing="sm" fz="sm">
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
            <Row key={`${episode.onset_ms} ${episode.verdict}`} episode={episode} developer={developer} onSeek={onSeek} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface RowProps extends Omit<EpisodesProps, "episodes"> {
  episode: Episode;
}

function Row({ episode, developer, onSeek }: RowProps) {
  const { t } = useTranslation();
  const verdict = verdictOf(episode.verdict);
  const at = t("unit.s", { value: (episode.onset_ms / 1000).toFixed(2) });
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component="button" type="button" size="sm" style={{ whiteSpace: "nowrap" }} onClick={() => onSeek(episode.onset_ms)} aria-label={t("transcript.playFrom", { at })}>
          {at}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <Chip tone={VERDICT_TONES[verdict]}>{t(`verdict.${verdict}`)}</Chip>
      </Table.Td>
      <Table.Td>{t(`became.${becameOf(episode)}`)}</Table.Td>
      <Table.Td>{episode.stop_ms ?? "–"}</Table.Td>
      <Table.Td>{episode.verdict_ms ?? "–"}</Table.Td>
      <Table.Td>{episode.heard_ms === null ? "–" : t("unit.s", { value: secondsOf(episode.heard_ms) })}</Table.Td>
      {developer ? (
        <Table.Td dir="ltr" ff="monospace" fz="xs">
          {episode.reason}
        </Table.Td>
      ) : null}
    </Table.Tr>
  );
}
