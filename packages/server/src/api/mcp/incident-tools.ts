import { MINUTE_MS } from "@bellwether/model";
import { z } from "zod";
import type { IncidentDetail, IncidentSummary } from "../schemas.ts";
import type { AttributesView } from "../schemas-attributes.ts";
import type { SimilarIncidents } from "../schemas-incident-work.ts";
import { citeIncident, IncidentShape, incidentShape } from "./shapes.ts";
import { at, IncidentId, Name, path, Time, type Tool, tool } from "./tool.ts";
import { plain, Untrusted, untrusted } from "./untrusted.ts";

const MAX_TIMELINE = 40;
const MAX_CULPRITS = 10;

/** What is known of incidents. */
export const INCIDENT_TOOLS: readonly Tool[] = [
	tool({
		name: "list_incidents",
		title: "Incidents",
		description:
			"Incidents, newest first. state: open, or some of detected,acknowledged,investigating,mitigated,resolved,reviewed.",
		input: {
			state: z.string().max(200).default("open"),
			tenant: Name("name of the key tenant").optional(),
			after: z
				.string()
				.regex(/^\d{1,15}$/)
				.optional()
				.describe("next of the answer before"),
			limit: z.number().int().min(1).max(50).default(20),
		},
		output: { incidents: z.array(IncidentShape), next: z.string().nullable() },
		run: async (call, { state, tenant, after, limit }) => {
			const query = [
				...(state === "all" ? [] : [path`state=${state}`]),
				...(tenant === undefined ? [] : [path`tenant=${tenant}`]),
				...(after === undefined ? [] : [path`after=${after}`]),
				`limit=${limit}`,
			];
			const page = await call.ask<IncidentPage>(`/api/v1/incidents?${query.join("&")}`);
			return {
				incidents: page.items.map((incident) => incidentShape(call, incident)),
				next: page.next,
				citations: page.items.map((incident) => citeIncident(call, incident)),
			};
		},
	}),
	tool({
		name: "get_incident",
		title: "One incident",
		description: "One incident: what happened, who has it, what comes next, its timeline and notices.",
		input: { incident: IncidentId },
		output: {
			incident: IncidentShape,
			sentence: Untrusted,
			owner: Untrusted,
			alsoAffected: z.array(Untrusted),
			parts: z.array(z.string()).describe("incidents of tenants under a platform incident"),
			escalation: z.object({ state: z.string(), nextPerson: Untrusted.nullable(), nextAt: Time }),
			notices: z.array(z.object({ id: z.string(), audience: z.string(), state: z.string(), sentAt: Time })),
			timeline: z
				.array(z.object({ seq: z.number(), at: Time, type: z.string(), actor: Untrusted, text: Untrusted }))
				.describe(`oldest first, the last ${MAX_TIMELINE}`),
		},
		run: async (call, { incident: id }) => {
			const detail = await call.ask<IncidentDetail>(path`/api/v1/incidents/${id}`);
			return {
				incident: incidentShape(call, detail),
				sentence: untrusted(detail.sentence),
				owner: untrusted(detail.owner, 120),
				alsoAffected: detail.alsoAffected.slice(0, 100).map((name) => untrusted(name, 120)),
				parts: detail.children.slice(0, 100).map((child) => child.id),
				escalation: {
					state: detail.escalation.state,
					nextPerson: detail.escalation.nextPerson === null ? null : untrusted(detail.escalation.nextPerson, 120),
					nextAt: at(detail.escalation.nextAt),
				},
				notices: detail.notices.map((notice) => ({
					id: notice.id,
					audience: notice.audience,
					state: notice.state,
					sentAt: at(notice.sentAt),
				})),
				timeline: detail.timeline.slice(-MAX_TIMELINE).map((entry) => ({
					seq: entry.seq,
					at: at(entry.at),
					type: entry.type,
					actor: untrusted(entry.actor, 200),
					text: untrusted(entry.text),
				})),
				citations: [
					citeIncident(call, detail),
					...detail.children.slice(0, 20).map((child) => citeIncident(call, child)),
				],
				truncated: detail.timeline.length > MAX_TIMELINE,
			};
		},
	}),
	tool({
		name: "get_evidence",
		title: "Evidence and culprits",
		description:
			"Why an incident opened, where its bad events are (attribute values that explain them), and which changes may have brought it about.",
		input: { incident: IncidentId },
		output: {
			incident: z.string(),
			says: Untrusted.nullable(),
			objective: z.number(),
			sinceAt: Time,
			bad: z.number(),
			total: z.number(),
			platformBad: z.number(),
			platformTotal: z.number(),
			shareOfFleet: z.number(),
			chanceIfWell: z.number().describe("probability of as many bad events if the objective were just met"),
			where: z
				.object({
					answer: z.enum(["culprit", "whole-tenant", "unknown"]),
					says: Untrusted,
					culprits: z.array(
						z.object({
							values: z.array(z.object({ attribute: z.string(), value: Untrusted })),
							bad: z.number(),
							total: z.number(),
							coverage: z.number().describe("share of the bad events beyond what is usual"),
						}),
					),
				})
				.nullable()
				.describe("null: no attribute can tell"),
			causes: z
				.object({
					says: Untrusted,
					none: z.number().describe("probability that it was none of the known changes"),
					ranked: z.array(
						z.object({
							id: Untrusted,
							says: Untrusted,
							probability: z.number(),
							isBlamed: z.boolean(),
							startedAt: Time,
						}),
					),
				})
				.nullable(),
		},
		run: async (call, { incident: id }) => {
			const detail = await call.ask<IncidentDetail>(path`/api/v1/incidents/${id}`);
			const { evidence, causes } = detail;
			const where = await whereOf(call, detail);
			return {
				incident: detail.id,
				says: evidence.says === undefined ? null : untrusted(evidence.says),
				objective: evidence.objective,
				// Where nothing was measured it is 0.
				sinceAt: at(evidence.since > 0 ? evidence.since : null),
				bad: evidence.episode.bad,
				total: evidence.episode.total,
				platformBad: evidence.fleet.episode.bad,
				platformTotal: evidence.fleet.episode.total,
				shareOfFleet: evidence.share,
				chanceIfWell: evidence.p,
				where,
				causes: causes && {
					says: untrusted(causes.says),
					none: causes.none,
					ranked: causes.ranked.map((cause) => ({
						id: untrusted(cause.change.id, 200),
						says: untrusted(cause.says),
						probability: cause.probability,
						isBlamed: cause.isBlamed,
						startedAt: at(cause.change.startedAt),
					})),
				},
				citations: [citeIncident(call, detail)],
			};
		},
	}),
	tool({
		name: "find_similar_incidents",
		title: "Similar incidents of the past",
		description: "Past incidents like this one, the likest first: what they have in common, and how they ended.",
		input: { incident: IncidentId },
		output: {
			similar: z.array(
				z.object({
					id: z.string(),
					url: z.string(),
					title: Untrusted,
					tenant: z.string(),
					severity: z.string(),
					state: z.string(),
					detectedAt: Time,
					mitigatedAfterMinutes: z.number().nullable(),
					verdict: z.string().nullable(),
					verdictReason: Untrusted.nullable(),
					score: z.number().describe("0 to 1"),
					inCommon: z.array(Untrusted),
				}),
			),
			compared: z.number().describe("how many past incidents were looked at"),
		},
		run: async (call, { incident: id }) => {
			const { items, looked } = await call.ask<z.infer<typeof SimilarIncidents>>(path`/api/v1/incidents/${id}/similar`);
			return {
				similar: items.map((past) => ({
					...citeIncident(call, past),
					title: untrusted(past.title, 200),
					tenant: past.tenant,
					severity: past.severity.key,
					state: past.state,
					detectedAt: at(past.detectedAt),
					mitigatedAfterMinutes: past.mitigatedAfterMs === null ? null : Math.round(past.mitigatedAfterMs / MINUTE_MS),
					verdict: past.verdict,
					verdictReason: past.verdictReason === null ? null : untrusted(past.verdictReason),
					score: past.score,
					inCommon: past.reasons.map((reason) => untrusted(reason, 200)),
				})),
				compared: looked,
				citations: items.map((past) => citeIncident(call, past)),
			};
		},
	}),
];

