/** A text in each language that the business speaks. */
import { Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./ByLanguage.module.css";

interface ByLanguageProps {
  label: string;
  description?: string;
  languages: readonly string[];
  value: Record<string, string>;
  onChange: (value: Record<string, string>) => void;
  long?: boolean;
  required?: boolean;
  placeholder?: string;
  error?: string | undefined;
}

export function ByLanguage({ label, languages, value, onChange, long, ...rest }: ByLanguageProps) {
  const { t } = useTranslation();
  const Field = long ? Textarea : TextInput;
  return (
    <div className={classes.fields}>
      {languages.map((language) => (
        <Field
          key={language}
          label={languages.length > 1 ? `${label} (${t(`languageName.${language === "en" ? "en" : "he"}`)})` : label}
          lang={language}
          dir={language === "he" ? "rtl" : "ltr"}
          value={value[language] ?? ""}
          onChange={(event) => onChange(withText(value, language, event.currentTarget.value))}
          {...(long ? { autosize: true, minRows: 2 } : {})}
          {...rest}
        />
      ))}
    </div>
  );
}

/** An empty text is none: the server then has one of its own. */
function withText(value: Record<string, string>, language: string, text: string): Record<string, string> {
  const { [language]: _before, ...others } = value;
  return text ? { ...others, [language]: text } : others;
}
