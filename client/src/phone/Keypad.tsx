/** The keys of a telephone. They lie as on every telephone, also on a page that reads from right to left. */
import { useTranslation } from "react-i18next";
import classes from "./Keypad.module.css";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

export function Keypad({ enabled, onPress }: { enabled: boolean; onPress: (digit: string) => void }) {
  const { t } = useTranslation();
  return (
    <div className={classes.keypad} dir="ltr" role="group" aria-label={t("phone.keypad")}>
      {KEYS.map((digit) => (
        <button key={digit} type="button" disabled={!enabled} onClick={() => onPress(digit)}>
          {digit}
        </button>
      ))}
    </div>
  );
}
