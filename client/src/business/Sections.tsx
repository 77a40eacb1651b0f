/** What the business is: its name, hours, services, people, closed days and answers. */
import { Checkbox, NumberInput, Select, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { inLanguage } from "../api/data";
import { Card } from "../ui/Card";
import { Fields } from "../ui/Fields";
import { Empty } from "../ui/States";
import { ByLanguage } from "./ByLanguage";
import { closedToday, ClosedList } from "./ClosedList";
import { Add, Item } from "./Items";
import { type Town, townOf, TOWNS } from "./towns";
import { freshId, type Settings, useSettings } from "./useSettings";
import { type DayName, WeekHours } from "./WeekHours";

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
          {settings.staff.length === 0 ? <Amount label={t("business.capacity")} name="capacity" max={100} /> : null}
        </Fields>
      </Card>
    </>
  );
}

function Amount({ label, name, max }: { label: string; name: "minimum_notice_min" | "horizon_days" | "slot_step_min" | "capacity"; max: number }) {
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

export function ClosedDays() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  const { closed_days: closed, holidays } = settings;
  const observe = (changes: Partial<Settings["holidays"]>) => change({ holidays: { ...holidays, ...changes } });
  const switches = ["public_holidays", "holiday_eves", "optional_holidays", "shabbat"] as const;
  return (
    <>
      <Card title={t("business.closedDays")} actions={<Add onClick={() => change({ closed_days: [...closed, closedToday(settings.timezone)] })} label={t("business.addClosed")} />}>
        {closed.length === 0 ? <Text c="dimmed">{t("business.noClosed")}</Text> : null}
        <ClosedList value={closed} onChange={(closed_days) => change({ closed_days })} wrong={(path) => wrong(`closed_days${path}`)} />
      </Card>
      <Card title={t("business.holidays")}>
        <Stack gap="sm">
          {switches.map((name) => (
            <Checkbox key={name} label={t(`business.observe.${name}`)} checked={holidays[name]} onChange={(event) => observe({ [name]: event.currentTarget.checked })} />
          ))}
          {holidays.shabbat || holidays.holiday_eves ? <CandleLighting /> : null}
          <TagsInput label={t("business.openOn")} description={t("business.openOnLead")} value={holidays.open_on} onChange={(open_on) => observe({ open_on })} />
          <TagsInput label={t("business.closedOn")} value={holidays.closed_on} onChange={(closed_on) => observe({ closed_on })} />
        </Stack>
      </Card>
    </>
  );
}

/** By which place and custom Shabbat and holidays come in. */
function CandleLighting() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  const { holidays } = settings;
  const town = townOf(holidays);
  const towns = (Object.keys(TOWNS) as Town[]).map((value) => ({ value: value as string, label: t(`town.${value}`) }));
  return (
    <Fields>
      <Select
        label={t("business.town")}
        data={town ? towns : [{ value: "other", label: t("business.otherTown") }, ...towns]}
        value={town ?? "other"}
        onChange={(chosen) => chosen && chosen in TOWNS && change({ holidays: { ...holidays, ...TOWNS[chosen as Town] } })}
        allowDeselect={false}
      />
      <NumberInput
        label={t("business.candles")}
        min={0}
        max={120}
        allowDecimal={false}
        value={holidays.candle_lighting_min}
        onChange={(value) => typeof value === "number" && change({ holidays: { ...holidays, candle_lighting_min: value } })}
        error={wrong("holidays.candle_lighting_min")}
      />
    </Fields>
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
