import { z } from "zod";
import * as f from "./fields.ts";

export const INTEGRATION_KINDS = ["pagerduty", "servicenow", "jira", "azure-devops", "icm"] as const;
export const INBOUND_AUTHS = ["pagerduty", "hub-signature", "standard-webhooks", "bearer", "basic"] as const;

const path = (about: string) =>
	f.worded(
		z
			.string()
			.max(200)
			.regex(/^[^\p{Cc}.\s]+(?:\.[^\p{Cc}.\s]+)*$/u)
			.describe(about),
		"is not a path",
		"Write names with dots between them, such as data.id.",
	);

const theirs = (about: string) => f.text(about, 200).optional();

const auth = z
	.strictObject({
		bearer: f.secret("Reference to a token that is sent as it is.").optional(),
		basic: z
			.strictObject({ user: f.text("User name."), password: f.secret("Reference to the password or API token.") })
			.describe("User name and password. Jira: mail address and API token. Azure DevOps: any name and a PAT.")
			.optional(),
		routingKey: f.secret("pagerduty: reference to the integration key of an Events API v2 integration.").optional(),
		apiToken: f
			.secret("pagerduty: reference to a REST API token; with it tickets are looked up, renamed and noted.")
			.optional(),
		from: f.mail("pagerduty: mail address of the user that the REST API acts as.").optional(),
		apiUrl: f.webUrl("pagerduty: address of the REST API. Default: https://api.pagerduty.com.").optional(),
	})
	.describe("How we sign in.");

export const Integration = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Integration"),
	metadata: z
		.strictObject({
			name: f.name("Name by which others refer to it; part of the address that it sends to."),
			displayName: f.text("Name for people. Default: the system's.", 60).optional(),
		})
		.describe("Names."),
	spec: z.strictObject({
		kind: f.choice(INTEGRATION_KINDS, "System that incidents are carried to."),
		url: f
			.webUrl(
				"Address of the system. Default: https://events.pagerduty.com for pagerduty, https://dev.azure.com for azure-devops. Needed for the others.",
			)
			.optional(),
		auth: auth.optional(),
		project: f.text("jira: key of the project. azure-devops: organisation/project.", 200).optional(),
		type: f
			.text(
				"Issue type (jira, default Task), work item type (azure-devops, default Issue), table (servicenow, default incident).",
				100,
			)
			.optional(),
		when: z
			.strictObject({
				severity: f.severity("This severity or worse. Default: 2.5.").optional(),
				workloads: z.array(f.name("Workload.")).max(1_000).describe("Only these workloads. Default: all.").optional(),
				tenants: z
					.array(f.name("Key tenant."))
					.max(10_000)
					.describe("Only these key tenants, and so no platform incident. Default: all.")
					.optional(),
			})
			.describe("Which incidents get a ticket here.")
			.optional(),
		severities: z
			.strictObject({
				"1": theirs("Theirs for severity 1."),
				"2": theirs("Theirs for severity 2."),
				"2.5": theirs("Theirs for severity 2.5."),
				"3": theirs("Theirs for severity 3."),
				"4": theirs("Theirs for severity 4."),
			})
			.describe("Their word for our severity. Default: the table in docs/integrations.md.")
			.optional(),
		states: z
			.strictObject({
				open: theirs("Theirs for an incident that nobody took."),
				acknowledged: theirs("Theirs for one that somebody took."),
				mitigated: theirs("Theirs for one whose impact ended."),
				resolved: theirs("Theirs for one that is over."),
			})
			.describe("Their word for our state. Default: the table in docs/integrations.md.")
			.optional(),
		fields: z
			.record(f.text("Their field.", 200), f.paragraph("Liquid text over the facts in docs/integrations.md.", 4_000))
			.describe("Further fields of a new ticket; for icm the whole body, instead of the default one.")
			.optional(),
		answer: z
			.strictObject({
				items: path("Where the list of a look-up stands. Default: items.").optional(),
				id: path("Its id. Default: id.").optional(),
				name: path("What people call it. Default: the id.").optional(),
				url: path("Its address. Default: url.").optional(),
				status: path("Its state. Default: status.").optional(),
			})
			.describe("icm: where the receiver's answers hold what.")
			.optional(),
		inbound: z
			.strictObject({
				auth: f
					.choice(
						INBOUND_AUTHS,
						"How its messages prove themselves. Default: pagerduty for pagerduty, hub-signature for jira, basic for azure-devops, else standard-webhooks.",
					)
					.optional(),
				secret: f.secret("Reference to the signing key, the token, or user:password. Several, one a line, all hold."),
			})
			.describe("What it may tell us. Default: nothing; tickets are only written.")
			.optional(),
		timeout: f.duration("Time for one request. Default: 10s.").optional(),
	}),
});
