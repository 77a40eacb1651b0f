/** The frame of the pages that need no login: the product's name, the languages, one box. */
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ThemeSwitch } from "../app/Shell";
import { LANGUAGES, setLanguage } from "../i18n";
import classes from "./Entry.module.css";

export function Entry({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  const { t, i18n } = useTranslation();
  const other = LANGUAGES.find(({ code }) => code !== i18n.language) ?? LANGUAGES[0];
  return (
    <div className={classes.page}>
      <div className={classes.corner}>
        <ThemeSwitch />
        {other ? (
          <Button variant="subtle" lang={other.code} onClick={() => void setLanguage(other.code)}>
            {other.name}
          </Button>
        ) : null}
      </div>
      <main className={classes.box}>
        <div className={classes.brand}>
          <img src="/torim.svg" alt="" width={44} height={44} />
          <div>
            <h1>{title}</h1>
            <p>{lead}</p>
          </div>
        </div>
        {children}
      </main>
      <p className={classes.foot}>{t("brandLine")}</p>
    </div>
  );
}
