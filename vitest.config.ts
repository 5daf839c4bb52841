import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		projects: [
			{ test: { name: "unit", include: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts"], environment: "node" } },
			{
				test: {
					name: "scenario",
					include: ["test/**/*.test.ts"],
					exclude: ["test/browser/**"],
					environment: "node",
					testTimeout: 60_000,
					fileParallelism: false,
				},
			},
		],
	},
});
