/** What the business is: its name, hours, services, people, closed days and answers. */
import { ActionIcon, Button, Checkbox, MultiSelect, NumberInput, Select, Stack, Switch, TagsInput, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { inLanguage } from "../api/data";
import { Card } from "../ui/Card";
import { DateField } from "../ui/DateField";
import { Fields } from "../ui/Fields";
import { Icon } from "../ui/Icon";
import { Empty } from "../ui/States";
import { ByLanguage } from "./ByLanguage";
import classes from "./Sections.module.css";
import { freshId, type Settings, useSettings, type Week } from "./useSettings";
import { type DayName, WeekHours } from "./WeekHours";

export const EMPTY_WEEK: Week = {
  monday: [], tuesday: [], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [],
};

export function Details() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  return (
    <Card title={t("business.details")}>
      <Stack>
        <Select
          label={t("business.languages")}
          description={t("business.languagesLead")}
          data={[
            { value: "he", label: t("business.onlyHebrew") },
            { value: "en", label: t("business.onlyEnglish") },
            { value: "he,en", label: t("business.both") },
          ]}
          value={[...settings.languages].sort().reverse().join(",")}
          onChange={(value) => value && change(languagesOf(value, settings))}
          allowDeselect={false}
        />
        <ByLanguage label={t("business.name")} languages={settings.languages} value={settings.name} onChange={(name) => change({ name })} required error={wrong("name")} />
        <Fields>
          <TextInput
            label={t("business.phone")}
            description={t("business.phoneLead")}
            type="tel"
            dir="ltr"
            value={settings.phone ?? ""}
            onChange={(event) => change({ phone: event.currentTarget.value || null })}
            error={wrong("phone")}
          />
          <Select
            label={t("business.zone")}
            description={t("business.zoneLead")}
            dir="ltr"
            searchable
            data={zones(settings.timezone)}
            value={settings.timezone}
            onChange={(timezone) => timezone && change({ timezone })}
            allowDeselect={false}
            error={wrong("timezone")}
          />
        </Fields>
      </Stack>
    </Card>
  );
}

function languagesOf(value: string, settings: Settings): Partial<Settings> {
  const languages = value.split(",");
  const opening = languages.includes(settings.opening_language) ? settings.opening_language : (languages[0] ?? "he");
  const only = (texts: Record<string, string>) =>
    Object.fromEntries(Object.entries(texts).filter(([language]) => languages.includes(language)));
  return {
    languages,
    opening_language: opening,
    name: only(settings.name),
    greeting: only(settings.greeting),
    persona: only(settings.persona),
    consent: only(settings.consent),
    services: settings.services.map((service) => ({ ...service, name: only(service.name) })),
    staff: settings.staff.map((member) => ({ ...member, name: only(member.name) })),
    closed_days: settings.closed_days.map((closed) => ({ ...closed, name: only(closed.name) })),
    knowledge: settings.knowledge.map(({ question, answer }) => ({ question: only(question), answer: only(answer) })),
  };
}

function zones(current: string): string[] {
  return [...new Set([current, ...Intl.supportedValuesOf("timeZone")])];
}

export function HoursSection() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  return (
    <>
      <Card title={t("business.hours")}>
        <WeekHours
          value={settings.hours}
          onChange={(hours) => change({ hours })}
          zone={settings.timezone}
          none={t("hours.closed")}
          error={(day: DayName) => wrong(`hours.${day}`)}
        />
      </Card>
      <Card title={t("business.breaks")}>
        <WeekHours
          value={settings.breaks}
          onChange={(breaks) => change({ breaks })}
          zone={settings.timezone}
          none={t("hours.noBreak")}
          usual="13:00-14:00"
          error={(day: DayName) => wrong(`breaks.${day}`)}
        />
      </Card>
      <Card title={t("business.rules")}>
        <Fields>
          <Amount label={t("business.notice")} name="minimum_notice_min" max={86_400} />
          <Amount label={t("business.horizon")} name="horizon_days" max={366} />
          <Amount label={t("business.step")} name="slot_step_min" max={240} />
        </Fields>
      </Card>
    </>
  );
}

