/** All calls: those that go on first, then the list with its filters. The filters live in the address. */
import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "wouter";
import { type CallFilters, useCalls, useZone } from "../api/data";
import { useLive } from "../api/live";
import type { Call, Outcome } from "../api/types";
import { CallRow } from "../call/CallRow";
import { LiveStrip } from "../call/LiveStrip";
import { instantOf } from "../i18n/format";
import { Card } from "../ui/Card";
import { DateField } from "../ui/DateField";
import { Icon } from "../ui/Icon";
import { PageHead } from "../ui/PageHead";
import { Empty, Failed, Waiting } from "../ui/States";
import classes from "./CallsPage.module.css";

const OUTCOMES: readonly Outcome[] = [
  "booked", "moved", "cancelled", "message", "transferred", "question", "abandoned", "none",
];
const SOUNDS = ["all", "bargeIn", "falseAlarm"] as const;
type Sounds = (typeof SOUNDS)[number];

export default function CallsPage() {
  const { t } = useTranslation();
  const { calls: live } = useLive();
  const [asked, setAsked] = useSearchParams();
  const zone = useZone();
  const filters = filtersOf(asked, zone);
  const calls = useCalls(filters);
  const found = calls.data?.pages.flatMap((page) => page.items) ?? [];
  const ask = (name: string, value: string | null) =>
    setAsked(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  return (
    <>
      <PageHead title={t("calls.title")} lead={t("calls.lead")} />
      {live.length > 0 ? <LiveStrip calls={live} /> : null}
      <Filters asked={asked} onAsk={ask} />
      {calls.isPending ? <Waiting rows={8} /> : null}
      {calls.isError ? <Failed error={calls.error} retry={() => void calls.refetch()} /> : null}
      {calls.isSuccess && found.length === 0 ? <NoCalls filtered={asked.size > 0} onAll={() => setAsked({})} /> : null}
      {found.length > 0 ? <List calls={found} /> : null}
      {calls.hasNextPage ? (
        <Button variant="default" mt="md" loading={calls.isFetchingNextPage} onClick={() => void calls.fetchNextPage()}>
          {t("common.more")}
        </Button>
      ) : null}
    </>
  );
}

function filtersOf(asked: URLSearchParams, zone: string): CallFilters {
  const sounds = asked.get("sounds");
  const since = asked.get("since");
  const until = asked.get("until");
  return {
    outcome: OUTCOMES.find((outcome) => outcome === asked.get("outcome")),
    number: asked.get("number") || undefined,
    text: asked.get("text") || undefined,
    since: since ? instantOf(`${since} 00:00:00`, zone) : undefined,
    until: until ? instantOf(`${until} 23:59:59`, zone) : undefined,
    had_barge_in: sounds === "bargeIn" || undefined,
    had_false_alarm: sounds === "falseAlarm" || undefined,
  };
}

interface FiltersProps {
  asked: URLSearchParams;
  onAsk: (name: string, value: string | null) => void;
}

function Filters({ asked, onAsk }: FiltersProps) {
  const { t } = useTranslation();
  const sounds = SOUNDS.find((item) => item === asked.get("sounds")) ?? "all";
  return (
    <search className={classes.filters}>
      <Typed name="text" label={t("calls.text")} asked={asked} onAsk={onAsk} wide />
      <Typed name="number" label={t("calls.number")} asked={asked} onAsk={onAsk} />
      <Select
        label={t("calls.outcome")}
        clearable
        value={asked.get("outcome")}
        onChange={(value) => onAsk("outcome", value)}
        data={OUTCOMES.map((value) => ({ value, label: t(`outcome.${value}`) }))}
        placeholder={t("calls.any")}
      />
      {(["since", "until"] as const).map((name) => (
        <DateField
          key={name}
          label={t(`calls.${name}`)}
          clearable
          clearButtonProps={{ "aria-label": t("calls.anyDay") }}
          value={asked.get(name)}
          onChange={(day) => onAsk(name, day)}
        />
      ))}
      <SegmentedControl<Sounds>
        aria-label={t("calls.sounds")}
        value={sounds}
        onChange={(value) => onAsk("sounds", value === "all" ? null : value)}
        data={SOUNDS.map((value) => ({ value, label: t(`calls.sound.${value}`) }))}
      />
    </search>
  );
}

interface TypedProps extends FiltersProps {
  name: "text" | "number";
  label: string;
  wide?: boolean;
}

/** A field that asks when its writer pauses. */
function Typed({ name, label, asked, onAsk, wide }: TypedProps) {
  const [value, setValue] = useState(asked.get(name) ?? "");
  const [settled] = useDebouncedValue(value, 300);
  useEffect(() => {
    if (settled !== (asked.get(name) ?? "")) onAsk(name, settled || null);
  }, [settled]); // only what was typed asks; the address may change by itself
  return (
    <TextInput
      label={label}
      type="search"
      className={wide ? classes.wide : undefined}
      dir={name === "number" ? "ltr" : "auto"}
      value={value}
      onChange={(event) => setValue(event.currentTarget.value)}
      leftSection={<Icon name="search" size={16} />}
    />
  );
}

function List({ calls }: { calls: readonly Call[] }) {
  return (
    <Card flush>
      {calls.map((call) => (
        <CallRow key={call.id} call={call} />
      ))}
    </Card>
  );
}

function NoCalls({ filtered, onAll }: { filtered: boolean; onAll: () => void }) {
  const { t } = useTranslation();
  return (
    <Card>
      <Empty icon="calls" title={t(filtered ? "calls.noneFound" : "calls.none")}>
        {filtered ? (
          <Button variant="default" onClick={onAll}>
            {t("calls.showAll")}
          </Button>
        ) : (
          <Button component={Link} href="/phone">
            {t("calls.tryOne")}
          </Button>
        )}
      </Empty>
    </Card>
  );
}
