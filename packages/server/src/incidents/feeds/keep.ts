import { setImmediate as nextTurn } from "node:timers/promises";
import { DAY_MS } from "@bellwether/model";
import type { Catalogue, Feed } from "#catalogue";
import type { Tx } from "#platform";
import type { CaseFact, ChangeFact, FeedFacts, PlatformHealthFact } from "#telemetry";
import { type TenantOf, tenantNames, workloadsOf } from "./mapping.ts";
import { compareRevision, digestOf, type Revision } from "./revision.ts";

/** More rows than this of one change are a mistake in the map of its components. */
const MAX_SCOPES = 2_000;
const MAX_AHEAD_MS = DAY_MS;
/** Other requests get a turn after so many facts: a message of thousands must not hold up an acknowledgement. */
const FACTS_PER_TURN = 32;

/** What became of the facts of one message. `unmapped`: names that the catalogue does not know. */
export interface Kept {
	readonly new: number;
	readonly changed: number;
	readonly same: number;
	/** A later version is held already. */
	readonly older: number;
	/** Of no workload or tenant of the catalogue, so of no use here. */
	readonly unmapped: readonly string[];
}

type Step = "new" | "changed" | "same" | "older" | { readonly unmapped: string };

interface Keeping {
	readonly tx: Tx;
	readonly feed: Feed;
	readonly catalogue: Catalogue;
	readonly receivedAt: number;
}

/** Holds the facts of a message: each once by its id, the latest version, whatever the order they come in. */
export async function keepFacts(keeping: Keeping, message: FeedFacts): Promise<Kept> {
	const counts = { new: 0, changed: 0, same: 0, older: 0 };
	const unmapped = new Set<string>();
	let done = 0;
	const count = async (step: Step) => {
		if (++done % FACTS_PER_TURN === 0) await nextTurn();
		if (typeof step === "string") counts[step] += 1;
		else unmapped.add(step.unmapped);
	};
	switch (message.gives) {
		case "platform-health":
			for (const fact of message.facts) {
				if (workloadsOf(keeping.feed, keeping.catalogue, fact.component).length === 0)
					unmapped.add(fact.component[0] ?? "");
				await count(await keepHealth(keeping, fact));
			}
			if (message.complete) counts.changed += await endUnnamed(keeping, message.facts, message.complete);
			break;
		case "changes": {
			const tenantOf = tenantNames(keeping.catalogue);
			for (const fact of message.facts) await count(await keepChange(keeping, fact, tenantOf));
			break;
		}
		case "cases": {
			const tenantOf = tenantNames(keeping.catalogue);
			for (const fact of message.facts) {
				if (tenantOf(fact.tenant, fact.openedAt) === undefined) unmapped.add(fact.tenant);
				await count(await keepCase(keeping, fact, tenantOf));
			}
		}
	}
	unmapped.delete("");
	return { ...counts, unmapped: [...unmapped] };
}

function revisionOf(fact: PlatformHealthFact | ChangeFact | CaseFact, content: object, receivedAt: number): Revision {
	// A source whose clock is years ahead must not shut out every later version.
	const revised_at = Math.min(fact.revisedAt, receivedAt + MAX_AHEAD_MS);
	return { revised_at, revision_rank: fact.rank, digest: digestOf(content) };
}

/** Facts of components that nothing maps are held as well: the map may come later. */
async function keepHealth({ tx, feed, receivedAt }: Keeping, fact: PlatformHealthFact): Promise<Step> {
	const { revisedAt: _, rank: __, startedAt, isStartKnown, ...rest } = fact;
	const revision = revisionOf(fact, isStartKnown ? { ...rest, startedAt } : rest, receivedAt);
	const held = await tx
		.selectFrom("platform_health")
		.select(["seq", "revised_at", "revision_rank", "digest", "state", "started_at", "ended_at"])
		.where("feed", "=", feed.name)
		.where("external_id", "=", fact.externalId)
		.executeTakeFirst();
	const step = compareRevision(held, revision);
	if (step === "older") return step;
	const isStillSo = held !== undefined && held.ended_at === null && held.state === fact.state;
	const row = {
		component: JSON.stringify(fact.component),
		state: fact.state,
		source_status: fact.sourceStatus,
		title: fact.title,
		link: fact.link ?? null,
		started_at: !isStartKnown && isStillSo ? Math.min(held.started_at, startedAt) : startedAt,
		ended_at: fact.endedAt ?? null,
		...revision,
		received_at: receivedAt,
	};
	if (held === undefined) {
		await tx
			.insertInto("platform_health")
			.values({ feed: feed.name, external_id: fact.externalId, ...row })
			.execute();
	} else await tx.updateTable("platform_health").set(row).where("seq", "=", held.seq).execute();
	return step;
}

