import { z } from "zod";
import type { Api, ApiContext } from "../context.ts";
import { PROBLEMS } from "../context.ts";
import { RESPONDERS } from "../policy.ts";

const instant = z.number().describe("ms since 1970");
const tier = z.enum(["ten-seconds", "minutes", "ten-minutes", "hours"]);

const HealthDetails = z.object({
	at: instant,
	checks: z.array(
		z.object({ name: z.string(), ok: z.boolean(), level: z.enum(["error", "warning"]), reason: z.string() }),
	),
	telemetry: z.object({
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
	}),
	storage: z.object({
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
	}),
});

export function healthDetailRoutes(api: Api, context: ApiContext): void {
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
		async () => {
			const [figures, checks] = await Promise.all([context.telemetry.health(), context.readiness()]);
			const { storage } = figures;
			return {
				at: context.clock.now(),
				checks: [...checks],
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
		},
	);
}
