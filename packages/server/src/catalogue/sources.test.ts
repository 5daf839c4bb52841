import { describe, expect, test } from "vitest";
import { parseCatalogue } from "./index.ts";

const BASE = `apiVersion: bellwether/v1
kind: Workload
metadata: { name: mail }
spec: { owner: Mail }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: send }
spec:
  service: mail
  indicator:
    metadata: { name: send }
    spec:
      ratioMetric:
        good: { metricSource: { spec: { metric: sends, where: { result: ok } } } }
        total: { metricSource: { spec: { metric: sends } } }
  timeWindow: [ { duration: 28d, isRolling: true } ]
  objectives: [ { target: 0.99 } ]
`;
const KQL = "T | where t >= {{from}} and t < {{to}}";

function read(spec: string) {
	const source = `apiVersion: bellwether/v1\nkind: Source\nmetadata: { name: engine }\nspec: ${spec}\n`;
	const files = [
		{ path: "workloads/mail.yaml", text: BASE },
		{ path: "sources/engine.yaml", text: source },
	];
	const { catalogue, findings } = parseCatalogue(files);
	return {
		source: catalogue?.sources[0],
		errors: findings.filter(({ level }) => level === "error").map(({ message, remedy }) => `${message} ${remedy}`),
	};
}

describe("a pulled source", () => {
	test("needs its kind, its address and a query; the rest has defaults", () => {
		const { source, errors } = read(
			"{ kind: prometheus, url: https://prometheus.example/, queries: [ { slo: send } ] }",
		);
		expect(errors).toEqual([]);
		expect(source).toEqual({
			name: "engine",
			displayName: "engine",
			kind: "prometheus",
			pull: {
				url: "https://prometheus.example",
				auth: { kind: "none" },
				tls: true,
				intervalMs: 60_000,
				stepMs: 60_000,
				overlapMs: 300_000,
				delayMs: 60_000,
				catchUpMs: 10_800_000,
				maxRangeMs: 3_600_000,
				maxQueriesPerMinute: 30,
				timeoutMs: 30_000,
				maxResponseBytes: 20_971_520,
				queries: [
					{
						slo: "send",
						columns: { tenant: "tenant", time: "time", good: "good", total: "total" },
						tenantAttribute: "tenant",
					},
				],
			},
		});
	});

	test("signs in with Entra for its own scope", () => {
		const auth = "clientCredentials: { directory: d, clientId: c, clientSecret: '${" + "env:S}' }";
		const { source } = read(
			`{ kind: kusto, url: https://c.kusto.example, database: D, auth: { ${auth} }, queries: [ { slo: send, text: '${KQL}' } ] }`,
		);
		expect(source?.pull?.auth).toEqual({
			kind: "client-credentials",
			tokenUrl: "https://login.microsoftonline.com/d/oauth2/v2.0/token",
			clientId: "c",
			secretRef: "${" + "env:S}",
			scope: "https://c.kusto.example/.default",
		});
	});

	test.each([
		[
			"no address",
			"{ kind: prometheus, queries: [ { slo: send } ] }",
			"spec.url is missing. Write url: https://host/path.",
		],
		[
			"an address of another protocol",
			"{ kind: clickhouse, url: 'postgresql://db/x', queries: [] }",
			"spec.url does not suit kind clickhouse. Write https://host/path.",
		],
		[
			"a password in the address",
			"{ kind: postgresql, url: 'postgresql://u:p@db/x', queries: [] }",
			"spec.url is not an address of a source.",
		],
		[
			"a query without bounds",
			"{ kind: clickhouse, url: https://c.example, queries: [ { slo: send, text: SELECT 1 } ] }",
			"is not bounded by {{from}} and {{to}}",
		],
		[
			"a placeholder that does not exist",
			`{ kind: clickhouse, url: https://c.example, queries: [ { slo: send, text: '${KQL} {{tenant}}' } ] }`,
			'"{{tenant}}" is unknown. Write {{from}}, {{to}} or {{step}} and nothing else in braces.',
		],
		[
			"an SLO that does not exist",
			"{ kind: prometheus, url: https://p.example, queries: [ { slo: sent } ] }",
			'Did you mean "send"?',
		],
		[
			"an SLO twice",
			"{ kind: prometheus, url: https://p.example, queries: [ { slo: send }, { slo: send } ] }",
			"has a query already",
		],
		[
			"PromQL that gives no ratio",
			"{ kind: prometheus, url: https://p.example, queries: [ { slo: send, promql: { total: x } } ] }",
			"Write total and one of good and bad.",
		],
		[
			"nobody signed in at Graph",
			"{ kind: graph, queries: [ { slo: send, text: /v1.0/x } ] }",
			"spec.auth is missing, and graph answers nobody unknown.",
		],
		[
			"two ways to sign in",
			"{ kind: prometheus, url: https://p.example, auth: { bearer: '${" +
				"env:A}', managedIdentity: {} }, queries: [ { slo: send } ] }",
			"Keep one of them.",
		],
		[
			"a secret written out",
			"{ kind: prometheus, url: https://p.example, auth: { bearer: s3cret }, queries: [ { slo: send } ] }",
			"is not a reference to a secret",
		],
		[
			"a step between the buckets",
			"{ kind: prometheus, url: https://p.example, step: 15s, queries: [ { slo: send } ] }",
			"is not a multiple of 10s",
		],
		[
			"fields for a sender",
			"{ kind: otlp, interval: 1m }",
			"spec.interval is not used by a source of kind otlp, which sends by itself. Remove it.",
		],
	])("%s is an error with its remedy", (_, spec, expected) => {
		const { source, errors } = read(spec);
		expect(source).toBeUndefined();
		expect(errors.join("\n")).toContain(expected);
		expect(errors.join("\n")).not.toContain("s3cret");
	});
});
