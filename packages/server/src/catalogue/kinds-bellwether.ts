import { z } from "zod";
import { MAX_KEPT_ATTRIBUTES } from "./attribute-settings.ts";
import * as f from "./fields.ts";
import { IncidentSettings } from "./kinds-runbook.ts";
import { Watchdog } from "./kinds-watchdog.ts";
import { monitorOverrides, monitorTerms, ownTerms } from "./monitor-fields.ts";
import { WEEKDAYS } from "./schedule-types.ts";

/** The kinds of `bellwether/v1`: what OpenSLO has no words for. Input shapes only; meaning is given in `assemble`. */

const metadata = z
	.strictObject({
		name: f.name("Name by which others refer to it; unique within its kind."),
		displayName: f.text("Name for people. Default: the name.", 120).optional(),
	})
	.describe("Names.");

const objectives = z
	.record(f.name("SLO name."), f.objective("Objective, ratio between 0 and 1."))
	.describe("SLO name to objective; stronger than the SLO's own.");

const tierKeep = (minutes: string, tenMinutes: string) =>
	z.strictObject({
		tenSeconds: f.duration("Buckets of 10 s. Default: 3d.").optional(),
		minutes: f.duration(`After that, buckets of a minute. Default: ${minutes}.`).optional(),
		tenMinutes: f.duration(`After that, buckets of ten minutes. Default: ${tenMinutes}.`).optional(),
		hours: f.duration("Hours. Default: 400d.").optional(),
	});

const tenantLimits = (pointsDefault: string) =>
	z.strictObject({
		streams: f
			.wholeNumber(
				"Streams kept at most, besides its fair share of maxStreams. Default: the fair share alone.",
				1,
				10_000_000,
			)
			.optional(),
		pointsPerSecond: f
			.wholeNumber(`Points and events a second, over time. ${pointsDefault}`, 1, 100_000_000)
			.optional(),
	});

const sourceLimits = f.sourceLimits();

