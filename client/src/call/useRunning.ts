/** A duration that goes on by itself between two words of the server. */
import { useEffect, useState } from "react";

export function useRunning(durationMs: number): number {
  const [told, setTold] = useState({ durationMs, atMs: performance.now() });
  const [, tick] = useState(0);
  if (told.durationMs !== durationMs) setTold({ durationMs, atMs: performance.now() });
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return told.durationMs + (performance.now() - told.atMs);
}
