/** How loud one lane is now. Only for the eye: who speaks is told in words. */
import classes from "./Meter.module.css";

export function Meter({ level, side }: { level: number; side: "caller" | "ai" }) {
  const part = Math.min(1, Math.sqrt(level) * 1.2);
  return <i className={classes.meter} data-side={side} style={{ ["--level" as string]: part }} aria-hidden />;
}
