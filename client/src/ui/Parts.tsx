/** A page of several parts with their names beside them; the part is in the address. */
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import classes from "./Parts.module.css";

export interface Part {
  key: string;
  name: string;
  content: () => ReactNode;
}

export function Parts({ base, current, parts }: { base: string; current: string | undefined; parts: readonly Part[] }) {
  const { t } = useTranslation();
  const names = useRef<HTMLElement>(null);
  const shown = parts.find((part) => part.key === current) ?? parts[0];
  // On a telephone the names are a row that is wider than the screen.
  useEffect(() => {
    names.current?.querySelector("[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [shown?.key]);
  return (
    <div className={classes.parts}>
      <nav ref={names} className={classes.names} aria-label={t("nav.parts")}>
        {parts.map((part) => (
          <Link key={part.key} href={`${base}/${part.key}`} aria-current={part === shown ? "page" : undefined}>
            {part.name}
          </Link>
        ))}
      </nav>
      <div className={classes.content}>{shown?.content()}</div>
    </div>
  );
}
