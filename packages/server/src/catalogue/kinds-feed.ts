import { z } from "zod";
import * as f from "./fields.ts";
import { auth } from "./kinds-sources.ts";

const path = (about: string) =>
	f.worded(
		z
			.string()
			.max(200)
			.regex(/^[^\p{Cc}.\s]+(?:\.[^\p{Cc}.\s]+)*$/u)
			.describe(about),
		"is not a path",
		"Write names with dots between them, such as data.customer.id.",
	);

const pathKey = path("Path.");

/** Fields of ours that a source's object can be read into; which of them count depends on what the feed gives. */
export const FEED_FIELDS = [
	"id",
	"title",
	"kind",
	"state",
	"severity",
	"component",
	"tenant",
	"ring",
	"region",
	"build",
	"actor",
	"link",
	"escalated",
	"startedAt",
	"endedAt",
	"revisedAt",
] as const;

const address = f.webUrl("Address that answers with JSON; no secret in it, credentials stand in auth.");

const pull = z
	.strictObject({
		url: f
			.worded(
				z
					.union([address, z.array(address).min(1).max(20)])
					.describe(
						"Address that answers with JSON, or a list of them, all of which must answer. Default: Microsoft Graph for m365-health, Azure Resource Graph for azure-service-health. Without a path: /api/v2/summary.json for status-json, /api/v2/alerts for alertmanager.",
					),
				"is not a web address or a list of them",
				"Write https://host/path, without user name, password or #.",
				true,
			)
			.optional(),
		every: f.duration("How often it is asked. Default: 1m for platform-health, else 5m.").optional(),
		auth: auth.optional(),
		timeout: f.duration("Time for one answer. Default: 15s.").optional(),
		maxResponseBytes: f
			.wholeNumber("Answer at most, all pages together, bytes. Default: 8388608.", 1_024, 67_108_864)
			.optional(),
		expectAlert: f
			.text("Alert that always fires, for alertmanager: an answer without it tells nothing of what is well.", 255)
			.optional(),
		subscriptions: z
			.array(f.text("Subscription id.", 60))
			.min(1)
			.max(200)
			.describe("Azure subscriptions that Resource Graph is asked for. Default: all that the identity may read.")
			.optional(),
	})
	.describe("It is asked on a schedule. Default: it only sends.");

export const Feed = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Feed"),
	metadata: z
		.strictObject({
			name: f.name("Name by which others refer to it; the end of its address."),
			displayName: f.text("Name for people. Default: the name.", 120).optional(),
		})
		.describe("Names."),
	spec: z.strictObject({
		kind: f.choice(
			[
				"alertmanager",
				"status-json",
				"m365-health",
				"azure-service-health",
				"cloudevents",
				"github",
				"azure-devops",
				"json",
			],
			"Shape in which it speaks.",
		),
		gives: f
			.choice(
				["platform-health", "changes", "cases"],
				"What it tells. Needed for cloudevents and json; the other kinds tell one thing.",
			)
			.optional(),
		auth: f
			.choice(
				["standard-webhooks", "github", "bearer", "basic"],
				"How its messages prove themselves. Default: github for github, bearer for alertmanager, basic for azure-devops, else standard-webhooks.",
			)
			.optional(),
		secret: f
			.secret(
				"Reference to the signing key, the token, or user:password. Several, one a line, all hold. Without it no message is taken.",
			)
			.optional(),
		expectEvery: f
			.duration(
				"Without a message for this long it is stale. Default: three times pull.every; 1h for platform-health that sends, else none.",
			)
			.optional(),
		components: z
			.record(
				f.text("Component as the source names it.", 200),
				f.worded(
					z.union([z.string(), z.array(z.string()).min(1).max(100)]).describe("Workload, or a list of them."),
					"is not a workload or a list of them",
					"Write the name of a workload, or a list such as [mail, files].",
				),
			)
			.describe(
				"Component, service, repository or label value to workload. Changes of others are left out. Default: the names of the workloads.",
			)
			.optional(),
		componentLabel: f.text("Label of an alert that names its component. Default: service.", 255).optional(),
		fields: z
			.strictObject(
				Object.fromEntries(FEED_FIELDS.map((field) => [field, path("Path in the source's object.").optional()])),
			)
			.describe("Where our fields stand in the objects of cloudevents and json, where that differs from the custom.")
			.optional(),
		items: path("Where the list of objects stands, for json. Default: the body is one object or a list.").optional(),
		only: z
			.record(pathKey, f.attributeValues("Values."))
			.describe("Path to values: objects with another value there are left out.")
			.optional(),
		pull: pull.optional(),
	}),
});
