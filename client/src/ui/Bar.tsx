/** How long something took, as a bar of a common scale; decorative: the number stands beside it. */
import classes from "./Bar.module.css";

const SCALE_MS = 300;

export function Bar({ ms }: { ms: number }) {
  return <span className={classes.bar} style={{ ["--part" as string]: Math.min(1, ms / SCALE_MS) }} aria-hidden />;
}
