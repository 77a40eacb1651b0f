/** The menu of the shell: further pages, the languages, the way out. It opens as soon as it is there. */
import { Menu } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { LANGUAGES, setLanguage } from "../i18n";
import { Icon } from "../ui/Icon";
import { useChooseBusiness, useLogout, useSession } from "./session";
import type { Page } from "./Shell";

export default function ShellMenu({ target, pages }: { target: ReactElement; pages: readonly Page[] }) {
  const { t, i18n } = useTranslation();
  const [open, setOpen] = useState(true);
  const [, go] = useLocation();
  const logout = useLogout();
  return (
    <Menu opened={open} onChange={setOpen} position="top-start" shadow="md">
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>
        {pages.map((page) => (
          <Menu.Item key={page.key} leftSection={<Icon name={page.icon} />} onClick={() => go(page.path)}>
            {t(`nav.${page.key}`)}
          </Menu.Item>
        ))}
        {pages.length > 0 ? <Menu.Divider /> : null}
        <Businesses />
        {LANGUAGES.map(({ code, name }) => (
          <Menu.Item
            key={code}
            lang={code}
            leftSection={<Icon name={i18n.language === code ? "check" : "language"} />}
            onClick={() => void setLanguage(code)}
          >
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="logout" />} onClick={() => logout.mutate()}>
          {t("nav.logout")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** The businesses of an account that belongs to several. */
function Businesses() {
  const { data: session } = useSession();
  const choose = useChooseBusiness();
  if (!session || session.businesses.length < 2) return null;
  return (
    <>
      {session.businesses.map(({ id, name }) => (
        <Menu.Item
          key={id}
          leftSection={<Icon name={id === session.businessId ? "check" : "business"} />}
          onClick={() => choose.mutate(id)}
        >
          <bdi>{name}</bdi>
        </Menu.Item>
      ))}
      <Menu.Divider />
    </>
  );
}
