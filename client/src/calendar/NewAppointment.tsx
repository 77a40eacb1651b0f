/** Making an appointment by hand: when, what, with whom, for whom. A time that is taken is answered with free ones. */
import { Alert, Button, Checkbox, Group, Modal, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { inLanguage } from "../api/data";
import { adviceOf, isRefused, Refused } from "../api/errors";
import type { Service, Staff } from "../api/types";
import { toast } from "../app/toast";
import { wallClock } from "../i18n/format";
import { DateField } from "../ui/DateField";
import { TimeField } from "../ui/TimeField";
import { Alternatives } from "./Alternatives";
import { useMake } from "./changes";
import { minutesOf, timeOf } from "./days";
import type { Place } from "./TimeGrid";

interface NewAppointmentProps {
  place: Place | null;
  services: readonly Service[];
  staff: readonly Staff[];
  zone: string;
  onClose: () => void;
}

export function NewAppointment({ place, ...rest }: NewAppointmentProps) {
  const { t } = useTranslation();
  return (
    <Modal opened={place !== null} onClose={rest.onClose} title={t("calendar.new")} centered>
      {place ? <Form key={`${place.day} ${place.startMin} ${place.staffId}`} place={place} {...rest} /> : null}
    </Modal>
  );
}

function Form({ place, services, staff, zone, onClose }: NewAppointmentProps & { place: Place }) {
  const { t } = useTranslation();
  const make = useMake();
  // One key for one form: pressed twice, or sent again after a lost answer, it books once.
  const [key] = useState(() => crypto.randomUUID());
  const [day, setDay] = useState<string | null>(place.day);
  const [time, setTime] = useState(timeOf(place.startMin));
  const [service, setService] = useState(services[0]?.id ?? "");
  const [member, setMember] = useState(place.staffId);
  const [contact, setContact] = useState({ name: "", phone: "", email: "", notes: "" });
  const [outside, setOutside] = useState(false);
  const able = staff.filter((each) => each.services.length === 0 || each.services.includes(service));
  const refused = make.error instanceof Refused ? make.error : null;
  const wrong = (path: string) => refused?.complaints.find((complaint) => complaint.path === path)?.message;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!day) return;
    const body = {
      service_id: service,
      starts_at: `${day}T${time}:00`,
      staff_id: member,
      outside_hours: outside,
      contact_name: contact.name || null,
      contact_phone: contact.phone || null,
      contact_email: contact.email || null,
      notes: contact.notes || null,
    };
    const done = () => {
      toast({ color: "green", message: t("calendar.made") });
      onClose();
    };
    make.mutate({ body, key: `${key}-${day}-${minutesOf(time)}` }, { onSuccess: done });
  };
  const text = (name: keyof typeof contact) => ({
    value: contact[name],
    onChange: (event: { currentTarget: { value: string } }) =>
      setContact({ ...contact, [name]: event.currentTarget.value }),
  });
  return (
    <form onSubmit={send}>
      <Stack gap="sm">
        <Select
          label={t("appointment.service")}
          data={services.map(({ id, name }) => ({ value: id, label: inLanguage(name) }))}
          value={service}
          onChange={(value) => setService(value ?? "")}
          allowDeselect={false}
          required
        />
        <Group grow align="start">
          <DateField label={t("appointment.day")} value={day} onChange={setDay} required />
          <TimeField label={t("appointment.time")} value={time} onChange={setTime} required />
        </Group>
        {staff.length > 0 ? (
          <Select
            label={t("appointment.staff")}
            data={able.map(({ id, name }) => ({ value: id, label: inLanguage(name) }))}
            value={member}
            onChange={setMember}
            clearable
            placeholder={t("appointment.anyStaff")}
          />
        ) : null}
        <TextInput label={t("appointment.name")} dir="auto" data-autofocus {...text("name")} error={wrong("contact_name")} />
        <Group grow align="start">
          <TextInput label={t("appointment.phone")} type="tel" dir="ltr" {...text("phone")} error={wrong("contact_phone")} />
          <TextInput label={t("login.email")} type="email" dir="ltr" {...text("email")} error={wrong("contact_email")} />
        </Group>
        <Textarea label={t("appointment.notes")} dir="auto" autosize minRows={2} {...text("notes")} />
        {isRefused(make.error, "booking.not_offered") || outside ? (
          <Checkbox
            label={t("calendar.outside")}
            checked={outside}
            onChange={(event) => setOutside(event.currentTarget.checked)}
          />
        ) : null}
        {make.isError ? (
          <Alert color="red" role="alert">
            {adviceOf(make.error)}
            <Alternatives
              zone={zone}
              found={refused?.alternatives ?? []}
              onChoose={(at) => {
                const wall = wallClock(at, zone);
                setDay(wall.slice(0, 10));
                setTime(wall.slice(11, 16));
                make.reset();
              }}
            />
          </Alert>
        ) : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={make.isPending}>
            {t("calendar.make")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
