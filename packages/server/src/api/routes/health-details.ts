import { z } from "zod";
import { scopeOf } from "#platform";
import type { Api, ApiContext } from "../context.ts";
import { PROBLEMS } from "../context.ts";
import { startLoopMonitor } from "../event-loop.ts";
import { gatherHealth, protocolBooks } from "../health-facts.ts";
import { judgeHealth, PART_KEYS, PART_STATES } from "../health-judgement.ts";
import { principalOf, RESPONDERS } from "../policy.ts";
import { RejectionView } from "../rejection-words.ts";

const instant = z.number().describe("ms since 1970");
const tier = z.enum(["ten-seconds", "minutes", "ten-minutes", "hours"]);

export const HealthDetails = z.object({
	at: instant,
	version: z.string(),
	parts: z
		.array(
			z.object({
				key: z.enum(PART_KEYS),
				state: z.enum(PART_STATES).describe("unknown is not well"),
				says: z.string(),
				remedy: z.string().describe("what to do; empty: nothing"),
			}),
		)
		.describe("each part of this system in a sentence"),
	checks: z.array(
		z.object({ name: z.string(), ok: z.boolean(), level: z.enum(["error", "warning"]), reason: z.string() }),
	),
	books: z
		.array(
			z.object({
				protocol: z.string(),
				received: z.number(),
				counted: z.number(),
				duplicate: z.number(),
				rejected: z.array(RejectionView),
			}),
		)
		.nullable()
		.describe("received = counted + duplicate + rejected, of all tenants together; null: not known"),
	uncovered: z
		.array(
			z.object({
				slo: z.string(),
				displayName: z.string(),
				workload: z.string(),
				waitsFor: z.array(z.string()),
				seenInstead: z.array(z.string()),
			}),
		)
		.describe("SLOs that never saw data, and what came that looks like what they wait for"),
	eventLoop: z
		.object({ p99Ms: z.number(), maxMs: z.number() })
		.nullable()
		.describe("how late timers of the last minutes were"),
	queues: z.object({ outbox: z.number(), outboxLateMs: z.number(), timersLateMs: z.number() }),
	diskFreeBytes: z.number().nullable(),
	telemetry: z
		.object({
			state: z.string(),
			failure: z.string().nullable(),
			lastSampleAt: instant.nullable(),
			streams: z.number(),
			pairs: z.number(),
			journal: z.object({
				rows: z.number(),
				bytes: z.number(),
				foldedAt: instant.nullable(),
				isFolding: z.boolean(),
				commits: z.number(),
				commitFailures: z.number(),
			}),
		})
		.nullable()
		.describe("null: the telemetry thread does not answer"),
	storage: z
		.object({
			fileBytes: z.number(),
			usedBytes: z.number().describe("Without what is free inside the file."),
			logBytes: z.number(),
			limitBytes: z.number(),
			growthBytesPerDay: z.number().nullable(),
			daysLeft: z
				.number()
				.nullable()
				.describe("Until the limit, at the present growth; null: it does not grow, or is not known yet."),
			shortenings: z.number().describe("How often retention was shortened for want of room; 0: as configured."),
			isOverfull: z.boolean().describe("The shortest retention does not fit either."),
			tiers: z.array(
				z.object({
					class: z.enum(["tenants", "fleet"]),
					tier,
					rows: z.number(),
					bytes: z.number(),
					from: instant,
					keptMs: z.number(),
					configuredMs: z.number(),
				}),
			),
			damaged: z.array(z.object({ tenant: z.string(), slo: z.string(), tier, from: instant, to: instant })),
		})
		.nullable(),
});
export type HealthDetails = z.infer<typeof HealthDetails>;

export function healthDetailRoutes(api: Api, context: ApiContext): void {
	const loop = startLoopMonitor();
	api.addHook("onClose", () => loop.stop());
	api.get(
		"/api/v1/health/details",
		{
			config: { authz: { roles: RESPONDERS, tenant: "none", object: "figures of the whole server" } },
			schema: {
				summary: "What is held, how much room it takes and has, and what is wrong",
				tags: ["operations"],
				response: { 200: HealthDetails, ...PROBLEMS },
			},
		},
		async (request) => {
			const delay = loop.read();
			const [{ facts, figures, accounts }, checks] = await Promise.all([
				gatherHealth(context, scopeOf(principalOf(request)), delay),
				context.readiness(),
			]);
			return {
				at: facts.now,
				version: context.version,
				parts: judgeHealth(facts),
				checks: [...checks],
				books: accounts ? protocolBooks(accounts) : null,
				uncovered: facts.slos.uncovered.map((each) => ({
					...each,
					waitsFor: [...each.waitsFor],
					seenInstead: [...each.seenInstead],
				})),
				eventLoop: delay ?? null,
				queues: facts.queues,
				diskFreeBytes: facts.diskFreeBytes ?? null,
				...figureViews(figures),
			};
		},
	);
}

function figureViews(
	figures: Awaited<ReturnType<ApiContext["telemetry"]["health"]>> | undefined,
): Pick<HealthDetails, "telemetry" | "storage"> {
	if (!figures) return { telemetry: null, storage: null };
	const { storage } = figures;
	return {
		telemetry: {
			state: figures.state,
			failure: figures.failure ?? null,
			lastSampleAt: figures.lastSampleAt ?? null,
			streams: figures.streams,
			pairs: figures.pairs,
			journal: {
				rows: figures.journalRows,
				bytes: figures.journalBytes,
				foldedAt: figures.foldAt ?? null,
				isFolding: figures.isFolding,
				commits: figures.commits,
				commitFailures: figures.commitFailures,
			},
		},
		storage: {
			...storage,
			growthBytesPerDay: storage.growthBytesPerDay ?? null,
			daysLeft: storage.daysLeft ?? null,
			tiers: storage.tiers.map(({ of, ...rest }) => ({ class: of, ...rest })),
			damaged: [...storage.damaged],
		},
	};
}
