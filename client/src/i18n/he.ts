/** Every word of the pages in Hebrew; `en.ts` has the same keys. Pages fetch the two parts when they need them. */
import { first } from "./he.first";
import { pages } from "./he.pages";

export const he = { ...first, ...pages };
