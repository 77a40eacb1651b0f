/**
 * Days or members of staff side by side over the hours of a day: appointments, closed stretches, the line of now.
 *
 * Everything can be done by mouse and by keys; on a touch screen appointments are opened and moved in their drawer.
 */
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Appointment } from "../api/types";
import { Block } from "./Block";
import { timeOf } from "./days";
import { type Shade, sideBySide, slotted, snap, type Slotted, type Stretch } from "./layout";
import classes from "./TimeGrid.module.css";
import { type Column, type Draft, useDraft } from "./useDraft";

export interface GridColumn extends Column {
  head: ReactNode;
  /** Said by screen readers for a place in this column. */
  name: string;
  shades: readonly Shade[];
  nowMin: number | null;
  muted: boolean;
}

export interface Place {
  day: string;
  staffId: string | null;
  startMin: number;
}

interface TimeGridProps {
  columns: readonly GridColumn[];
  hours: Stretch;
  stepMin: number;
  appointments: readonly Appointment[];
  rightToLeft: boolean;
  titleOf: (made: Appointment) => string;
  colourOf: (made: Appointment) => string;
  onOpen: (id: string) => void;
  onCreate: (place: Place) => void;
  onChange: (before: Slotted, after: Slotted) => void;
}

const PX_PER_MIN = 1.15;
const CURSOR_STEP_MIN = 30;

export function TimeGrid(props: TimeGridProps) {
  const { columns, hours, stepMin, appointments, rightToLeft, onOpen, onCreate, onChange } = props;
  const { t } = useTranslation();
  const elements = useRef(new Map<string, HTMLElement>());
  const drafting = useDraft({
    columns,
    stepMin,
    pxPerMin: PX_PER_MIN,
    fromMin: hours.fromMin,
    rightToLeft,
    elements,
    onKeep: onChange,
    onOpen,
  });
  const items = appointments.map((made) => ({ made, ...slotted(made) }));
  const height = (hours.toMin - hours.fromMin) * PX_PER_MIN;
  return (
    <div className={classes.scroller} role="region" aria-label={t("calendar.grid")} tabIndex={-1}>
      <div className={classes.grid} style={{ ["--columns" as string]: columns.length }}>
        <div className={classes.corner} />
        {columns.map((column) => (
          <div key={column.key} className={classes.head} data-muted={column.muted || undefined}>
            {column.head}
          </div>
        ))}
        <Hours hours={hours} height={height} />
        {columns.map((column, index) => (
          <ColumnBody
            key={column.key}
            {...props}
            column={column}
            place={index + 2}
            first={index === 0}
            height={height}
            items={items.filter((item) => belongs(item, column, columns))}
            drafting={drafting}
            register={(element) => {
              if (element) elements.current.set(column.key, element);
              else elements.current.delete(column.key);
            }}
          />
        ))}
        <Cursor columns={columns} hours={hours} rightToLeft={rightToLeft} onCreate={onCreate} />
      </div>
      <div className="visually-hidden" aria-live="assertive">
        {drafting.draft?.by === "keys"
          ? t("calendar.draft", {
              day: columns.find((column) => belongs(drafting.draft as Draft, column, columns))?.name ?? "",
              from: timeOf(drafting.draft.startMin),
              until: timeOf(drafting.draft.endMin),
            })
          : ""}
      </div>
    </div>
  );
}

function belongs(item: Slotted, column: Column, columns: readonly Column[]): boolean {
  if (item.day !== column.day) return false;
  if (column.staffId === null) return true;
  // Nobody's appointments, from before there was staff, stand in the first column.
  return column.staffId === item.staffId || (item.staffId === null && columns[0]?.key === column.key);
}

function Hours({ hours, height }: { hours: Stretch; height: number }) {
  const labels: number[] = [];
  for (let at = hours.fromMin; at < hours.toMin; at += 60) labels.push(at);
  return (
    <div className={classes.hours} style={{ blockSize: height }} aria-hidden>
      {labels.map((at) => (
        <bdi key={at} dir="ltr" style={{ insetBlockStart: (at - hours.fromMin) * PX_PER_MIN }}>
          {timeOf(at)}
        </bdi>
      ))}
    </div>
  );
}

interface ColumnBodyProps extends TimeGridProps {
  column: GridColumn;
  /** Its line of the CSS grid; the first one is that of the hours. */
  place: number;
  first: boolean;
  height: number;
  items: readonly (Slotted & { made: Appointment })[];
  drafting: ReturnType<typeof useDraft>;
  register: (element: HTMLElement | null) => void;
}

