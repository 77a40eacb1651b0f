/** What the keyboard does in the calendar: told when somebody asks, by a button or by "?". */
import { ActionIcon, Modal, Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./KeysHelp.module.css";

const KEYS = [
  { does: "browse", keys: [["←", "→", "↑", "↓"]] },
  { does: "create", keys: [["Enter"]] },
  { does: "open", keys: [["Tab"], ["Enter"]] },
  { does: "move", keys: [["Alt", "←", "→", "↑", "↓"]] },
  { does: "resize", keys: [["Alt", "Shift", "↑", "↓"]] },
  { does: "keep", keys: [["Enter"]] },
  { does: "giveUp", keys: [["Esc"]] },
  { does: "turn", keys: [["PgUp"], ["PgDn"]] },
  { does: "help", keys: [["?"]] },
] as const;

export function KeysHelp() {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    const ask = (event: KeyboardEvent) => {
      if (event.key === "?" && !writes(event.target)) setOpened(true);
    };
    window.addEventListener("keydown", ask);
    return () => window.removeEventListener("keydown", ask);
  }, []);
  return (
    <>
      <Tooltip label={t("keys.title")}>
        <ActionIcon variant="default" size="lg" aria-label={t("keys.title")} onClick={() => setOpened(true)} visibleFrom="sm">
          ?
        </ActionIcon>
      </Tooltip>
      <Modal opened={opened} onClose={() => setOpened(false)} title={t("keys.title")} centered>
        <dl className={classes.keys}>
          {KEYS.map(({ does, keys }) => (
            <div key={does}>
              <dt dir="ltr">
                {keys.map((each) => (
                  <span key={each.join("+")}>
                    {each.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </span>
                ))}
              </dt>
              <dd>{t(`keys.${does}`)}</dd>
            </div>
          ))}
        </dl>
      </Modal>
    </>
  );
}

/** Whether a "?" that is typed here is meant as a letter. */
function writes(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
