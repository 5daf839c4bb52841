import { defineConfig } from "vitest/config";

/** Projects are the steps of `npm test`. Those that start whole processes run two files at a time: two cores are not many. */
export default defineConfig({
	test: {
		projects: [
			{
				test: {
					name: "unit",
					// One per core. Files share what they import: loading it anew for each was half of the time.
					maxWorkers: 2,
					isolate: false,
					include: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.mjs"],
					environment: "node",
					// Tests of properties take seconds of work, more on a busy machine.
					testTimeout: 30_000,
					hookTimeout: 30_000,
				},
			},
			{
				test: {
					name: "architecture",
					include: ["test/architecture/**/*.test.ts"],
					environment: "node",
					testTimeout: 60_000,
				},
			},
			{
				test: {
					name: "scenario",
					include: ["test/**/*.test.ts"],
					exclude: ["test/browser/**", "test/architecture/**"],
					environment: "node",
					testTimeout: 60_000,
					hookTimeout: 60_000,
					maxWorkers: 2,
				},
			},
			{
				test: {
					name: "browser",
					include: ["test/browser/**/*.test.ts"],
					environment: "node",
					testTimeout: 60_000,
					hookTimeout: 60_000,
					maxWorkers: 2,
					// A page that has told the server something reads it anew before it shows it.
					expect: { poll: { timeout: 15_000 } },
				},
			},
		],
	},
});
