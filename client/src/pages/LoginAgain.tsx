/** Logging in over the page whose session ended. */
import { Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { LoginForm } from "./LoginForm";

export default function LoginAgain() {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t("login.ended")}
      centered
    >
      <p>{t("login.endedLead")}</p>
      <LoginForm />
    </Modal>
  );
}