function Amount({ label, name, max }: { label: string; name: "minimum_notice_min" | "horizon_days" | "slot_step_min" | "retention_days"; max: number }) {
  const { settings, change, wrong } = useSettings();
  return (
    <NumberInput
      label={label}
      min={0}
      max={max}
      allowDecimal={false}
      value={settings[name]}
      onChange={(value) => typeof value === "number" && change({ [name]: value })}
      error={wrong(name)}
    />
  );
}

export function Services() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  const { services } = settings;
  const edit = (place: number, changes: Partial<Settings["services"][number]>) =>
    change({ services: services.map((service, at) => (at === place ? { ...service, ...changes } : service)) });
  const add = () =>
    change({
      services: [
        ...services,
        { id: freshId("service", services.map(({ id }) => id)), name: {}, duration_min: 30, buffer_before_min: 0, buffer_after_min: 0, price: null },
      ],
    });
  return (
    <Card title={t("business.services")} actions={<Add onClick={add} label={t("business.addService")} />}>
      <Stack>
        {services.map((service, place) => (
          <Item key={service.id} label={inLanguage(service.name)} onRemove={() => change({ services: services.filter((_, at) => at !== place) })}>
            <ByLanguage
              label={t("business.serviceName")}
              languages={settings.languages}
              value={service.name}
              onChange={(name) => edit(place, { name })}
              required
              error={wrong(`services[${place}].name`)}
            />
            <Fields>
              <NumberInput label={t("business.duration")} min={5} max={720} step={5} value={service.duration_min} onChange={(value) => typeof value === "number" && edit(place, { duration_min: value })} error={wrong(`services[${place}].duration_min`)} />
              <NumberInput label={t("business.bufferBefore")} min={0} max={240} step={5} value={service.buffer_before_min} onChange={(value) => typeof value === "number" && edit(place, { buffer_before_min: value })} error={wrong(`services[${place}].buffer_before_min`)} />
              <NumberInput label={t("business.bufferAfter")} min={0} max={240} step={5} value={service.buffer_after_min} onChange={(value) => typeof value === "number" && edit(place, { buffer_after_min: value })} error={wrong(`services[${place}].buffer_after_min`)} />
              <TextInput label={t("business.price")} dir="auto" value={service.price ?? ""} onChange={(event) => edit(place, { price: event.currentTarget.value || null })} />
            </Fields>
          </Item>
        ))}
      </Stack>
    </Card>
  );
}

export function StaffSection() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  const { staff } = settings;
  const edit = (place: number, changes: Partial<Settings["staff"][number]>) =>
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
            <ByLanguage label={t("business.staffName")} languages={settings.languages} value={member.name} onChange={(name) => edit(place, { name })} required error={wrong(`staff[${place}].name`)} />
            <MultiSelect
              label={t("business.performs")}
              placeholder={member.services.length === 0 ? t("business.allServices") : undefined}
              data={settings.services.map(({ id, name }) => ({ value: id, label: inLanguage(name) || id }))}
              value={member.services}
              onChange={(services) => edit(place, { services })}
            />
            <TextInput
              label={t("business.calendar")}
              description={t("business.calendarLead")}
              type="url"
              dir="ltr"
              value={member.calendar ?? ""}
              onChange={(event) => edit(place, { calendar: event.currentTarget.value || null })}
              error={wrong(`staff[${place}].calendar`)}
            />
            <Switch
              label={t("business.ownHours")}
              checked={member.hours !== null}
              onChange={(event) => edit(place, { hours: event.currentTarget.checked ? settings.hours : null })}
            />
            {member.hours ? (
              <WeekHours value={member.hours} onChange={(hours) => edit(place, { hours })} zone={settings.timezone} none={t("hours.off")} />
            ) : null}
          </Item>
        ))}
      </Stack>
    </Card>
  );
}

