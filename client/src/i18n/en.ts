/** Every word of the pages in English. */
import { first } from "./en.first";
import { pages } from "./en.pages";

export const en = { ...first, ...pages };
