/** The frame around every page: language, direction, theme, server data, and what happens when a page fails. */
import { DirectionProvider, MantineProvider, useDirection } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { currentLanguage, direction } from "../i18n";
import { queryClient } from "../api/query";
import { Boundary } from "./Boundary";
import { nonce } from "./nonce";
import { Pages } from "./Pages";
import { Toasts } from "./Toasts";
import { theme, variables } from "./theme";

export function App() {
  const { t, i18n } = useTranslation();
  const spoken = useMemo(() => {
    const closes = { defaultProps: { closeButtonProps: { "aria-label": t("common.close") } } };
    return { ...theme, components: { Modal: closes, Drawer: closes } };
  }, [i18n.language, t]);
  return (
    <DirectionProvider initialDirection={direction(currentLanguage())} detectDirection={false}>
      <MantineProvider
        theme={spoken}
        cssVariablesResolver={variables}
        defaultColorScheme="auto"
        {...(nonce ? { getStyleNonce: () => nonce } : {})}
      >
        <QueryClientProvider client={queryClient}>
          <Turned>
            <Toasts />
            <Boundary>
              <Pages />
            </Boundary>
          </Turned>
        </QueryClientProvider>
      </MantineProvider>
    </DirectionProvider>
  );
}

/** Turns Mantine's direction with the language. */
function Turned({ children }: { children: ReactNode }) {
  const { i18n } = useTranslation();
  const { setDirection } = useDirection();
  const language = i18n.language;
  useEffect(() => setDirection(direction(currentLanguage())), [language, setDirection]);
  return children;
}
