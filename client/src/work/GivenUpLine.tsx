/** How much was given up, as one line that leads to all of it; nothing where all went well. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Icon } from "../ui/Icon";
import { useGivenUp } from "./useWork";
import classes from "./Work.module.css";

export function GivenUpLine() {
  const { t } = useTranslation();
  const { data: found = [] } = useGivenUp();
  if (found.length === 0) return null;
  return (
    <Link href="/settings/work" className={classes.line}>
      <Icon name="alert" size={18} />
      <span>{t("today.givenUp", { count: found.length })}</span>
      <Icon name="forward" size={16} />
    </Link>
  );
}
