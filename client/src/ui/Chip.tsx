/** A small coloured word. The colour only repeats what the word says. */
import type { ReactNode } from "react";
import classes from "./Chip.module.css";

export type Tone = "plain" | "good" | "warn" | "bad" | "info" | "live";

export function Chip({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className={classes.chip} data-tone={tone}>
      {children}
    </span>
  );
}
