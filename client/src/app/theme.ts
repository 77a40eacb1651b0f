/** Colours and type of the pages. Every pair of text and ground here passes contrast AA; axe checks it in the tests. */
import { createTheme, type CSSVariablesResolver, DEFAULT_THEME, type MantineColorsTuple } from "@mantine/core";

const sea: MantineColorsTuple = [
  "#e6f6f7", "#cfe9ec", "#a0d3d9", "#6ebcc5", "#46a9b4", "#2c9da9", "#178592", "#0d6672", "#0a5560", "#06434c",
];

const red: MantineColorsTuple = [
  "#fdecea", "#fbd5d1", "#f5aca5", "#ee8177", "#e7594d", "#d83f32", "#c42f23", "#b42318", "#951b12", "#75130c",
];

export const theme = createTheme({
  primaryColor: "sea",
  primaryShade: 7,
  colors: { sea, red },
  autoContrast: true,
  luminanceThreshold: 0.3,
  fontFamily: "Heebo, system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  headings: { fontFamily: "Heebo, system-ui, sans-serif", fontWeight: "650" },
  defaultRadius: "md",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
});

/** Mantine's own pale variants put middling text on pale ground; here that text is darker by day, lighter by night. */
export const variables: CSSVariablesResolver = () => {
  const light: Record<string, string> = {
    "--mantine-color-dimmed": "#586069",
    "--mantine-color-placeholder": "#626b75",
    "--mantine-color-error": "#b42318",
    "--mantine-color-body": "#fbfaf8",
    "--mantine-color-anchor": sea[7],
  };
  const dark: Record<string, string> = {
    "--mantine-color-dimmed": "#a8b0ba",
    "--mantine-color-placeholder": "#98a1ac",
    "--mantine-color-error": "#ff9a8d",
    "--mantine-color-body": "#15181c",
    "--mantine-color-anchor": sea[3],
  };
  for (const [name, shades] of Object.entries({ ...DEFAULT_THEME.colors, sea, red })) {
    light[`--mantine-color-${name}-light-color`] = shades[9] ?? "";
    dark[`--mantine-color-${name}-light-color`] = shades[2] ?? "";
  }
  return { variables: {}, light, dark };
};
