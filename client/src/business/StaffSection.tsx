/** The people with whom appointments are: what each performs, when they work, and when they are away. */
import { MultiSelect, NumberInput, Stack, Switch, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { inLanguage } from "../api/data";
import { Card } from "../ui/Card";
import { Fields } from "../ui/Fields";
import { Empty } from "../ui/States";
import { ByLanguage } from "./ByLanguage";
import { closedToday, ClosedList } from "./ClosedList";
import { Add, Item } from "./Items";
import { EMPTY_WEEK, freshId, type Settings, useSettings } from "./useSettings";
import { WeekHours } from "./WeekHours";

type Member = Settings["staff"][number];

export function StaffSection() {
  const { t } = useTranslation();
  const { settings, change } = useSettings();
  const { staff } = settings;
  const edit = (place: number, changes: Partial<Member>) =>
    change({ staff: staff.map((member, at) => (at === place ? { ...member, ...changes } : member)) });
  const add = () =>
    change({
      staff: [
        ...staff,
        { id: freshId("staff", staff.map(({ id }) => id)), name: {}, services: [], hours: null, breaks: EMPTY_WEEK, closed_days: [], capacity: 1, calendar: null },
      ],
    });
  return (
    <Card title={t("business.staff")} actions={<Add onClick={add} label={t("business.addStaff")} />}>
      {staff.length === 0 ? <Empty icon="person" title={t("business.noStaff")}>{t("business.noStaffLead")}</Empty> : null}
      <Stack>
        {staff.map((member, place) => (
          <Item key={member.id} label={inLanguage(member.name)} onRemove={() => change({ staff: staff.filter((_, at) => at !== place) })}>
            <MemberFields member={member} place={place} onEdit={(changes) => edit(place, changes)} />
          </Item>
        ))}
      </Stack>
    </Card>
  );
}

interface MemberProps {
  member: Member;
  place: number;
  onEdit: (changes: Partial<Member>) => void;
}

function MemberFields({ member, place, onEdit }: MemberProps) {
  const { t } = useTranslation();
  const { settings, wrong } = useSettings();
  const at = (name: string) => wrong(`staff[${place}].${name}`);
  return (
    <>
      <ByLanguage label={t("business.staffName")} languages={settings.languages} value={member.name} onChange={(name) => onEdit({ name })} required error={at("name")} />
      <Fields>
        <MultiSelect
          label={t("business.performs")}
          placeholder={member.services.length === 0 ? t("business.allServices") : undefined}
          data={settings.services.map(({ id, name }) => ({ value: id, label: inLanguage(name) || id }))}
          value={member.services}
          onChange={(services) => onEdit({ services })}
          error={at("services")}
        />
        <NumberInput
          label={t("business.capacity")}
          min={1}
          max={100}
          allowDecimal={false}
          value={member.capacity}
          onChange={(value) => typeof value === "number" && onEdit({ capacity: value })}
          error={at("capacity")}
        />
      </Fields>
      <OwnHours member={member} place={place} onEdit={onEdit} />
      <Away member={member} place={place} onEdit={onEdit} />
    </>
  );
}

/** Hours and breaks of one's own; without them those of the business hold. Own hours begin with the business's breaks. */
function OwnHours({ member, place, onEdit }: MemberProps) {
  const { t } = useTranslation();
  const { settings, wrong } = useSettings();
  const own = (on: boolean) =>
    on ? { hours: settings.hours, breaks: settings.breaks } : { hours: null, breaks: EMPTY_WEEK };
  return (
    <>
      <Switch label={t("business.ownHours")} checked={member.hours !== null} onChange={(event) => onEdit(own(event.currentTarget.checked))} />
      {member.hours ? (
        <>
          <WeekHours
            value={member.hours}
            onChange={(hours) => onEdit({ hours })}
            zone={settings.timezone}
            none={t("hours.off")}
            error={(day) => wrong(`staff[${place}].hours.${day}`)}
          />
          <Text fw={600} size="sm">
            {t("business.breaks")}
          </Text>
          <WeekHours
            value={member.breaks}
            onChange={(breaks) => onEdit({ breaks })}
            zone={settings.timezone}
            none={t("hours.noBreak")}
            usual="13:00-14:00"
            error={(day) => wrong(`staff[${place}].breaks.${day}`)}
          />
        </>
      ) : null}
    </>
  );
}

function Away({ member, place, onEdit }: MemberProps) {
  const { t } = useTranslation();
  const { settings, wrong } = useSettings();
  const add = () => onEdit({ closed_days: [...member.closed_days, closedToday(settings.timezone)] });
  return (
    <>
      <ClosedList
        value={member.closed_days}
        onChange={(closed_days) => onEdit({ closed_days })}
        wrong={(path) => wrong(`staff[${place}].closed_days${path}`)}
      />
      <div>
        <Add onClick={add} label={t("business.addAway")} />
      </div>
    </>
  );
}
