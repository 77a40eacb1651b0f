/** How Torim speaks: greeting, language, manner, and the line that announces a recording. */
import { Autocomplete, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { Card } from "../ui/Card";
import { ByLanguage } from "./ByLanguage";
import { useSettings } from "./useSettings";

export function Speaking() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  return (
    <Card title={t("settings.speaking")}>
      <Stack>
        <Select
          label={t("settings.openingLanguage")}
          data={settings.languages.map((language) => ({
            value: language,
            label: t(`languageName.${language === "en" ? "en" : "he"}`),
          }))}
          value={settings.opening_language}
          onChange={(opening_language) => opening_language && change({ opening_language })}
          allowDeselect={false}
        />
        <Voice />
        <ByLanguage
          label={t("settings.greeting")}
          placeholder={t("settings.standard")}
          languages={settings.languages}
          value={settings.greeting}
          onChange={(greeting) => change({ greeting })}
          long
          error={wrong("greeting")}
        />
        <ByLanguage
          label={t("settings.persona")}
          description={t("settings.personaLead")}
          languages={settings.languages}
          value={settings.persona}
          onChange={(persona) => change({ persona })}
          long
          error={wrong("persona")}
        />
        <ByLanguage
          label={t("settings.consent")}
          description={t("settings.consentLead")}
          placeholder={t("settings.standard")}
          languages={settings.languages}
          value={settings.consent}
          onChange={(consent) => change({ consent })}
          long
          error={wrong("consent")}
        />
      </Stack>
    </Card>
  );
}

/** The voice, where the engine has several; a compatible engine may have others than those that are known here. */
function Voice() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  const speech = useQuery({ queryKey: ["speech"], queryFn: () => unwrap(api.GET("/api/v1/business/speech")) });
  if (!speech.data) return null;
  if (speech.data.voice === null) {
    return (
      <Text size="sm" c="dimmed">
        {t("settings.voiceOne")}
      </Text>
    );
  }
  return (
    <Autocomplete
      label={t("settings.voice")}
      description={t("settings.voiceLead", { voice: speech.data.voice })}
      dir="ltr"
      data={speech.data.voices}
      value={settings.voice ?? ""}
      onChange={(voice) => change({ voice: voice || null })}
      error={wrong("voice")}
    />
  );
}
