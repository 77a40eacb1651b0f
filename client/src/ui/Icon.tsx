/** The icons of the pages, drawn on a 24 grid with one stroke; decorative: the words beside them carry the meaning. */
import type { CSSProperties } from "react";

const PATHS = {
  today: "M4 11.500 12 5l8 6.500M6 10v9h12v-9M10 19v-5h4v5",
  calendar: "M5 6h14v14H5zM5 10.500h14M9 3.500V7M15 3.500V7M9 14.500h2",
  calls: "M6.500 4h3l1.500 4-2 1.500a11 11 0 0 0 5.500 5.500l1.500-2 4 1.500v3a2 2 0 0 1-2.200 2A16 16 0 0 1 4.500 6.200 2 2 0 0 1 6.500 4z",
  live: "M12 12h.01M8.500 15.500a5 5 0 0 1 0-7M15.500 8.500a5 5 0 0 1 0 7M5.500 18.500a9.200 9.200 0 0 1 0-13M18.500 5.500a9.200 9.200 0 0 1 0 13",
  messages: "M4 6h16v12H4zM4 7l8 6 8-6",
  phone: "M8 3.500h8a1.500 1.500 0 0 1 1.500 1.500v14a1.500 1.500 0 0 1-1.500 1.500H8A1.500 1.500 0 0 1 6.500 19V5A1.500 1.500 0 0 1 8 3.500zM10.500 17.500h3",
  business: "M4 9.500 5.500 4.500h13L20 9.500M4 9.500a2.700 2.700 0 0 0 5.300 0 2.700 2.700 0 0 0 5.400 0 2.700 2.700 0 0 0 5.300 0M5.500 12v7.500h13V12M10 19.500V15h4v4.500",
  settings: "M5 7h8M17 7h2M5 12h2M11 12h8M5 17h6M15 17h4M15 5v4M9 10v4M13 15v4",
  hangup: "M3.500 14.500c0-5 17-5 17 0v1.500l-4.500-.5v-2.300a12 12 0 0 0-8 0v2.300l-4.500.5z",
  microphone: "M12 4a2.500 2.500 0 0 1 2.500 2.500v4.500a2.500 2.500 0 0 1-5 0V6.500A2.500 2.500 0 0 1 12 4zM6 11a6 6 0 0 0 12 0M12 17v3.500M9 20.500h6",
  play: "M8 5.500v13l10.500-6.500z",
  pause: "M8.500 5.500v13M15.500 5.500v13",
  search: "M10.500 5a5.500 5.500 0 1 1 0 11 5.500 5.500 0 0 1 0-11zM14.500 14.500 19.500 19.500",
  copy: "M9 9h10.500v10.500H9zM5 15V4.500h10",
  print: "M7 9V4h10v5M7 17H4.500V9h15v8H17M7 14h10v6H7z",
  download: "M12 4v10.500M7.500 10.500 12 15l4.500-4.500M5 19.500h14",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.500l4.500 4.500L19 7.500",
  plus: "M12 5v14M5 12h14",
  person: "M12 4.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7zM5 20a7 7 0 0 1 14 0",
  clock: "M12 4.500a7.500 7.500 0 1 1 0 15 7.500 7.500 0 0 1 0-15zM12 8v4.500l3 2",
  alert: "M12 4.500 21 19.500H3zM12 10.500v4M12 17h.01",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400",
  moon: "M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z",
  language: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM4 12h16M12 4c2.500 2.300 3.500 5 3.500 8s-1 5.700-3.500 8c-2.500-2.300-3.500-5-3.500-8s1-5.700 3.500-8z",
  logout: "M14 5H6v14h8M11 12h9M16.500 8.500 20 12l-3.500 3.500",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  transfer: "M4 8h13M13.500 4.500 17 8l-3.500 3.500M20 16H7M10.500 12.500 7 16l3.500 3.500",
  trash: "M5 7h14M9.500 7V4.500h5V7M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5",
  flask: "M10 4h4M10.500 4v6L5.500 19h13l-5-9V4M8 15h8",
  key: "M8 11a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7zM10.500 12 19 4.500M15.500 7.500l2.500 2.500",
  code: "M9 7l-5 5 5 5M15 7l5 5-5 5",
  speaker: "M5 9.500v5h3.500L13 18.500v-13L8.500 9.500zM16 9a4.500 4.500 0 0 1 0 6M18.500 6.500a8 8 0 0 1 0 11",
  keypad: "M7 6h.01M12 6h.01M17 6h.01M7 11h.01M12 11h.01M17 11h.01M7 16h.01M12 16h.01M17 16h.01M12 20.500h.01",
  forward: "M9 6l6 6-6 6",
  back: "M15 6l-6 6 6 6",
  link: "M10 14a3.500 3.500 0 0 0 5 0l3.500-3.500a3.500 3.500 0 0 0-5-5L12 7M14 10a3.500 3.500 0 0 0-5 0l-3.500 3.500a3.500 3.500 0 0 0 5 5L12 17",
} as const;

export type IconName = keyof typeof PATHS;

/** Icons that point somewhere in time or reading order, and so turn with the direction of the page. */
const TURNING = new Set<IconName>(["forward", "back", "logout"]);

interface IconProps {
  name: IconName;
  size?: number;
  style?: CSSProperties;
}

export function Icon({ name, size = 20, style }: IconProps) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden
      className={TURNING.has(name) ? "turns" : undefined}
      style={{ flex: "none", ...style }}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
