/** Who is told of what: the owner, the customers, other programs. */
import { Checkbox, NumberInput, Stack, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Card } from "../ui/Card";
import { Fields } from "../ui/Fields";
import { type Settings, useSettings } from "./useSettings";

export function Telling() {
  const { t } = useTranslation();
  const { settings, change, wrong } = useSettings();
  const { notifications: told, owner } = settings;
  const tell = (changes: Partial<Settings["notifications"]>) => change({ notifications: { ...told, ...changes } });
  const own = (changes: Partial<Settings["owner"]>) => change({ owner: { ...owner, ...changes } });
  return (
    <>
      <Card title={t("telling.owner")}>
        <Stack>
          <TextInput label={t("link.yourName")} dir="auto" value={owner.name ?? ""} onChange={(event) => own({ name: event.currentTarget.value || null })} />
          <Fields>
            <TextInput label={t("appointment.phone")} type="tel" dir="ltr" value={owner.phone ?? ""} onChange={(event) => own({ phone: event.currentTarget.value || null })} error={wrong("owner.phone")} />
            <TextInput label={t("login.email")} type="email" dir="ltr" value={owner.email ?? ""} onChange={(event) => own({ email: event.currentTarget.value || null })} error={wrong("owner.email")} />
          </Fields>
          <Checkbox label={t("telling.owner_email")} checked={told.owner_email} onChange={(event) => tell({ owner_email: event.currentTarget.checked })} />
          <Checkbox label={t("telling.owner_sms")} checked={told.owner_sms} onChange={(event) => tell({ owner_sms: event.currentTarget.checked })} />
        </Stack>
      </Card>
      <Card title={t("telling.customers")}>
        <Stack>
          <Checkbox label={t("telling.customer_email")} checked={told.customer_email} onChange={(event) => tell({ customer_email: event.currentTarget.checked })} />
          <Checkbox label={t("telling.customer_sms")} checked={told.customer_sms} onChange={(event) => tell({ customer_sms: event.currentTarget.checked })} />
          <NumberInput label={t("telling.reminder")} description={t("telling.reminderLead")} min={0} max={336} value={told.reminder_hours} onChange={(value) => typeof value === "number" && tell({ reminder_hours: value })} maw="16rem" />
        </Stack>
      </Card>
      <Card title={t("telling.programs")}>
        <Stack>
          <TextInput label={t("telling.webhook")} description={t("telling.webhookLead")} type="url" dir="ltr" value={told.webhook_url ?? ""} onChange={(event) => tell({ webhook_url: event.currentTarget.value || null })} error={wrong("notifications.webhook_url")} />
          <TextInput label={t("telling.secret")} dir="ltr" value={told.webhook_secret ?? ""} onChange={(event) => tell({ webhook_secret: event.currentTarget.value || null })} error={wrong("notifications.webhook_secret")} />
        </Stack>
      </Card>
    </>
  );
}