export const Settings = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Settings"),
	metadata: metadata.optional(),
	spec: z.strictObject({
		organisation: f.text("Who runs this, as notices name it. Default: Your organisation.", 120).optional(),
		publicUrl: f.webUrl("Address people open the console under. Default: the bound address.").optional(),
		egress: z
			.strictObject({
				allow: z
					.array(f.destination("Host and port."))
					.max(1_000)
					.describe(
						"host:port of what the catalogue names (channels, integrations, sources, calendars, heartbeats) that may be called although it is private, loopback or on an unusual port.",
					)
					.optional(),
				callbacks: z
					.array(f.destination("Host and port."))
					.max(1_000)
					.describe(
						"The same for addresses that callers give (subscriptions, replies to a chat): `allow` does not hold for them.",
					)
					.optional(),
			})
			.optional()
			.describe("Where outgoing calls may go."),
		smtp: z
			.strictObject({
				host: f.text("Host of the mail server.", 253),
				port: f.wholeNumber("Port. Default: 587, with `secure` 465.", 1, 65_535).optional(),
				secure: z
					.boolean()
					.describe("TLS from the first byte. Default: false, which means STARTTLS when offered.")
					.optional(),
				from: f.sender("Sender of all mail."),
				user: f.text("User name.").optional(),
				password: f.secret("Reference to the password.").optional(),
			})
			.optional()
			.describe("Mail server for pages and notices; without it no mail is sent."),
		telemetry: z
			.strictObject({
				lateness: f
					.duration("Older points are rejected; also how long duplicates are recognised. Default: 3h.")
					.optional(),
				future: f.duration("Points further ahead are rejected. Default: 5m.").optional(),
				maxStreams: f.wholeNumber("Streams kept at most. Default: 500000.", 100, 10_000_000).optional(),
				maxOtherStreams: f
					.wholeNumber(
						"Delta streams of customers that are no key tenant kept one by one; those beyond are folded into the fleet and the cohorts. Default: 50000.",
						0,
						10_000_000,
					)
					.optional(),
				tenantAttributes: z
					.array(f.attributeKey)
					.max(50)
					.describe(
						"Attributes that may name a tenant, besides those that key tenants match; their values are listed for matching. Default: tenant.id, tenant_id, tenant.",
					)
					.optional(),
				maxEventIds: f
					.wholeNumber(
						"Identities of spans, log records and events kept at most, to count each once within the lateness limit; about 20 bytes each. Default: 10000000.",
						1_000,
						1_000_000_000,
					)
					.optional(),
				maxBodyBytes: f.wholeNumber("Request body at most, decoded. Default: 20971520.", 1_024, 268_435_456).optional(),
				retention: z
					.strictObject({
						tenants: tierKeep("14d", "60d").describe("Of key tenants.").optional(),
						fleet: tierKeep("30d", "120d").describe("Of the fleet and its cohorts.").optional(),
						maxBytes: f
							.wholeNumber(
								"What telemetry.db may hold; near it key tenants' finest tiers are kept for shorter, and said so. Default: 21474836480.",
								10_485_760,
								1_099_511_627_776,
							)
							.optional(),
					})
					.optional()
					.describe("How long counts are kept, and how finely."),
				attributes: z
					.strictObject({
						keep: z
							.array(f.attributeKey)
							.max(MAX_KEPT_ATTRIBUTES)
							.describe(
								"Attributes kept of every SLO that names none itself by the annotation bellwether.dev/keep. Default: cloud.region, error.type, http.route, service.version.",
							)
							.optional(),
						perTenant: f
							.wholeNumber(
								"Values of each attribute counted by themselves, per key tenant and SLO; the rest is counted as other. Default: 64.",
								1,
								1_000,
							)
							.optional(),
						fleet: f.wholeNumber("The same for the fleet and its cohorts. Default: 1000.", 1, 10_000).optional(),
						minutes: f.duration("How long they are kept by the minute, from 1d to 30d. Default: 3d.").optional(),
						hours: f.duration("How long they are kept by the hour, up to 400d. Default: 28d.").optional(),
					})
					.optional()
					.describe("Attributes whose values are counted, to tell where an SLI fails."),
				limits: z
					.strictObject({
						tenants: tenantLimits("Default: 100000.").describe("Of each key tenant.").optional(),
						sources: sourceLimits.describe("Of each source that sends.").optional(),
					})
					.optional()
					.describe("What one sender or tenant may take of what there is for all."),
			})
			.optional()
			.describe("Limits of what is taken in."),
		baselines: z
			.strictObject({
				autoDetectedShare: f.ratio("Share of incidents that monitors found before. Default: 0.08.").optional(),
				ttdManual: f.duration("Time to detect when customers reported. Default: 6.7d.").optional(),
				ttdAuto: f.duration("Time to detect when monitors found it. Default: 2.5h.").optional(),
				comparisonTenants: f
					.wholeNumber(
						"Tenants beside the key tenants whose cases the feeds carry; their escalations are compared with.",
						1,
						100_000_000,
					)
					.optional(),
			})
			.optional()
			.describe("What the programme started from; reports compare with it."),
		watchdog: Watchdog.optional(),
		paging: z
			.strictObject({
				perPersonPerHour: f.wholeNumber(
					"Pages to one person in any hour, at most; those beyond wait and go as one.",
					5,
					600,
				),
			})
			.describe("How often one person may be paged. Default: 30 an hour.")
			.optional(),
		incidents: IncidentSettings.optional(),
	}),
});

export const Tier = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Tier"),
	metadata,
	spec: z.strictObject({
		rank: f.wholeNumber("Order on the fleet page; 1 comes first.", 1, 1_000),
		objectives: objectives.optional(),
		monitors: monitorOverrides.optional(),
	}),
});

const aliases = z
	.array(
		z.strictObject({
			attribute: f.attributeKey.describe("Attribute that holds the id."),
			values: f.attributeValues("Ids.").optional(),
			patterns: z
				.array(f.pattern("Pattern that the whole id fits, such as contoso-.*"))
				.min(1)
				.max(100)
				.describe("Patterns of ids, in RE2 syntax.")
				.optional(),
			workload: f.name("Only for SLOs of this workload. Default: all.").optional(),
			source: f
				.text(
					"Only from this source: the stream's bellwether.source, else its service.name, else its job. Default: all.",
					255,
				)
				.optional(),
			from: f
				.localTime("Points from this time on, in the tenant's time zone or with an offset. Default: always.")
				.optional(),
			until: f.localTime("Points before this time. Default: for ever.").optional(),
		}),
	)
	.min(1)
	.max(1_000)
	.describe("More ids of the tenant, with conditions.");

const holidays = z
	.strictObject({
		during: z
			.array(f.name("TimeInterval."))
			.min(1)
			.max(50)
			.describe(
				"A day of the tenant's own calendar is a holiday when one of these holds at its noon, in whatever zone they are written.",
			),
		like: z.enum(WEEKDAYS).describe("The weekday that its holidays resemble. Default: sun.").optional(),
	})
	.describe("Days on which its people are away: what is usual at an hour is then that of another weekday.");

