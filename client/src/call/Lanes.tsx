/**
 * A call on one time axis: what the AI was heard saying, what the caller said, and every decision as a flag.
 *
 * Time runs from left to right in every language. A click seeks; arrow keys go from flag to flag.
 */
import { ActionIcon, Group, Tooltip, useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { type KeyboardEvent, type MouseEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { fittingScale, markerBefore, MAX_PX_PER_S, MIN_PX_PER_S, neighbour, place } from "./geometry";
import classes from "./Lanes.module.css";
import type { Marker } from "./markers";
import { coloursOf, HEIGHT_PX, paint, type Score } from "./paint";

interface LanesProps {
  score: Score;
  markers: readonly Marker[];
  positionMs: number | null;
  /** The end of a call that is going on stays in sight. */
  following?: boolean;
  selected: Marker | null;
  onSelect: (marker: Marker | null) => void;
  onSeek?: (atMs: number) => void;
}

const LEVELS = 3;
const FLAG_PX = 15;
const LEVEL_PX = 17;
const LIVE_PX_PER_S = 60;

export function Lanes({ score, markers, positionMs, following, selected, onSelect, onSeek }: LanesProps) {
  const { t } = useTranslation();
  const { ref, width } = useElementSize();
  const scroller = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState<number | null>(null);
  const [fromPx, setFromPx] = useState(0);
  const pxPerS = zoom ?? (following ? LIVE_PX_PER_S : fittingScale(score.durationMs, width));
  const trackPx = Math.max(width, (score.durationMs / 1000) * pxPerS + FLAG_PX);
  const placed = useMemo(() => place(markers, pxPerS, FLAG_PX, LEVELS), [markers, pxPerS]);

  useKeptInSight(scroller, following ? score.durationMs : positionMs, pxPerS);

  const seek = (event: MouseEvent<HTMLElement>) => {
    const left = event.currentTarget.getBoundingClientRect().left;
    onSeek?.(Math.min(score.durationMs, ((event.clientX - left + fromPx) / pxPerS) * 1000));
  };
  const step = (event: KeyboardEvent) => {
    const forward = event.key === "ArrowRight" || event.key === "ArrowDown";
    if (!forward && event.key !== "ArrowLeft" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const current = selected ? markers.indexOf(selected) : markerBefore(markers, positionMs ?? 0);
    const next = markers[neighbour(markers, current, forward ? 1 : -1)];
    if (!next) return;
    onSelect(next);
    onSeek?.(next.atMs);
    scroller.current?.querySelector(`[data-marker="${next.id}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  return (
    <div className={classes.lanes} dir="ltr">
      <div className={classes.names} aria-hidden>
        <span data-side="ai">{t("lanes.ai")}</span>
        <span data-side="caller">{t("lanes.caller")}</span>
      </div>
      <div ref={ref} className={classes.frame}>
        <div
          ref={scroller}
          className={classes.scroller}
          onScroll={(event) => setFromPx(event.currentTarget.scrollLeft)}
          onKeyDown={step}
          role="listbox"
          aria-orientation="horizontal"
          tabIndex={0}
          aria-activedescendant={selected ? flagId(selected) : undefined}
          aria-label={t("lanes.label")}
        >
          <div className={classes.track} style={{ inlineSize: trackPx }}>
            <div className={classes.flags} role="presentation" style={{ blockSize: LEVELS * LEVEL_PX + 4 }}>
              {placed.map(({ marker, x, level }) => (
                <Flag
                  key={marker.id}
                  marker={marker}
                  x={x}
                  level={level}
                  selected={marker === selected}
                  onSelect={onSelect}
                  onSeek={onSeek}
                />
              ))}
            </div>
            <Painting score={score} view={{ widthPx: width, fromPx, pxPerS, positionMs }} onClick={seek} />
          </div>
        </div>
      </div>
      <Zoom pxPerS={pxPerS} onZoom={setZoom} onFit={() => setZoom(null)} />
    </div>
  );
}

interface FlagProps {
  marker: Marker;
  x: number;
  level: number;
  selected: boolean;
  onSelect: (marker: Marker) => void;
  onSeek: ((atMs: number) => void) | undefined;
}

function flagId(marker: Marker): string {
  return `flag-${marker.id}`;
}

function Flag({ marker, x, level, selected, onSelect, onSeek }: FlagProps) {
  const { t } = useTranslation();
  const label = `${(marker.atMs / 1000).toFixed(2)} s: ${t(`marker.${marker.kind}.name`)}`;
  return (
    <div
      role="option"
      id={flagId(marker)}
      aria-selected={selected}
      className={classes.flag}
      data-family={marker.family}
      data-marker={marker.id}
      data-kind={marker.kind}
      data-selected={selected || undefined}
      aria-label={label}
      style={{
        insetInlineStart: x,
        insetBlockStart: level * LEVEL_PX,
        // The pole reaches from the flag to the bottom of both lanes.
        ["--pole" as string]: `${(LEVELS - level) * LEVEL_PX + 4 + HEIGHT_PX}px`,
      }}
      onMouseEnter={() => onSelect(marker)}
      onClick={() => {
        onSelect(marker);
        onSeek?.(marker.atMs);
      }}
    />
  );
}

interface PaintingProps {
  score: Score;
  view: { widthPx: number; fromPx: number; pxPerS: number; positionMs: number | null };
  onClick: (event: MouseEvent<HTMLElement>) => void;
}

function Painting({ score, view, onClick }: PaintingProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme("light");
  const { widthPx, fromPx, pxPerS, positionMs } = view;
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || widthPx === 0) return;
    const density = devicePixelRatio || 1;
    element.width = widthPx * density;
    element.height = HEIGHT_PX * density;
    context.scale(density, density);
    paint(context, score, { widthPx, fromPx, pxPerS, positionMs }, coloursOf(element));
  }, [score, widthPx, fromPx, pxPerS, positionMs, scheme]);
  return (
    <canvas
      ref={canvas}
      className={classes.painting}
      style={{ inlineSize: widthPx, blockSize: HEIGHT_PX }}
      onClick={onClick}
      aria-hidden
    />
  );
}

interface ZoomProps {
  pxPerS: number;
  onZoom: (pxPerS: number) => void;
  onFit: () => void;
}

function Zoom({ pxPerS, onZoom, onFit }: ZoomProps) {
  const { t } = useTranslation();
  const by = (factor: number) => onZoom(Math.min(MAX_PX_PER_S, Math.max(MIN_PX_PER_S / 4, pxPerS * factor)));
  const buttons = [
    { label: t("lanes.zoomOut"), sign: "−", act: () => by(1 / 1.6) },
    { label: t("lanes.fit"), sign: "↔", act: onFit },
    { label: t("lanes.zoomIn"), sign: "+", act: () => by(1.6) },
  ];
  return (
    <Group gap={2} className={`${classes.zoom} no-print`}>
      {buttons.map(({ label, sign, act }) => (
        <Tooltip key={label} label={label}>
          <ActionIcon variant="subtle" size="md" aria-label={label} onClick={act}>
            {sign}
          </ActionIcon>
        </Tooltip>
      ))}
    </Group>
  );
}

/** Scrolls so that an instant stays in the middle three quarters of the view. */
function useKeptInSight(scroller: { current: HTMLDivElement | null }, atMs: number | null, pxPerS: number): void {
  useEffect(() => {
    const element = scroller.current;
    if (!element || atMs === null) return;
    const x = (atMs / 1000) * pxPerS;
    const { scrollLeft, clientWidth } = element;
    if (x < scrollLeft || x > scrollLeft + clientWidth * 0.9) element.scrollLeft = x - clientWidth * 0.6;
  }, [scroller, atMs, pxPerS]);
}
