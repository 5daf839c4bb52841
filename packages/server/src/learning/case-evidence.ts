import type { Catalogue } from "#catalogue";
import { type CaseRecord, firstHeard, type Incident, judgeCases, listCases } from "#incidents";
import type { Db, TenantScope, Tx } from "#platform";

/** What support cases and customers' reports say about detection and escalation. */
export interface CaseEvidence {
	/** A feed of cases was heard: only then does an absence of cases mean anything. */
	readonly isConnected: boolean;
	readonly missed: readonly CaseRecord[];
	/** Incidents that a customer reported before a monitor found them. */
	readonly customerFirst: ReadonlySet<string>;
	/** An incident may still be opened. */
	readonly pending: number;
	/** Of key tenants, without a workload that the catalogue knows, or older than the feed. */
	readonly notJudged: number;
	/** Escalated cases of key tenants, and of others. */
	readonly escalated: number;
	readonly escalatedElsewhere: number;
}

export const NO_CASES: CaseEvidence = {
	isConnected: false,
	missed: [],
	customerFirst: new Set(),
	pending: 0,
	notJudged: 0,
	escalated: 0,
	escalatedElsewhere: 0,
};

export async function caseEvidence(
	db: Db | Tx,
	scope: TenantScope,
	catalogue: Catalogue,
	incidents: readonly Incident[],
	now: number,
): Promise<CaseEvidence> {
	const heardAt = await firstHeard(db);
	if (!catalogue.feeds.some((feed) => feed.gives === "cases" && heardAt.has(feed.name))) return NO_CASES;
	const cases: CaseRecord[] = [];
	for (let after: string | undefined; ; ) {
		const page = await listCases(db, scope, { order: "oldest", limit: 500, after });
		cases.push(...page.items);
		after = page.next;
		if (after === undefined) break;
	}
	return evidenceOf(cases, incidents, heardAt, now);
}

export function evidenceOf(
	cases: readonly CaseRecord[],
	incidents: readonly Incident[],
	feedHeardAt: ReadonlyMap<string, number>,
	now: number,
): CaseEvidence {
	const judged = judgeCases(cases, incidents, feedHeardAt, now);
	const missed = judged.filter(({ verdict }) => verdict.status === "missed").map((each) => each.case);
	const escalated = cases.filter((each) => each.isEscalated);
	return {
		isConnected: true,
		missed: oncePerOutage(missed).toReversed(),
		customerFirst: new Set(
			judged.flatMap(({ verdict }) => (verdict.status === "customer-first" ? [verdict.incidentId] : [])),
		),
		pending: judged.filter(({ verdict }) => verdict.status === "pending").length,
		notJudged: judged.filter((each) => each.verdict.status === "not-judged" && each.case.tenant !== "").length,
		escalated: escalated.filter((each) => each.tenant !== "").length,
		escalatedElsewhere: escalated.filter((each) => each.tenant === "").length,
	};
}

/** Ten cases about one outage are one miss: of a tenant's workload, those within this time of the first. */
const ONE_OUTAGE_MS = 4 * 3_600_000;

function oncePerOutage(missed: readonly CaseRecord[]): CaseRecord[] {
	const lastAt = new Map<string, number>();
	return missed
		.toSorted((a, b) => a.openedAt - b.openedAt || a.seq - b.seq)
		.filter((each) => {
			const key = `${each.tenant}\n${each.workload}`;
			const before = lastAt.get(key);
			if (before !== undefined && each.openedAt - before < ONE_OUTAGE_MS) return false;
			lastAt.set(key, each.openedAt);
			return true;
		});
}

/** Undefined when it is not known of how many. */
export function escalationsPerTenant(escalations: number, tenants: number | undefined): number | undefined {
	return tenants === undefined || tenants === 0 ? undefined : escalations / tenants;
}
