/** How Torim speaks: greeting, language, manner, and the line that announces a recording. */
import { Select, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
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
