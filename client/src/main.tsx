import "@mantine/core/styles.css";
import "./app/fonts.css";
import "./app/base.css";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { startLanguage } from "./i18n";

const root = document.getElementById("root");
if (root) {
  void startLanguage().then(() => createRoot(root).render(<App />));
}
