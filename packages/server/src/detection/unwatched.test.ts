import { MINUTE_MS } from "@bellwether/model";
import { describe, expect, test } from "vitest";
import type { PairMonitor } from "./index.ts";
import { fleetOf } from "./test-fleet.ts";
import { unwatchedBreaches } from "./unwatched.ts";

const LIMIT: PairMonitor = {
	name: "limit",
	mode: "live",
	threshold: {
		measure: "bad-ratio",
		is: "above",
		value: 0.05,
		lookMs: 5 * MINUTE_MS,
		minutes: 5,
		clear: 0.05,
		clearMs: 5 * MINUTE_MS,
	},
};
const open = (detector: string, tenant = "contoso") => ({ tenant, slo: "sign-in", detector, openedAt: 1 });

describe("an open claim is ended by nobody", () => {
	test.each<[string, PairMonitor[], string, string, boolean]>([
		["while its monitor is live: no", [LIMIT], "threshold", "contoso", false],
		["while it is paused: no", [{ ...LIMIT, pausedUntil: 9e15 }], "threshold", "contoso", false],
		["on the platform: no", [LIMIT], "threshold", "", false],
		["once its monitor is in shadow", [{ ...LIMIT, mode: "shadow" }], "threshold", "contoso", true],
		["once it is a draft", [{ ...LIMIT, mode: "draft" }], "threshold", "contoso", true],
		["once it is removed", [], "threshold", "contoso", true],
		["by a monitor of another detector", [LIMIT], "absence", "contoso", true],
		["by the live one beside the shadow: no", [{ ...LIMIT, mode: "shadow" }, LIMIT], "threshold", "contoso", false],
		["of burn rate without a monitor: no, it ends by itself", [], "burn-rate", "contoso", false],
		["once its tenant is gone", [LIMIT], "burn-rate", "fabrikam", true],
	])("%s", (_name, also, detector, tenant, isUnwatched) => {
		const breach = open(detector, tenant);
		const told = unwatchedBreaches(fleetOf(["contoso"], { also }), [breach]);
		expect(told).toEqual(isUnwatched ? [breach] : []);
	});
});