function ColumnBody(props: ColumnBodyProps) {
  const { column, hours, stepMin, height, items, drafting, register, columns, titleOf, colourOf, onCreate } = props;
  const { draft } = drafting;
  const y = (minutes: number) => (minutes - hours.fromMin) * PX_PER_MIN;
  const create = (event: PointerEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget || event.button !== 0) return;
    const pointedMin = hours.fromMin + (event.clientY - event.currentTarget.getBoundingClientRect().top) / PX_PER_MIN;
    const startMin = Math.min(hours.toMin - stepMin, snap(pointedMin - stepMin / 2, stepMin));
    onCreate({ day: column.day, staffId: column.staffId, startMin });
  };
  const drafted = draft && belongs(draft, column, columns) ? draft : null;
  return (
    <div
      ref={register}
      className={classes.column}
      data-muted={column.muted || undefined}
      data-day={column.day}
      data-staff={column.staffId ?? undefined}
      style={{ gridColumn: props.place, blockSize: height, ["--hour" as string]: `${60 * PX_PER_MIN}px` }}
      onClick={(event) => create(event as unknown as PointerEvent<HTMLDivElement>)}
      onPointerMove={drafting.move}
      onPointerUp={drafting.end}
      onPointerCancel={drafting.giveUp}
    >
      {column.shades.map((shade) => (
        <Shaded key={`${shade.fromMin} ${shade.name ?? ""}`} shade={shade} hours={hours} y={y} />
      ))}
      {column.nowMin === null ? null : (
        <div className={classes.now} style={{ insetBlockStart: y(column.nowMin) }} data-first={props.first || undefined} />
      )}
      {sideBySide(items).map(({ item, lane, lanes }) => (
        <Block
          key={item.id}
          made={item.made}
          slot={item}
          title={titleOf(item.made)}
          colour={colourOf(item.made)}
          faded={draft?.id === item.id}
          style={boxOf(item, y, lane, lanes)}
          drafting={drafting}
        />
      ))}
      {drafted ? (
        <div className={classes.draft} style={boxOf(drafted, y, 0, 1)}>
          <bdi dir="ltr">
            {timeOf(drafted.startMin)}–{timeOf(drafted.endMin)}
          </bdi>
        </div>
      ) : null}
    </div>
  );
}

function boxOf(item: { startMin: number; endMin: number }, y: (minutes: number) => number, lane: number, lanes: number) {
  return {
    insetBlockStart: y(item.startMin) + 1,
    blockSize: Math.max(18, y(item.endMin) - y(item.startMin) - 2),
    insetInlineStart: `calc(${(lane / lanes) * 100}% + 2px)`,
    inlineSize: `calc(${100 / lanes}% - 5px)`,
  };
}

function Shaded({ shade, hours, y }: { shade: Shade; hours: Stretch; y: (minutes: number) => number }) {
  const fromMin = Math.max(shade.fromMin, hours.fromMin);
  const toMin = Math.min(shade.toMin, hours.toMin);
  if (toMin <= fromMin) return null;
  return (
    <div
      className={classes.shade}
      data-named={shade.name ? true : undefined}
      style={{ insetBlockStart: y(fromMin), blockSize: y(toMin) - y(fromMin) }}
    >
      {shade.name ? <span>{shade.name}</span> : null}
    </div>
  );
}

interface CursorProps {
  columns: readonly GridColumn[];
  hours: Stretch;
  rightToLeft: boolean;
  onCreate: (place: Place) => void;
}

/** One place in the grid that arrow keys move and Enter fills: left is left in every language. */
function Cursor({ columns, hours, rightToLeft, onCreate }: CursorProps) {
  const { t } = useTranslation();
  const [at, setAt] = useState({ column: 0, minutes: Math.max(hours.fromMin, 9 * 60) });
  const button = useRef<HTMLButtonElement>(null);
  const index = Math.min(at.column, columns.length - 1);
  const column = columns[index];
  useEffect(() => {
    if (document.activeElement === button.current) button.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [at]);
  if (!column) return null;
  const go = (event: KeyboardEvent) => {
    const sideways = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const vertical = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.altKey || (sideways === 0 && vertical === 0)) return;
    event.preventDefault();
    const step = rightToLeft ? -sideways : sideways;
    setAt({
      column: Math.max(0, Math.min(columns.length - 1, index + step)),
      minutes: Math.max(hours.fromMin, Math.min(hours.toMin - CURSOR_STEP_MIN, at.minutes + vertical * CURSOR_STEP_MIN)),
    });
  };
  return (
    <button
      ref={button}
      type="button"
      className={classes.cursor}
      aria-label={t("calendar.newAt", { day: column.name, time: timeOf(at.minutes) })}
      style={{
        gridColumn: index + 2,
        marginBlockStart: (at.minutes - hours.fromMin) * PX_PER_MIN,
        blockSize: CURSOR_STEP_MIN * PX_PER_MIN,
      }}
      onKeyDown={go}
      onClick={() => onCreate({ day: column.day, staffId: column.staffId, startMin: at.minutes })}
    />
  );
}
