/** Isolates what reads from left to right in any language: numbers, times, telephone numbers, identifiers. */
import type { ReactNode } from "react";

export function Ltr({ children }: { children: ReactNode }) {
  return <bdi dir="ltr">{children}</bdi>;
}