const tenantFields = {
	tier: f.name("Tier. Default: default.").optional(),
	workloads: z
		.array(f.name("Workload."))
		.min(1)
		.max(1_000)
		.describe("Workloads the tenant uses; others show as not in use. Default: all.")
		.optional(),
	labels: f.routingLabels.optional(),
	timeZone: f.timeZone("Time zone of its notices, and of what is usual at an hour. Default: UTC.").optional(),
	holidays: holidays.optional(),
	language: f.language("Language of its notices. Default: en.").optional(),
	objectives: objectives.optional(),
	monitors: monitorOverrides.optional(),
	users: f
		.wholeNumber(
			"People who use its workloads; user-minutes of an incident are told by it. Default: not known.",
			1,
			1_000_000_000,
		)
		.optional(),
	limits: tenantLimits("Default: as in the settings.")
		.describe("What it may send; stronger than the settings.")
		.optional(),
	channel: f.name("Trusted channel to the customer. Has no effect yet: notices go by mail.").optional(),
	contacts: z
		.strictObject({
			csam: f.mail("Customer success account manager; gets the first notice.").optional(),
			support: f.mail("Support queue.").optional(),
			customer: z
				.array(f.mail("The customer's own address."))
				.max(100)
				.describe("The customer's side; notices wait for approval.")
				.optional(),
		})
		.optional()
		.describe("Who is told."),
};

const match = f.worded(
	z
		.record(f.attributeKey, f.attributeValues("Values of this attribute."))
		.describe("Attribute name to values. A point belongs to the tenant when one of its attributes equals one of them."),
	"is not an object of attributes and their values",
	"Name the attribute by which telemetry tells the tenant, such as match: { tenant.id: [value] }.",
);

export const KeyTenant = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("KeyTenant"),
	metadata,
	spec: z.strictObject({ match: match.optional(), aliases: aliases.optional(), ...tenantFields }),
});

export const KeyTenantList = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("KeyTenantList"),
	metadata: metadata.optional(),
	spec: z.strictObject({
		defaults: z.strictObject(tenantFields).optional().describe("Fields for tenants of the list that leave them out."),
		tenants: z
			.array(
				z.strictObject({
					name: f.name("Name by which others refer to it."),
					displayName: f.text("Name for people. Default: the name.", 120).optional(),
					match: match.optional(),
					aliases: aliases.optional(),
					...tenantFields,
				}),
			)
			.min(1)
			.max(10_000)
			.describe("Key tenants, one entry each."),
	}),
});

export const Cohort = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Cohort"),
	metadata,
	spec: z.strictObject({
		by: f.choice(["attribute", "tier"], "What makes the groups. Default: attribute.").optional(),
		attribute: f.attributeKey.describe("Attribute that tells the group.").optional(),
		groups: z
			.record(f.name("Group."), f.attributeValues("Values of the attribute."))
			.describe("With attribute: group to the values that belong to it. Points with other values are in no group.")
			.optional(),
	}),
});

export const Workload = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Workload"),
	metadata,
	spec: z.strictObject({
		owner: f.text("Team that mends it."),
		leadSlo: f.name("SLO the platform's cell shows. Default: the first by name.").optional(),
		escalation: f.name("Escalation policy of its breaches. Default: default.").optional(),
		monitors: monitorOverrides.optional(),
		runbook: z
			.array(f.paragraph("One step.", 500))
			.max(50)
			.describe("First steps, in order, for whoever is paged; longer ones are a Runbook.")
			.optional(),
		criticality: f
			.choice(
				["critical", "ordinary", "low"],
				"What it is to its users; the severity of its incidents is derived from it. Default: ordinary.",
			)
			.optional(),
		raci: z
			.record(
				f.text("Step.", 60),
				z.record(f.text("Party.", 60), f.choice(["R", "A", "C", "I", "RA", "AR"], "Part the party has.")),
			)
			.describe("Step to party to R, A, C or I (RA: both). Each step has exactly one A.")
			.optional(),
	}),
});

export const Monitor = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Monitor"),
	metadata,
	spec: z.strictObject({
		detector: f
			.choice(["burn-rate", "threshold", "absence", "seasonal", "radar"], "How it decides. Default: burn-rate.")
			.optional(),
		slos: z
			.array(f.name("SLO."))
			.min(1)
			.max(10_000)
			.describe("SLOs it watches. Default: every SLO that no other monitor of its detector names.")
			.optional(),
		...monitorTerms,
		...ownTerms,
	}),
});
