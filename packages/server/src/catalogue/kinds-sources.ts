import { z } from "zod";
import * as f from "./fields.ts";

/** Where telemetry comes from: engines that are asked on a schedule, and senders that are only named. */

export const PULL_KINDS = ["prometheus", "kusto", "log-analytics", "graph", "postgresql", "clickhouse"] as const;
export const PUSH_KINDS = ["otlp", "remote-write", "events"] as const;

const sourceUrl = f.worded(
	z
		.string()
		.max(2_000)
		.refine((value) => isSourceUrl(value))
		.describe("Address: https://host/path, or postgresql://host:5432/database. No user name or password in it."),
	"is not an address of a source",
	"Write https://host/path or postgresql://host:5432/database, and give credentials in auth.",
	true,
);

function isSourceUrl(value: string): boolean {
	if (/[\s\\]/.test(value)) return false;
	if (f.isWebUrl(value)) return true;
	if (!/^postgres(?:ql)?:\/\//.test(value) || !URL.canParse(value)) return false;
	const url = new URL(value);
	return url.hostname !== "" && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
}

/** One way to sign in; what a source and a feed that are asked have in common. */
export const auth = z
	.strictObject({
		bearer: f.secret("Reference to a token that is sent as it is.").optional(),
		basic: z
			.strictObject({ user: f.text("User name."), password: f.secret("Reference to the password.") })
			.describe("User name and password, also for PostgreSQL and ClickHouse.")
			.optional(),
		clientCredentials: z
			.strictObject({
				directory: f.text("Microsoft Entra directory (tenant id) that issues the token.", 120).optional(),
				tokenUrl: f.webUrl("Address of the token, instead of directory.").optional(),
				clientId: f.text("Application (client) id."),
				clientSecret: f.secret("Reference to the client's secret."),
				scope: f.text("Scope. Default: the source's own /.default.", 500).optional(),
			})
			.describe("OAuth 2.0 client credentials.")
			.optional(),
		managedIdentity: z
			.strictObject({
				clientId: f.text("Id of a user-assigned identity. Default: the system-assigned one.", 120).optional(),
				scope: f.text("Scope. Default: the source's own /.default.", 500).optional(),
			})
			.describe("The identity of the Azure machine or app that this runs on.")
			.optional(),
	})
	.describe("One way to sign in. Default: none.");

const column = (about: string) => f.text(about, 200).optional();

const query = z.strictObject({
	slo: f.name("SLO whose events it counts."),
	text: f
		.paragraph(
			"Query in the engine's language (KQL, SQL; for Graph the path with its query) with {{from}}, {{to}} and {{step}}.",
			20_000,
		)
		.optional(),
	promql: z
		.strictObject({
			good: f.paragraph("Good events of each step.", 5_000).optional(),
			bad: f.paragraph("Bad events of each step.", 5_000).optional(),
			total: f.paragraph("All events of each step.", 5_000).optional(),
			value: f.paragraph("Value that a threshold SLO judges, once a step.", 5_000).optional(),
		})
		.describe("PromQL with {{step}}. Default: the raw samples of the SLO's own metrics, which are counted exactly.")
		.optional(),
	columns: z
		.strictObject({
			tenant: column("Tenant. Default: tenant."),
			time: column("Start of the step. Default: time."),
			good: column("Good events. Default: good."),
			bad: column("Bad events, instead of good."),
			total: column("All events. Default: total."),
			value: column("Value that a threshold SLO judges. Default: value."),
		})
		.describe("Which column of the answer is what; for prometheus only tenant, the label.")
		.optional(),
	goodWhen: z
		.record(f.attributeKey, f.attributeValues("Values of this field."))
		.describe("Each row is one event, good when all these fields have one of these values.")
		.optional(),
	tenantAttribute: f
		.text("Attribute of the tenant register that the tenant column is compared with. Default: its name.", 255)
		.optional(),
});

export const Source = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Source"),
	metadata: z
		.strictObject({
			name: f.name("Name by which others refer to it; unique within its kind."),
			displayName: f.text("Name for people. Default: the name.", 120).optional(),
		})
		.describe("Names."),
	spec: z.strictObject({
		kind: f.choice(
			[...PULL_KINDS, ...PUSH_KINDS],
			"Sort of source. otlp, remote-write and events send by themselves and are only named.",
		),
		url: sourceUrl.optional(),
		database: f.text("Database (kusto, clickhouse) or workspace id (log-analytics).").optional(),
		auth: auth.optional(),
		tls: z.boolean().describe("TLS with a checked certificate, for postgresql. Default: true.").optional(),
		interval: f.duration("How often it is asked. Default: 1m.").optional(),
		step: f.duration("Length of the buckets it is asked for. Default: 1m.").optional(),
		overlap: f.duration("How far back each query reaches once more, for late data. Default: 5m.").optional(),
		delay: f.duration("How late the source's data are; younger data are not asked for. Default: 1m.").optional(),
		catchUp: f.duration("How far back it is asked at first and after downtime. Default: 3h.").optional(),
		maxRange: f.duration("Longest range of one query. Default: 1h.").optional(),
		maxQueriesPerMinute: f.wholeNumber("Queries a minute at most. Default: 30.", 1, 600).optional(),
		timeout: f.duration("Time for one answer. Default: 30s.").optional(),
		maxResponseBytes: f.wholeNumber("Answer at most, bytes. Default: 20971520.", 1_024, 268_435_456).optional(),
		queries: z.array(query).max(1_000).describe("One per SLO, for all tenants at once.").optional(),
		limits: f.sourceLimits().describe("Of a sender: what it may send; stronger than the settings.").optional(),
		expectEvery: f
			.duration("Of a sender: without a request for this long it is late. Default: three times its usual interval.")
			.optional(),
	}),
});
