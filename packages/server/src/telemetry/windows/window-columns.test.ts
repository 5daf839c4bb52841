import { expect, test } from "vitest";
import { catalogue, DAY_MS, delta, keyTenant, NOW, point, request, rig, SLOS } from "../telemetry-fixture.ts";

const HOUR_MS = 3_600_000;

test("columns of several tenants hold what each one's windows hold, folded or not", () => {
	const tenants = ["contoso", "fabrikam", "quiet"];
	const each = rig({ catalogue: catalogue({ tenants: tenants.map((name) => keyTenant(name)) }) });
	const lines = tenants.slice(0, 2).flatMap((tenant, k) =>
		[0.1, 2, 30, 400].map((hours) => {
			const at = NOW - hours * HOUR_MS;
			return JSON.stringify({ tenant, slo: SLOS[0]?.name, at, good: 90 + k, total: 100 });
		}),
	);
	each.telemetry.importEvents("history", new TextEncoder().encode(lines.join("\n")));
	each.telemetry.fold();
	each.send(request([delta("request.count", point({ tenant: "fabrikam-id", at: NOW - 60_000, value: 7 }))]));
	for (const [resolutionMs, spanMs] of [
		[HOUR_MS, 28 * DAY_MS],
		[600_000, DAY_MS],
		[60_000, HOUR_MS],
	] as const) {
		const range = { slo: "requests", from: NOW - spanMs, to: NOW + resolutionMs, resolutionMs };
		const columns = each.telemetry.columns({ ...range, tenants: [...tenants, "nobody"] });
		const steps = spanMs / resolutionMs + 1;
		expect(columns.length).toBe(4 * steps * 2);
		tenants.forEach((tenant, row) => {
			const windows = new Map(each.telemetry.windows({ ...range, tenant })?.map((window) => [window.at, window]));
			expect(windows.size > 0).toBe(tenant !== "quiet");
			for (let step = 0; step < steps; step++) {
				const window = windows.get(range.from + step * resolutionMs);
				const at = (row * steps + step) * 2;
				expect([columns[at], columns[at + 1]]).toEqual([window?.bad ?? 0, window?.total ?? 0]);
			}
		});
		expect(columns.subarray(3 * steps * 2).some((count) => count !== 0)).toBe(false);
	}
});
