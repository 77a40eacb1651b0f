/** The frame of the pages of a logged-in person: navigation, business, language and theme. */
import { ActionIcon, Menu, Tooltip, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { useLiveStream } from "../api/live";
import { LANGUAGES, setLanguage } from "../i18n";
import { Icon, type IconName } from "../ui/Icon";
import { useLogout, useSession } from "./session";
import classes from "./Shell.module.css";

const PAGES = [
  { path: "/", key: "today", icon: "today" },
  { path: "/calendar", key: "calendar", icon: "calendar" },
  { path: "/calls", key: "calls", icon: "calls" },
  { path: "/live", key: "live", icon: "live" },
  { path: "/messages", key: "messages", icon: "messages" },
  { path: "/phone", key: "phone", icon: "phone" },
  { path: "/business", key: "business", icon: "business" },
  { path: "/settings", key: "settings", icon: "settings" },
] as const satisfies readonly { path: string; key: string; icon: IconName }[];
const ON_PHONE = 4;

export function Shell({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  useLiveStream();
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        {t("nav.skip")}
      </a>
      <aside className={`${classes.side} no-print`}>
        <Brand />
        <Navigation />
        <Corner />
      </aside>
      <main id="main" className={classes.main} tabIndex={-1}>
        {children}
      </main>
      <Tabs />
    </div>
  );
}

function Brand() {
  const { data: session } = useSession();
  const { t } = useTranslation();
  return (
    <Link href="/" className={classes.brand}>
      <img src="/torim.svg" alt="" width={32} height={32} />
      <span>
        <strong>{t("brand")}</strong>
        <small dir="auto">{session?.businessName ?? ""}</small>
      </span>
    </Link>
  );
}

function Navigation() {
  const { t } = useTranslation();
  return (
    <nav className={classes.nav} aria-label={t("nav.label")}>
      {PAGES.map(({ path, icon, key }) => (
        <PageLink key={key} path={path} icon={icon} label={t(`nav.${key}`)} />
      ))}
    </nav>
  );
}

function PageLink({ path, icon, label }: { path: string; icon: IconName; label: string }) {
  const [location] = useLocation();
  const current = path === "/" ? location === "/" : location.startsWith(path);
  return (
    <Link href={path} className={classes.link} aria-current={current ? "page" : undefined}>
      <Icon name={icon} />
      <span>{label}</span>
    </Link>
  );
}

/** The bar at the bottom of a phone: the first pages, and the rest in a menu. */
function Tabs() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [, go] = useLocation();
  return (
    <nav className={`${classes.tabs} no-print`} aria-label={t("nav.label")}>
      {PAGES.slice(0, ON_PHONE).map(({ path, icon, key }) => (
        <PageLink key={key} path={path} icon={icon} label={t(`nav.${key}`)} />
      ))}
      <Menu opened={open} onChange={setOpen} position="top-end" shadow="md">
        <Menu.Target>
          <UnstyledButton className={classes.link}>
            <Icon name="more" />
            <span>{t("nav.more")}</span>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          {PAGES.slice(ON_PHONE).map((page) => (
            <Menu.Item key={page.key} leftSection={<Icon name={page.icon} />} onClick={() => go(page.path)}>
              {t(`nav.${page.key}`)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <LanguageItems />
          <LogoutItem />
        </Menu.Dropdown>
      </Menu>
    </nav>
  );
}

function LanguageItems() {
  const { i18n } = useTranslation();
  return LANGUAGES.map(({ code, name }) => (
    <Menu.Item
      key={code}
      lang={code}
      leftSection={<Icon name={i18n.language === code ? "check" : "language"} />}
      onClick={() => void setLanguage(code)}
    >
      {name}
    </Menu.Item>
  ));
}

function LogoutItem() {
  const { t } = useTranslation();
  const logout = useLogout();
  return (
    <Menu.Item leftSection={<Icon name="logout" />} onClick={() => logout.mutate()}>
      {t("nav.logout")}
    </Menu.Item>
  );
}

function Corner() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  return (
    <div className={classes.corner}>
      <Menu position="top-start" shadow="md" withArrow>
        <Menu.Target>
          <UnstyledButton className={classes.account}>
            <Icon name="person" />
            <span dir="auto">{session?.name ?? t("nav.account")}</span>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <LanguageItems />
          <Menu.Divider />
          <LogoutItem />
        </Menu.Dropdown>
      </Menu>
      <ThemeSwitch />
    </div>
  );
}

export function ThemeSwitch() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark = colorScheme === "dark" || (colorScheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  const label = t(dark ? "nav.lightTheme" : "nav.darkTheme");
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" size="lg" aria-label={label} onClick={() => setColorScheme(dark ? "light" : "dark")}>
        <Icon name={dark ? "sun" : "moon"} />
      </ActionIcon>
    </Tooltip>
  );
}
