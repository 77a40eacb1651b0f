/** One appointment in the grid. */
import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import type { Appointment } from "../api/types";
import { phoneNumber } from "../i18n/format";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import classes from "./Block.module.css";
import { timeOf } from "./days";
import type { Slotted } from "./layout";
import type { useDraft } from "./useDraft";

interface BlockProps {
  made: Appointment;
  slot: Slotted;
  title: string;
  colour: string;
  faded: boolean;
  style: CSSProperties;
  drafting: ReturnType<typeof useDraft>;
}

export function Block({ made, slot, title, colour, faded, style, drafting }: BlockProps) {
  const { t } = useTranslation();
  const movable = made.status === "booked";
  const name = made.contact_name ?? (made.contact_phone ? <Ltr>{phoneNumber(made.contact_phone)}</Ltr> : t("call.withheld"));
  return (
    <button
      type="button"
      className={classes.block}
      data-status={made.status}
      data-faded={faded || undefined}
      data-appointment={made.id}
      data-movable={movable || undefined}
      data-short={slot.endMin - slot.startMin < 40 || undefined}
      aria-description={movable ? t("calendar.moveHint") : undefined}
      style={{ ...style, ["--colour" as string]: colour }}
      onPointerDown={movable ? (event) => drafting.begin(event, slot, "whole") : undefined}
      onClick={() => drafting.click(slot)}
      onKeyDown={movable ? (event) => drafting.press(event, slot) : undefined}
    >
      <span className={classes.line}>
        <bdi dir="ltr">{timeOf(slot.startMin)}</bdi>
        <span className="visually-hidden"> {t("calendar.until", { until: timeOf(slot.endMin) })}, </span>
        {made.call_id ? <Icon name="calls" size={13} /> : null}
      </span>
      <strong dir="auto">{name}</strong>
      <span className={classes.title}>{title}</span>
      {movable ? (
        <span className={classes.grip} onPointerDown={(event) => drafting.begin(event, slot, "end")} aria-hidden />
      ) : null}
    </button>
  );
}
