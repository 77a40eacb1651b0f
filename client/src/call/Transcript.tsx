/**
 * A conversation as it was heard: a line a turn, in step with playback. What the AI said and the caller never heard is
 * struck through.
 */
import { ActionIcon, CopyButton, Group, TextInput, Tooltip } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { position, secondsOf } from "../i18n/format";
import { Icon, type IconName } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import classes from "./Transcript.module.css";
import { asText, matches, pieces, shown, type Turn, turnAt } from "./turns";

interface TranscriptProps {
  turns: readonly Turn[];
  /** Used for the name of the downloaded file. */
  name: string;
  positionMs?: number | null;
  onSeek?: ((atMs: number) => void) | undefined;
  /** The newest line stays in sight. */
  growing?: boolean;
  tools?: boolean;
}

export function Transcript({ turns, name, positionMs = null, onSeek, growing, tools = true }: TranscriptProps) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState("");
  const lines = useMemo(() => shown(turns), [turns]);
  const found = useMemo(() => lines.filter((turn) => matches(turn, wanted)), [lines, wanted]);
  const current = positionMs === null ? -1 : turnAt(lines, positionMs);
  return (
    <div className={classes.transcript}>
      {tools ? <Tools turns={lines} name={name} wanted={wanted} onWanted={setWanted} count={found.length} /> : null}
      <ol className={classes.lines} aria-label={t("transcript.label")}>
        {found.map((turn, index) => (
          <Line
            key={`${turn.speaker} ${turn.startMs} ${index}`}
            turn={turn}
            wanted={wanted}
            current={current >= 0 && turn === lines[current]}
            newest={Boolean(growing) && index === found.length - 1}
            pending={Boolean(growing)}
            onSeek={onSeek}
          />
        ))}
      </ol>
    </div>
  );
}

interface ToolsProps {
  turns: readonly Turn[];
  name: string;
  wanted: string;
  onWanted: (wanted: string) => void;
  count: number;
}

function Tools({ turns, name, wanted, onWanted, count }: ToolsProps) {
  const { t } = useTranslation();
  const names = { caller: t("lanes.caller"), ai: t("lanes.ai") };
  const text = () => asText(turns, names, t("transcript.notTranscribed"));
  return (
    <Group gap="xs" className={`${classes.tools} no-print`} wrap="nowrap">
      <TextInput
        size="sm"
        flex={1}
        type="search"
        value={wanted}
        onChange={(event) => onWanted(event.currentTarget.value)}
        placeholder={t("transcript.search")}
        aria-label={t("transcript.search")}
        leftSection={<Icon name="search" size={16} />}
        rightSection={wanted ? <small>{count}</small> : null}
      />
      <CopyButton value={text()} timeout={1500}>
        {({ copied, copy }) => (
          <Tool icon={copied ? "check" : "copy"} label={t(copied ? "transcript.copied" : "transcript.copy")} act={copy} />
        )}
      </CopyButton>
      <Tool icon="print" label={t("transcript.print")} act={() => print()} />
      <Tool icon="download" label={t("transcript.download")} act={() => save(`${name}.txt`, text())} />
    </Group>
  );
}

function Tool({ icon, label, act }: { icon: IconName; label: string; act: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size="lg" aria-label={label} onClick={act}>
        <Icon name={icon} size={18} />
      </ActionIcon>
    </Tooltip>
  );
}

interface LineProps {
  turn: Turn;
  wanted: string;
  current: boolean;
  newest: boolean;
  /** Words of the caller may still come. */
  pending: boolean;
  onSeek: ((atMs: number) => void) | undefined;
}

function Line({ turn, wanted, current, newest, pending, onSeek }: LineProps) {
  const { t } = useTranslation();
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (current || newest) keepInSight(row.current);
  }, [current, newest, turn.text.length]);
  return (
    <li ref={row} className={classes.line} data-speaker={turn.speaker} data-current={current || undefined}>
      <div className={classes.head}>
        <span className={classes.who}>{t(`lanes.${turn.speaker}`)}</span>
        <Instant turn={turn} onSeek={onSeek} />
        <Cut turn={turn} />
      </div>
      <p dir="auto" className={classes.words}>
        <Words turn={turn} wanted={wanted} pending={pending} />
      </p>
    </li>
  );
}

/** Scrolls the box that a conversation stands in, never the page around it. */
function keepInSight(row: HTMLElement | null): void {
  const box = row?.closest<HTMLElement>("[data-scrolls]");
  if (!row || !box) return;
  const inside = box.getBoundingClientRect();
  const { top, bottom } = row.getBoundingClientRect();
  const by = bottom > inside.bottom ? bottom - inside.bottom : top < inside.top ? top - inside.top : 0;
  if (by !== 0) box.scrollBy({ top: by + Math.sign(by) * 12, behavior: "smooth" });
}

function Instant({ turn, onSeek }: { turn: Turn; onSeek: ((atMs: number) => void) | undefined }) {
  const { t } = useTranslation();
  const at = position(turn.startMs);
  if (!onSeek) return <Ltr>{at}</Ltr>;
  return (
    <button
      type="button"
      className={classes.instant}
      onClick={() => onSeek(turn.startMs)}
      aria-label={t("transcript.playFrom", { at })}
    >
      <Ltr>{at}</Ltr>
    </button>
  );
}

function Cut({ turn }: { turn: Turn }) {
  const { t } = useTranslation();
  if (turn.speaker !== "ai" || !turn.interrupted || turn.unheardText === "") return null;
  const heard = { heard: secondsOf(turn.heardMs), made: secondsOf(turn.audioMs) };
  return (
    <span className={classes.cut}>
      <span>{t("transcript.cutIn")}</span>
      {turn.audioMs > 0 ? (
        <Tooltip label={turn.estimated ? t("transcript.estimated") : t("transcript.exact")}>
          <span>{t("transcript.heardOf", heard)}</span>
        </Tooltip>
      ) : null}
    </span>
  );
}

function Words({ turn, wanted, pending }: { turn: Turn; wanted: string; pending: boolean }) {
  const { t } = useTranslation();
  if (turn.speaker === "caller" && !turn.text) return <em>{pending ? "…" : t("transcript.notTranscribed")}</em>;
  const keys = /^\[dtmf\] (.+)$/.exec(turn.text)?.[1];
  if (turn.speaker === "caller" && keys) {
    return (
      <>
        {t("transcript.pressed")} <kbd className={classes.keys}>{keys}</kbd>
      </>
    );
  }
  return (
    <>
      <Marked text={turn.speaker === "caller" ? turn.text : turn.heardText} wanted={wanted} />
      {turn.unheardText ? (
        <>
          {" "}
          <del className={classes.unheard}>
            <span className="visually-hidden">{t("transcript.neverHeard")}</span>
            <Marked text={turn.unheardText} wanted={wanted} />
          </del>
        </>
      ) : null}
    </>
  );
}

function Marked({ text, wanted }: { text: string; wanted: string }) {
  return pieces(text, wanted).map((piece, index) =>
    piece.found ? <mark key={index}>{piece.text}</mark> : <span key={index}>{piece.text}</span>,
  );
}

function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
