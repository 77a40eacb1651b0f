/** A call as it was heard: lanes, markers with their reasons, player and transcript, all on one clock. */
import { ActionIcon, SegmentedControl, Text } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePeaks, useTimeline } from "../api/data";
import type { CallDetail } from "../api/types";
import { position } from "../i18n/format";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import classes from "./CallRecord.module.css";
import { Explain } from "./Explain";
import { Lanes } from "./Lanes";
import { Legend } from "./Legend";
import { callScore, turnOf } from "./mapping";
import { type Marker, markersOf, plainMarkers } from "./markers";
import { type Player, usePlayer } from "./player";
import { Transcript } from "./Transcript";

interface CallRecordProps {
  call: CallDetail;
  developer?: boolean;
  compact?: boolean;
  /** What else is known of the call, beside its words; told how to go to an instant. */
  children?: (seek: (atMs: number) => void) => ReactNode;
}

const POINTS = 6000;

export function CallRecord({ call, developer = false, compact = false, children }: CallRecordProps) {
  const timeline = useTimeline(call.id, !developer);
  const peaks = usePeaks(call.has_recording ? call.id : null, POINTS);
  const player = usePlayer(call.has_recording ? `/api/v1/calls/${encodeURIComponent(call.id)}/recording` : null);
  const [selected, setSelected] = useState<Marker | null>(null);
  const turns = useMemo(() => call.turns.map(turnOf), [call.turns]);
  const score = useMemo(() => callScore(call, turns, peaks.data), [call, turns, peaks.data]);
  const markers = useMemo(() => {
    const all = markersOf(timeline.data?.items ?? [], call.barge_ins);
    return developer ? all : plainMarkers(all);
  }, [timeline.data, call.barge_ins, developer]);
  const shown = selected && markers.some(({ id }) => id === selected.id) ? selected : null;

  return (
    <div className={classes.record} data-compact={compact || undefined}>
      <section className={`${classes.stage} no-print`} data-testid="stage" data-painted={peaks.isSuccess || undefined}>
        <Controls player={player} durationMs={score.durationMs} />
        <Lanes
          score={score}
          markers={markers}
          positionMs={player.positionMs}
          selected={shown}
          onSelect={setSelected}
          onSeek={player.seek}
        />
        <Legend markers={markers} score={score} />
        <Explain marker={shown} developer={developer} />
      </section>
      <div className={classes.words} data-scrolls={compact ? undefined : true}>
        <Transcript turns={turns} name={`torim-${call.id}`} positionMs={player.positionMs} onSeek={player.seek} />
      </div>
      {children ? <div className={`${classes.column} no-print`}>{children(player.seek)}</div> : null}
    </div>
  );
}

const RATES = ["1", "1.5", "2"];

function Controls({ player, durationMs }: { player: Player; durationMs: number }) {
  const { t } = useTranslation();
  if (!player.audible) {
    return (
      <Text size="sm" c="dimmed" className={classes.silent}>
        {t("call.noRecording")}
      </Text>
    );
  }
  const label = t(player.playing ? "call.pause" : "call.play");
  return (
    <div className={classes.controls} dir="ltr">
      <ActionIcon size="xl" radius="xl" variant="filled" aria-label={label} onClick={player.toggle}>
        <Icon name={player.playing ? "pause" : "play"} size={22} />
      </ActionIcon>
      <Ltr>
        <span data-testid="position">{position(player.positionMs)}</span> / {position(durationMs)}
      </Ltr>
      <SegmentedControl
        size="xs"
        visibleFrom="xs"
        aria-label={t("call.rate")}
        value={String(player.rate)}
        onChange={(value) => player.setRate(Number(value))}
        data={RATES.map((value) => ({ value, label: `${value}×` }))}
      />
    </div>
  );
}
