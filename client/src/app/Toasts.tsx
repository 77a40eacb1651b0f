/** Where short messages appear. */
import { lazy, Suspense, useEffect, useState } from "react";
import { onFirstToast } from "./toast";

const Shown = lazy(() => import("./ToastsShown"));

export function Toasts() {
  const [needed, setNeeded] = useState(false);
  useEffect(() => onFirstToast(() => setNeeded(true)), []);
  return needed ? (
    <Suspense fallback={null}>
      <Shown />
    </Suspense>
  ) : null;
}
