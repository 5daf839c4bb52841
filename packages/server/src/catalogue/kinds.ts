import type { z } from "zod";
import { AgentPolicy } from "./kinds-agents.ts";
import * as bellwether from "./kinds-bellwether.ts";
import { Channel } from "./kinds-channels.ts";
import { EscalationPolicy, Person, Team } from "./kinds-escalation.ts";
import { Feed } from "./kinds-feed.ts";
import { Integration } from "./kinds-integrations.ts";
import * as openslo from "./kinds-openslo.ts";
import * as routing from "./kinds-routing.ts";
import { Runbook } from "./kinds-runbook.ts";
import { Schedule } from "./kinds-schedule.ts";
import { Source } from "./kinds-sources.ts";

/** Every kind that can stand in a catalogue, in the order in which documents and plans list them. */
export const KINDS = {
	Settings: {
		schema: bellwether.Settings,
		file: "bellwether.yaml",
		about: "What holds for the whole installation. At most one.",
	},
	Tier: {
		schema: bellwether.Tier,
		file: "tenants/tiers.yaml",
		about: "A group of key tenants with the same promises.",
	},
	KeyTenant: { schema: bellwether.KeyTenant, file: "tenants/*.yaml", about: "A customer that is watched on its own." },
	KeyTenantList: {
		schema: bellwether.KeyTenantList,
		file: "tenants/*.yaml",
		about: "Many key tenants in a compact form.",
	},
	Cohort: {
		schema: bellwether.Cohort,
		file: "tenants/cohorts.yaml",
		about: "A dimension, such as region or tier, that aggregates tenants known and unknown.",
	},
	Workload: {
		schema: bellwether.Workload,
		file: "workloads/*.yaml",
		about: "A service that tenants use, with its owner.",
	},
	SLO: {
		schema: openslo.SLO,
		file: "slos/**/*.yaml",
		about: "A promise about one SLI, held for every tenant that uses the workload.",
	},
	SLI: {
		schema: openslo.SLI,
		file: "slos/**/*.yaml",
		about: "An indicator that several SLOs share by `indicatorRef`.",
	},
	Service: {
		schema: openslo.Service,
		file: "slos/**/*.yaml",
		about: "OpenSLO's word for a workload; becomes one when no Workload has its name.",
	},
	DataSource: {
		schema: openslo.DataSource,
		file: "slos/**/*.yaml",
		about: "Where metrics come from; `otlp` is always there.",
	},
	Monitor: {
		schema: bellwether.Monitor,
		file: "monitors/*.yaml",
		about: "What watches SLOs and pages. Without one, every SLO is watched by burn rate.",
	},
	Person: { schema: Person, file: "oncall/*.yaml", about: "Somebody who can be paged." },
	Schedule: { schema: Schedule, file: "oncall/*.yaml", about: "People who take turns." },
	Team: { schema: Team, file: "oncall/*.yaml", about: "People who are paged by one name." },
	EscalationPolicy: {
		schema: EscalationPolicy,
		file: "oncall/*.yaml",
		about: "Whom a page goes to, and to whom next. The one called `default` is used where none is named.",
	},
	Route: {
		schema: routing.Route,
		file: "routing/routes.yaml",
		about:
			"The tree that says by which policy an incident pages, with whom it shares a page, and who is told. At most one.",
	},
	Inhibition: {
		schema: routing.Inhibition,
		file: "routing/*.yaml",
		about: "While one incident burns, others do not page.",
	},
	TimeInterval: {
		schema: routing.TimeInterval,
		file: "routing/*.yaml",
		about: "Times of day, days, months and years that routes and maintenance name.",
	},
	Maintenance: {
		schema: routing.Maintenance,
		file: "routing/*.yaml",
		about: "Planned work: what opens meanwhile is recorded and does not page before the end.",
	},
	Ownership: {
		schema: routing.Ownership,
		file: "ownership/*.yaml",
		about: "Who does what for a workload, step by step, and how they are paged.",
	},
	Channel: {
		schema: Channel,
		file: "notify/channels.yaml",
		about: "A way out. `phone-panel` and `mail` are always there.",
	},
	Source: {
		schema: Source,
		file: "sources/*.yaml",
		about: "An engine that is asked for counts on a schedule, or a named sender.",
	},
	Feed: {
		schema: Feed,
		file: "feeds/*.yaml",
		about: "A source beside the telemetry: the platform's own health, changes, or support cases.",
	},
	Runbook: {
		schema: Runbook,
		file: "runbooks/*.yaml",
		about: "What to do about a breach, in Markdown, with a checklist; each incident keeps its own copy.",
	},
	Integration: {
		schema: Integration,
		file: "integrations/*.yaml",
		about: "A system of record that incidents are carried to as tickets, and that may tell us what became of them.",
	},
	AgentPolicy: {
		schema: AgentPolicy,
		file: "agents/*.yaml",
		about: "What agents may do with incidents without a person's confirmation.",
	},
} as const;

export type Kind = keyof typeof KINDS;
export type Input<K extends Kind> = z.infer<(typeof KINDS)[K]["schema"]>;

/** Kinds of the standard that other tools use; they are left alone with a warning. */
export const UNUSED_KINDS = ["AlertPolicy", "AlertCondition", "AlertNotificationTarget"] as const;

export function apiVersionOf(kind: Kind): "openslo/v1" | "bellwether/v1" {
	return KINDS[kind].schema.shape.apiVersion.value;
}
