/** The days ahead as a list: for telephones, for printing, and for those who like lists. */
import { useTranslation } from "react-i18next";
import type { Appointment } from "../api/types";
import { Chip } from "../ui/Chip";
import { PhoneNumber } from "../call/Number";
import { Icon } from "../ui/Icon";
import { Ltr } from "../ui/Ltr";
import { Empty } from "../ui/States";
import classes from "./Agenda.module.css";
import { timeOf } from "./days";
import { slotted } from "./layout";
import { STATUS_TONES } from "../call/outcome";

interface AgendaProps {
  days: readonly string[];
  today: string;
  appointments: readonly Appointment[];
  closedName: (day: string) => string | undefined;
  titleOf: (made: Appointment) => string;
  colourOf: (made: Appointment) => string;
  dayName: (day: string, style: "short" | "long") => string;
  onOpen: (id: string) => void;
}

export function Agenda({ days, today, appointments, closedName, titleOf, colourOf, dayName, onOpen }: AgendaProps) {
  const { t } = useTranslation();
  const shown = days.filter((day) => closedName(day) || appointments.some((made) => slotted(made).day === day));
  if (shown.length === 0) return <Empty icon="calendar" title={t("calendar.nothing")} />;
  return (
    <div className={classes.agenda}>
      {shown.map((day) => {
        const made = appointments.filter((item) => slotted(item).day === day);
        const closed = closedName(day);
        return (
          <section key={day}>
            <h2 className={classes.day} data-today={day === today || undefined}>
              {dayName(day, "long")}
              {day === today ? <Chip tone="info">{t("nav.today")}</Chip> : null}
              {closed ? <Chip>{closed}</Chip> : null}
            </h2>
            {made.map((item) => (
              <Row key={item.id} made={item} title={titleOf(item)} colour={colourOf(item)} onOpen={onOpen} />
            ))}
            {made.length === 0 ? <p className={classes.free}>{t("calendar.noneThisDay")}</p> : null}
          </section>
        );
      })}
    </div>
  );
}

interface RowProps {
  made: Appointment;
  title: string;
  colour: string;
  onOpen: (id: string) => void;
}

function Row({ made, title, colour, onOpen }: RowProps) {
  const { t } = useTranslation();
  const { startMin, endMin } = slotted(made);
  return (
    <button
      type="button"
      className={classes.row}
      data-appointment={made.id}
      data-status={made.status}
      style={{ ["--colour" as string]: colour }}
      onClick={() => onOpen(made.id)}
    >
      <Ltr>
        {timeOf(startMin)}–{timeOf(endMin)}
      </Ltr>
      <span>
        <strong>
          <bdi>{made.contact_name ?? <PhoneNumber number={made.contact_phone} />}</bdi>
        </strong>
        <small>{title}</small>
      </span>
      {made.call_id ? <Icon name="calls" size={17} /> : null}
      {made.status === "booked" ? null : <Chip tone={STATUS_TONES[made.status]}>{t(`status.${made.status}`)}</Chip>}
    </button>
  );
}
