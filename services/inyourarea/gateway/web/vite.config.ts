import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    assetsDir: "assets",
    // An inlined asset would be a data: address, which the gateway's CSP allows for pictures only.
    assetsInlineLimit: 0,
    // The polyfill is an inline script where modules need it; every browser with rVFC has preload.
    modulePreload: { polyfill: false },
    // hls.js, fetched where a connection is thin, is one file of 578 kB.
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8801" } },
});
