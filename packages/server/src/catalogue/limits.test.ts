import { describe, expect, test } from "vitest";
import { limitsOfSource, limitsOfTenant, parseCatalogue } from "./index.ts";

const WORKLOAD = "apiVersion: bellwether/v1\nkind: Workload\nmetadata: { name: mail }\nspec: { owner: Mail }\n";
const TENANTS = `apiVersion: bellwether/v1
kind: KeyTenantList
spec:
  defaults: { limits: { pointsPerSecond: 500 } }
  tenants:
    - { name: contoso, match: { tenant.id: [a] } }
    - { name: fabrikam, match: { tenant.id: [b] }, limits: { pointsPerSecond: 7, streams: 90 } }
---
apiVersion: bellwether/v1
kind: KeyTenant
metadata: { name: tailspin }
spec: { match: { tenant.id: [c] } }
`;

function read(files: Readonly<Record<string, string>>) {
	const { catalogue, findings } = parseCatalogue(
		Object.entries({ "workloads/mail.yaml": WORKLOAD, "tenants/all.yaml": TENANTS, ...files }).map(([path, text]) => ({
			path,
			text,
		})),
	);
	const errors = findings.filter(({ level }) => level === "error").map(({ message, remedy }) => `${message} ${remedy}`);
	return { catalogue, errors };
}
const settings = (limits: string) => ({
	"bellwether.yaml": `apiVersion: bellwether/v1\nkind: Settings\nspec: { telemetry: { limits: ${limits} } }\n`,
});
const source = (spec: string) => ({
	"sources/edge.yaml": `apiVersion: bellwether/v1\nkind: Source\nmetadata: { name: edge }\nspec: ${spec}\n`,
});

describe("limits", () => {
	test("of a tenant are its own, else those of its list, else those of the settings, else the default", () => {
		const of = (files: Readonly<Record<string, string>>) => {
			const { catalogue, errors } = read(files);
			expect(errors).toEqual([]);
			const limits = catalogue?.settings.telemetry.limits;
			return catalogue?.tenants.map((tenant) => limitsOfTenant(tenant, limits));
		};
		const [contoso, fabrikam] = [{ pointsPerSecond: 500 }, { pointsPerSecond: 7, streams: 90 }];
		expect(of({})).toEqual([contoso, fabrikam, { pointsPerSecond: 100_000 }]);
		const streams = 4_000;
		expect(of(settings("{ tenants: { streams: 4000, pointsPerSecond: 20 } }"))).toEqual([
			{ ...contoso, streams },
			fabrikam,
			{ pointsPerSecond: 20, streams },
		]);
	});

	test("of a source are its own, else those of the settings, else none", () => {
		const written = "{ kind: otlp, limits: { bytesPerSecond: 9 }, expectEvery: 2m }";
		const { catalogue, errors } = read({
			...settings("{ sources: { bytesPerSecond: 1, requestsPerSecond: 3 } }"),
			...source(written),
		});
		expect(errors).toEqual([]);
		const [edge] = catalogue?.sources ?? [];
		expect(edge?.expectEveryMs).toBe(120_000);
		expect(limitsOfSource(edge, catalogue?.settings.telemetry.limits)).toEqual({
			bytesPerSecond: 9,
			requestsPerSecond: 3,
		});
		expect(limitsOfSource(undefined, undefined)).toEqual({});
	});

	test("are not for a source that is asked: it has its own pace", () => {
		const written = "{ kind: prometheus, url: https://prometheus.example, expectEvery: 5m, limits: {}, queries: [] }";
		expect(read(source(written)).errors).toEqual(
			expect.arrayContaining([
				expect.stringMatching(/^spec\.limits is not used by a source of kind prometheus/),
				expect.stringMatching(/^spec\.expectEvery is not used .* Remove it/),
			]),
		);
	});

	test.each([
		["{ tenants: { pointsPerSecond: 0 } }", /pointsPerSecond/],
		["{ tenants: { bytesPerSecond: 5 } }", /bytesPerSecond/],
		["{ sources: { streams: 5 } }", /streams/],
	])("%s is refused", (limits, says) => {
		expect(read(settings(limits)).errors).toEqual([expect.stringMatching(says)]);
	});
});
