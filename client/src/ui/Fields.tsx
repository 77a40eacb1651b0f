/** Short fields side by side, as many as have room. */
import type { ReactNode } from "react";
import classes from "./Fields.module.css";

export function Fields({ children }: { children: ReactNode }) {
  return <div className={classes.fields}>{children}</div>;
}
