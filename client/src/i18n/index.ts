/** The language of the page: chosen once, changed without a reload, strings fetched when first needed. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { he } from "./he";

export type Language = "he" | "en";
export type Strings = typeof he;

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: Strings };
  }
}

const STORED = "torim.language";
type Part = Record<string, unknown>;
/** The words of the first page come at once; those of the others with the first of them. */
const FIRST: Record<Language, () => Promise<Part>> = {
  he: async () => (await import("./he.first")).first,
  en: async () => (await import("./en.first")).first,
};
const PAGES: Record<Language, () => Promise<Part>> = {
  he: async () => (await import("./he.pages")).pages,
  en: async () => (await import("./en.pages")).pages,
};
const pagesOf = new Set<Language>();
let pagesWanted = false;

export const LANGUAGES: readonly { code: Language; name: string }[] = [
  { code: "he", name: "עברית" },
  { code: "en", name: "English" },
];

export function direction(language: Language): "rtl" | "ltr" {
  return language === "he" ? "rtl" : "ltr";
}

export function currentLanguage(): Language {
  return i18next.language === "en" ? "en" : "he";
}

/** The choice made here before, else Hebrew: the product is Hebrew first. */
function firstLanguage(): Language {
  const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(STORED);
  return asked === "en" ? "en" : "he";
}

export async function startLanguage(): Promise<void> {
  const language = firstLanguage();
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { translation: await FIRST[language]() } },
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  showLanguage(language);
}

/** Switch without a reload: what is on the page stays, its words change. */
export async function setLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await FIRST[language]());
  }
  if (pagesWanted) await addPages(language);
  localStorage.setItem(STORED, language);
  showLanguage(language);
  await i18next.changeLanguage(language);
}

/** A page with the words that it is written in. */
export async function withWords<Page>(page: Promise<Page>): Promise<Page> {
  pagesWanted = true;
  await addPages(currentLanguage());
  return page;
}

async function addPages(language: Language): Promise<void> {
  if (pagesOf.has(language)) return;
  i18next.addResourceBundle(language, "translation", await PAGES[language](), true);
  pagesOf.add(language);
}

function showLanguage(language: Language): void {
  document.documentElement.lang = language;
  document.documentElement.dir = direction(language);
}
