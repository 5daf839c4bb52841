import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The server replaces __NONCE__ in the built index.html with the nonce of each response. */
export default defineConfig({
	plugins: [react()],
	html: { cspNonce: "__NONCE__" },
	build: {
		outDir: "dist",
		target: "es2022",
		modulePreload: { polyfill: false },
		// Inlined files would be data: addresses, which the content security policy refuses.
		assetsInlineLimit: 0,
	},
});
