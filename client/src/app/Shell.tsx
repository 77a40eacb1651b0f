/** The frame of the pages of a logged-in person: navigation, business, language and theme. */
import { ActionIcon, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { useLiveStream } from "../api/live";
import { Icon, type IconName } from "../ui/Icon";
import { useSession } from "./session";
import classes from "./Shell.module.css";

const PAGES = [
  { path: "/", key: "today", icon: "today" },
  { path: "/calendar", key: "calendar", icon: "calendar" },
  { path: "/calls", key: "calls", icon: "calls" },
  { path: "/live", key: "live", icon: "live" },
  { path: "/messages", key: "messages", icon: "messages" },
  { path: "/phone", key: "phone", icon: "phone" },
  { path: "/rehearsals", key: "rehearsals", icon: "flask", owners: true },
  { path: "/business", key: "business", icon: "business" },
  { path: "/settings", key: "settings", icon: "settings" },
] as const satisfies readonly { path: string; key: string; icon: IconName; owners?: boolean }[];
const ON_PHONE = 4;
export type Page = (typeof PAGES)[number];

/** The pages that whoever is logged in may use. */
function usePages(): readonly Page[] {
  const { data: session } = useSession();
  const owner = session?.scopes.includes("business:write") ?? false;
  return PAGES.filter((page) => owner || !("owners" in page));
}

const ShellMenu = lazy(() => import("./ShellMenu"));

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
  const pages = usePages();
  return (
    <nav className={classes.nav} aria-label={t("nav.label")}>
      {pages.map(({ path, icon, key }) => (
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
  const pages = usePages();
  return (
    <nav className={`${classes.tabs} no-print`} aria-label={t("nav.label")}>
      {pages.slice(0, ON_PHONE).map(({ path, icon, key }) => (
        <PageLink key={key} path={path} icon={icon} label={t(`nav.${key}`)} />
      ))}
      <OnDemand className={classes.link} label={t("nav.more")} icon="more" pages={pages.slice(ON_PHONE)} />
    </nav>
  );
}

function Corner() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  return (
    <div className={classes.corner}>
      <OnDemand className={classes.account} label={session?.name ?? t("nav.account")} icon="person" pages={[]} />
      <ThemeSwitch />
    </div>
  );
}

interface OnDemandProps {
  className: string | undefined;
  label: string;
  icon: IconName;
  pages: readonly Page[];
}

/** A button whose menu is fetched when it is first pressed. */
function OnDemand({ className, label, icon, pages }: OnDemandProps) {
  const [asked, setAsked] = useState(false);
  const button = (
    <UnstyledButton className={className} aria-haspopup="menu" onClick={() => setAsked(true)}>
      <Icon name={icon} />
      <bdi>{label}</bdi>
    </UnstyledButton>
  );
  if (!asked) return button;
  return (
    <Suspense fallback={button}>
      <ShellMenu target={button} pages={pages} />
    </Suspense>
  );
}

export function ThemeSwitch() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark = colorScheme === "dark" || (colorScheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  const label = t(dark ? "nav.lightTheme" : "nav.darkTheme");
  return (
    <ActionIcon
      variant="subtle"
      size="lg"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(dark ? "light" : "dark")}
    >
      <Icon name={dark ? "sun" : "moon"} />
    </ActionIcon>
  );
}