export function ClosedDays() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  const { closed_days: closed, holidays } = settings;
  const edit = (place: number, changes: Partial<Settings["closed_days"][number]>) =>
    change({ closed_days: closed.map((day, at) => (at === place ? { ...day, ...changes } : day)) });
  const today = new Date().toISOString().slice(0, 10);
  const observe = (changes: Partial<Settings["holidays"]>) => change({ holidays: { ...holidays, ...changes } });
  const switches = ["public_holidays", "holiday_eves", "optional_holidays", "shabbat"] as const;
  return (
    <>
      <Card title={t("business.closedDays")} actions={<Add onClick={() => change({ closed_days: [...closed, { first: today, last: null, name: {} }] })} label={t("business.addClosed")} />}>
        {closed.length === 0 ? <Text c="dimmed">{t("business.noClosed")}</Text> : null}
        <Stack>
          {closed.map((day, place) => (
            <Item key={place} label={inLanguage(day.name)} onRemove={() => change({ closed_days: closed.filter((_, at) => at !== place) })}>
              <Fields>
                <DateField label={t("business.closedFrom")} value={day.first} onChange={(first) => first && edit(place, { first })} error={wrong(`closed_days[${place}].first`)} />
                <DateField label={t("business.closedUntil")} value={day.last} clearable onChange={(last) => edit(place, { last })} error={wrong(`closed_days[${place}].last`)} />
              </Fields>
              <ByLanguage label={t("business.closedName")} languages={settings.languages} value={day.name} onChange={(name) => edit(place, { name })} />
            </Item>
          ))}
        </Stack>
      </Card>
      <Card title={t("business.holidays")}>
        <Stack gap="sm">
          {switches.map((name) => (
            <Checkbox key={name} label={t(`business.observe.${name}`)} checked={holidays[name]} onChange={(event) => observe({ [name]: event.currentTarget.checked })} />
          ))}
          <TagsInput label={t("business.openOn")} description={t("business.openOnLead")} value={holidays.open_on} onChange={(open_on) => observe({ open_on })} />
          <TagsInput label={t("business.closedOn")} value={holidays.closed_on} onChange={(closed_on) => observe({ closed_on })} />
        </Stack>
      </Card>
    </>
  );
}

export function Knowledge() {
  const { t } = useTranslation();
  const { settings, change } = useSettings();
  const { knowledge } = settings;
  const edit = (place: number, changes: Partial<Settings["knowledge"][number]>) =>
    change({ knowledge: knowledge.map((item, at) => (at === place ? { ...item, ...changes } : item)) });
  return (
    <>
      <Card title={t("business.knowledge")} actions={<Add onClick={() => change({ knowledge: [...knowledge, { question: {}, answer: {} }] })} label={t("business.addAnswer")} />}>
        {knowledge.length === 0 ? <Empty icon="messages" title={t("business.noKnowledge")}>{t("business.knowledgeLead")}</Empty> : null}
        <Stack>
          {knowledge.map((item, place) => (
            <Item key={place} label={inLanguage(item.question)} onRemove={() => change({ knowledge: knowledge.filter((_, at) => at !== place) })}>
              <ByLanguage label={t("business.question")} languages={settings.languages} value={item.question} onChange={(question) => edit(place, { question })} />
              <ByLanguage label={t("business.answer")} languages={settings.languages} value={item.answer} onChange={(answer) => edit(place, { answer })} long />
            </Item>
          ))}
        </Stack>
      </Card>
      <Card title={t("business.speakable")}>
        <TagsInput aria-label={t("business.speakable")} description={t("business.speakableLead")} value={settings.speakable} onChange={(speakable) => change({ speakable })} />
      </Card>
    </>
  );
}

function Add({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button variant="light" size="compact-md" leftSection={<Icon name="plus" size={16} />} onClick={onClick}>
      {label}
    </Button>
  );
}

function Item({ label, onRemove, children }: { label: string; onRemove: () => void; children: React.ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className={classes.item}>
      <Stack gap="sm" flex={1}>
        {children}
      </Stack>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("business.remove", { name: label })} onClick={onRemove}>
        <Icon name="trash" size={18} />
      </ActionIcon>
    </div>
  );
}
