/** A page of several parts with their names beside them; the part is in the address. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import classes from "./Parts.module.css";

export interface Part {
  key: string;
  name: string;
  content: () => ReactNode;
}

export function Parts({ base, current, parts }: { base: string; current: string | undefined; parts: readonly Part[] }) {
  const shown = parts.find((part) => part.key === current) ?? parts[0];
  return (
    <div className={classes.parts}>
      <nav className={classes.names}>
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
