import { inScope, scopeOf, type TenantScope } from "#platform";
import type { Api, ApiContext } from "../context.ts";
import { PROBLEMS } from "../context.ts";
import { startLoopMonitor } from "../event-loop.ts";
import { gatherHealth, protocolBooks } from "../health-facts.ts";
import { judgeHealth } from "../health-judgement.ts";
import { principalOf, RESPONDERS } from "../policy.ts";
import { HealthDetails } from "../schemas-operations.ts";
import { wireWatchdog } from "../schemas-watchdog.ts";

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
			const scope = scopeOf(principalOf(request));
			const [{ facts, figures, accounts }, checks] = await Promise.all([
				gatherHealth(context, scope, delay),
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
				watchdog: facts.watchdog ? wireWatchdog(facts.watchdog) : null,
				...figureViews(figures, scope),
			};
		},
	);
}

function figureViews(
	figures: Awaited<ReturnType<ApiContext["telemetry"]["health"]>> | undefined,
	scope: TenantScope,
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
			damaged: storage.damaged
				.filter(({ tenant }) => inScope(scope, tenant))
				.map((each) => ({ ...each, from: each.from ?? null, to: each.to ?? null })),
		},
	};
}
