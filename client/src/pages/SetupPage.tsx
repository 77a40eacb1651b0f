/** The first minutes: who you are, what you offer, when you are open, and a first call to Torim. */
import { Alert, Button, Group, Stack, Stepper, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useBusiness } from "../api/data";
import { adviceOf } from "../api/errors";
import { useLiveStream } from "../api/live";
import { Complaints } from "../business/Complaints";
import { Details, HoursSection, Services } from "../business/Sections";
import { StaffSection } from "../business/StaffSection";
import { DraftProvider, type Settings, useSaveSettings } from "../business/useSettings";
import { Card } from "../ui/Card";
import { Failed, Waiting } from "../ui/States";
import { TestPhone } from "./PhonePage";
import classes from "./SetupPage.module.css";

const STEPS = ["who", "what", "when", "call"] as const;

export default function SetupPage() {
  const business = useBusiness();
  useLiveStream();
  if (business.isPending) return <Waiting rows={8} />;
  if (business.isError) return <Failed error={business.error} retry={() => void business.refetch()} />;
  return <Wizard stored={business.data.settings} />;
}

function Wizard({ stored }: { stored: Settings }) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const narrow = useMediaQuery("(max-width: 48em)");
  const business = useBusiness();
  const save = useSaveSettings();
  const [step, setStep] = useState(0);
  const [settings, setSettings] = useState(stored);
  const last = STEPS.length - 1;
  const next = () =>
    save.mutate(
      { settings, version: business.data?.version ?? 0 },
      {
        onSuccess: (saved) => {
          setSettings(saved.settings);
          setStep(step + 1);
        },
      },
    );
  return (
    <main className={classes.page}>
      <header className={classes.head}>
        <img src="/torim.svg" alt="" width={44} height={44} />
        <div>
          <h1>{t("setup.title")}</h1>
          <Text c="dimmed">{t("setup.lead")}</Text>
        </div>
      </header>
      <Stepper active={step} onStepClick={(to) => to < step && setStep(to)} size="sm" orientation={narrow ? "vertical" : "horizontal"} mb="lg">
        {STEPS.map((name) => (
          <Stepper.Step key={name} label={t(`setup.${name}`)} />
        ))}
      </Stepper>
      <DraftProvider settings={settings} onChange={setSettings} error={save.error}>
        <Stack gap="lg">
          {step === 0 ? <Details /> : null}
          {step === 1 ? (
            <>
              <Services />
              <StaffSection />
            </>
          ) : null}
          {step === 2 ? <HoursSection /> : null}
          {step === last ? (
            <>
              <Card>
                <Text fw={600}>{t("setup.callNow")}</Text>
                <Text c="dimmed">{t("setup.callLead")}</Text>
              </Card>
              <TestPhone />
            </>
          ) : null}
        </Stack>
      </DraftProvider>
      {save.isError ? (
        <Alert color="red" role="alert" mt="md">
          {adviceOf(save.error)}
          <Complaints error={save.error} />
        </Alert>
      ) : null}
      <Group justify="space-between" mt="lg">
        <Button variant="default" disabled={step === 0} onClick={() => setStep(step - 1)}>
          {t("common.back")}
        </Button>
        {step === last ? (
          <Button onClick={() => go("/")}>{t("setup.finish")}</Button>
        ) : (
          <Button loading={save.isPending} onClick={next}>
            {t("setup.next")}
          </Button>
        )}
      </Group>
    </main>
  );
}
