import react from "@vitejs/plugin-react";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const OUT = "../torim/_web";
const SERVER = process.env.SERVER_URL ?? "http://localhost:8080";

/** The server sends bytes as they are, so what is worth compressing lies beside its original. */
function compressed(): Plugin {
  let assets = "";
  return {
    name: "torim-compressed",
    apply: "build",
    configResolved({ root, build }) {
      assets = join(resolve(root, build.outDir), "assets"); // the build tool names a directory of its own
    },
    closeBundle() {
      for (const name of readdirSync(assets)) {
        if (/\.(js|css|svg)$/.test(name)) {
          const path = join(assets, name);
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        }
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // a strict content security policy takes no data: scripts
    chunkSizeWarningLimit: 400,
  },
  worker: { format: "es" },
  server: {
    proxy: {
      "/api": SERVER,
      "/browser": { target: SERVER, ws: true },
      "/openapi.json": SERVER,
    },
  },
});