/** What a complete message does not name any more is over. Versions later than the message are left alone. */
async function endUnnamed(
	{ tx, feed, receivedAt }: Keeping,
	facts: readonly PlatformHealthFact[],
	complete: { readonly prefix: string; readonly at: number },
): Promise<number> {
	const named = new Set(facts.map((fact) => fact.externalId));
	const open = await tx
		.selectFrom("platform_health")
		.select(["seq", "external_id", "revised_at", "started_at"])
		.where("feed", "=", feed.name)
		.where("ended_at", "is", null)
		.execute();
	const over = open.filter(
		(row) =>
			row.external_id.startsWith(complete.prefix) && !named.has(row.external_id) && row.revised_at <= complete.at,
	);
	for (const row of over) {
		await tx
			.updateTable("platform_health")
			.set({
				ended_at: Math.max(row.started_at, complete.at),
				// Should a late message have closed it wrongly, the next one that names it opens it again.
				digest: "",
				received_at: receivedAt,
			})
			.where("seq", "=", row.seq)
			.execute();
	}
	return over.length;
}

async function keepChange(
	{ tx, feed, catalogue, receivedAt }: Keeping,
	fact: ChangeFact,
	tenantOf: TenantOf,
): Promise<Step> {
	const tenants = fact.tenants.flatMap((named) => tenantOf(named, fact.startedAt) ?? []);
	// A change of tenants that are nobody's here is no news for those that are.
	if (fact.tenants.length > 0 && tenants.length === 0) return { unmapped: fact.tenants[0] as string };
	const workloads = workloadsOf(feed, catalogue, fact.component);
	const isMapped = Object.keys(feed.components).length > 0;
	if (isMapped && fact.component.length > 0 && workloads.length === 0) return { unmapped: fact.component[0] as string };
	const scopes = (tenants.length > 0 ? [...new Set(tenants)] : [""]).flatMap((tenant) =>
		(workloads.length > 0 ? workloads : [""]).map((workload) => ({ tenant, workload })),
	);
	if (scopes.length > MAX_SCOPES)
		return { unmapped: `${fact.externalId} (more than ${MAX_SCOPES} tenants and workloads)` };
	const { revisedAt: _, rank: __, ...content } = fact;
	const revision = revisionOf(fact, content, receivedAt);
	const held = await tx
		.selectFrom("changes")
		.select(["tenant", "workload", "revised_at", "revision_rank", "digest"])
		.where("feed", "=", feed.name)
		.where("external_id", "=", fact.externalId)
		.execute();
	const step = compareRevision(held[0], revision);
	if (step === "older") return step;
	const isRescoped = step === "same" && !equalScopes(held, scopes);
	// Told again: what is held stays untouched, so that cursors on it stay good.
	if (step === "same" && !isRescoped && isSameVersion(held[0], revision)) return step;
	if (held.length > 0) {
		await tx.deleteFrom("changes").where("feed", "=", feed.name).where("external_id", "=", fact.externalId).execute();
	}
	for (const scope of scopes) {
		await tx
			.insertInto("changes")
			.values({
				feed: feed.name,
				external_id: fact.externalId,
				...scope,
				kind: fact.kind,
				state: fact.state,
				title: fact.title,
				ring: fact.ring ?? null,
				region: fact.region ?? null,
				build: fact.build ?? null,
				actor: fact.actor ?? null,
				link: fact.link ?? null,
				started_at: fact.startedAt,
				ended_at: fact.endedAt ?? null,
				...revision,
				received_at: receivedAt,
			})
			.execute();
	}
	return isRescoped ? "changed" : step;
}

function isSameVersion(held: Revision | undefined, next: Revision): boolean {
	return held?.revised_at === next.revised_at && held.revision_rank === next.revision_rank;
}

interface Scope {
	readonly tenant: string;
	readonly workload: string;
}

function equalScopes(held: readonly Scope[], next: readonly Scope[]): boolean {
	const keys = new Set(held.map((each) => `${each.tenant}\n${each.workload}`));
	return keys.size === next.length && next.every((each) => keys.has(`${each.tenant}\n${each.workload}`));
}

async function keepCase(
	{ tx, feed, catalogue, receivedAt }: Keeping,
	fact: CaseFact,
	tenantOf: TenantOf,
): Promise<Step> {
	const { revisedAt: _, rank: __, ...content } = fact;
	const revision = revisionOf(fact, content, receivedAt);
	const held = await tx
		.selectFrom("cases")
		.select(["seq", "tenant", "revised_at", "revision_rank", "digest"])
		.where("feed", "=", feed.name)
		.where("external_id", "=", fact.externalId)
		.executeTakeFirst();
	const step = compareRevision(held, revision);
	if (step === "older") return step;
	const tenant = tenantOf(fact.tenant, fact.openedAt) ?? "";
	if (step === "same" && held?.tenant === tenant && isSameVersion(held, revision)) return step;
	const row = {
		tenant,
		tenant_named: fact.tenant,
		// Of several workloads the first: a case that counted for each would be several misses.
		workload: workloadsOf(feed, catalogue, fact.component)[0] ?? "",
		kind: fact.kind,
		severity: fact.severity ?? null,
		title: fact.title,
		link: fact.link ?? null,
		escalated: fact.isEscalated ? 1 : 0,
		opened_at: fact.openedAt,
		closed_at: fact.closedAt ?? null,
		...revision,
		received_at: receivedAt,
	};
	if (held === undefined) {
		await tx
			.insertInto("cases")
			.values({ feed: feed.name, external_id: fact.externalId, ...row })
			.execute();
	} else await tx.updateTable("cases").set(row).where("seq", "=", held.seq).execute();
	return step;
}
