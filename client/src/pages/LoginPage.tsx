/** Logging in, as a page of its own. */
import { useTranslation } from "react-i18next";
import { Entry } from "./Entry";
import { LoginForm } from "./LoginForm";

export default function LoginPage() {
  const { t } = useTranslation();
  return (
    <Entry title={t("brand")} lead={t("login.lead")}>
      <LoginForm />
    </Entry>
  );
}