interface IncidentPage {
	readonly items: readonly IncidentSummary[];
	readonly next: string | null;
}

/** As the incident's page asks: the bad events from its beginning until they ended, or until now. */
async function whereOf(call: Parameters<Tool["run"]>[0], detail: IncidentDetail) {
	if (detail.slo === "") return null;
	const tenant = detail.kind === "platform" ? "~fleet" : detail.tenant;
	const from = detail.evidence.since;
	if (!(from > 0)) return null;
	const to = detail.signalClearedAt ?? call.context.clock.now();
	if (to <= from) return null;
	const view = await call
		.ask<z.infer<typeof AttributesView>>(
			`${path`/api/v1/tenants/${tenant}/slis/${detail.slo}/attributes`}?from=${from}&to=${to}&limit=1`,
		)
		.catch(() => undefined);
	const where = view?.where;
	if (!where) return null;
	return {
		answer: where.answer,
		says: untrusted(where.explanation),
		culprits: where.culprits.slice(0, MAX_CULPRITS).map((culprit) => ({
			values: Object.entries(culprit.values).map(([attribute, value]) => ({
				attribute: plain(attribute),
				value: untrusted(value, 200),
			})),
			bad: culprit.bad,
			total: culprit.total,
			coverage: culprit.coverage,
		})),
	};
}
