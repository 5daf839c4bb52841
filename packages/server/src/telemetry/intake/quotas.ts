import { type KeyTenant, limitsOfTenant, type Settings } from "#catalogue";
import type { IngestOutcome, TenantQuotaState } from "../types.ts";
import { REASON, verdict, verdictReason, verdictTenant } from "./reasons.ts";

/** A tenant may send ahead what it may send in so many seconds; senders that gather for a minute still come through, as debt. */
const BURST_S = 10;
/** How often all tenants are looked at; only those near their limit are looked at in each request. */
const SWEEP_MS = 250;
/** From this share of its burst left on a tenant is near its limit. */
const NEAR = 0.5;
const LONGEST_RETRY_S = 300;
/** A tenant that was refused within this time counts as over its limit. */
const RECENT_MS = 60_000;

interface Account {
	readonly perSecond: number;
	/** Points that may still come; below zero: what came too much. */
	level: number;
	/** Monotonic, ms; undefined: not looked at yet. */
	at: number | undefined;
	/** Of `received`, what was charged. */
	charged: number;
	isNear: boolean;
	lastRefusedAt: number | undefined;
	refused: number;
}

/** The points of a request, as a stage has them. */
export interface QuotaPoints {
	readonly count: number;
	readonly codes: Int32Array;
	/** Tenant of point `k`, whose code is not below zero. */
	tenantOf(k: number): number;
}

/** `refuse`: all of the request is of tenants that are over their limits. */
export type QuotaVerdict =
	| { readonly status: "take" }
	| { readonly status: "refuse"; readonly retryAfterS: number; readonly tenant: string }
	/** Points of these tenants are left out of it. */
	| { readonly status: "leave-out"; readonly tenants: ReadonlySet<number> };

const TAKE: QuotaVerdict = { status: "take" };

/**
 * Points a second of each key tenant. While nobody is near a limit, requests are not looked into: a sweep four times a second
 * compares what the books received with what each tenant may send. A request is taken or left out by tenant as a whole, and
 * what it took beyond the limit is a debt that time pays.
 */
export class Quotas {
	readonly #accounts: (Account | undefined)[];
	readonly #tenants: readonly string[];
	readonly #received: Float64Array;
	readonly #streamLimits: readonly (number | undefined)[];
	#sweptAt = Number.NEGATIVE_INFINITY;
	#near = 0;

	/** `received`: points by tenant, rising; the index of `tenants`, 0 is nobody's. */
	constructor(
		tenants: readonly string[],
		register: readonly KeyTenant[],
		limits: Settings["telemetry"]["limits"],
		received: Float64Array,
	) {
		const byName = new Map(register.map((tenant) => [tenant.name, tenant]));
		this.#tenants = tenants;
		this.#received = received;
		const limitsOf = tenants.map((name) => {
			const tenant = byName.get(name);
			return tenant ? limitsOfTenant(tenant, limits) : {};
		});
		this.#streamLimits = limitsOf.map(({ streams }) => streams);
		this.#accounts = limitsOf.map(({ pointsPerSecond: perSecond }) => {
			if (perSecond === undefined) return undefined;
			const level = perSecond * BURST_S;
			return { perSecond, level, at: undefined, charged: 0, isNear: false, lastRefusedAt: undefined, refused: 0 };
		});
	}

	/** Before the requests of a commit; monotonic ms. */
	begin(now: number): void {
		if (now - this.#sweptAt < SWEEP_MS) return;
		this.#sweptAt = now;
		this.#near = 0;
		for (const [tenant, account] of this.#accounts.entries()) {
			if (!account) continue;
			this.#settle(tenant, account, now);
			account.isNear = account.level < NEAR * account.perSecond * BURST_S;
			if (account.isNear) this.#near++;
		}
	}

	/** What of a request may be taken. Costs nothing while no tenant is near its limit. */
	judge(points: QuotaPoints, now: number): QuotaVerdict {
		if (this.#near === 0) return TAKE;
		const over = new Set<number>();
		let others = 0;
		for (let k = 0; k < points.count; k++) {
			const code = points.codes[k] as number;
			// What no SLO selects costs nothing, and nobody minds whether it was refused.
			if (code < 0 && verdictReason(code) === REASON.no_sli) continue;
			const tenant = this.#tenantAt(points, k);
			if (over.has(tenant)) continue;
			if (this.#isOver(tenant, now)) over.add(tenant);
			else others++;
		}
		if (over.size === 0) return TAKE;
		for (const tenant of over) {
			const account = this.#accounts[tenant] as Account;
			account.lastRefusedAt = now;
			account.refused++;
		}
		if (others > 0) return { status: "leave-out", tenants: over };
		const [first = 0] = over;
		return { status: "refuse", retryAfterS: this.#retryAfterS(over), tenant: this.#tenants[first] as string };
	}

	/** Streams that each tenant may hold; undefined: its fair share. */
	get streamLimits(): readonly (number | undefined)[] {
		return this.#streamLimits;
	}

	states(now: number): TenantQuotaState[] {
		return this.#accounts.flatMap((account, tenant) => {
			if (account?.lastRefusedAt === undefined) return [];
			const { perSecond, refused, lastRefusedAt } = account;
			const isOver = now - lastRefusedAt < RECENT_MS;
			return [
				{ tenant: this.#tenants[tenant] as string, pointsPerSecond: perSecond, refusedRequests: refused, isOver },
			];
		});
	}

	#tenantAt(points: QuotaPoints, k: number): number {
		const code = points.codes[k] as number;
		return code < 0 ? verdictTenant(code) : points.tenantOf(k);
	}

	#isOver(tenant: number, now: number): boolean {
		const account = this.#accounts[tenant];
		if (!account?.isNear) return false;
		this.#settle(tenant, account, now);
		return account.level <= 0;
	}

	/** Adds what time brought, takes what came. */
	#settle(tenant: number, account: Account, now: number): void {
		const received = this.#received[tenant] as number;
		const most = account.perSecond * BURST_S;
		// What was there before this began was taken long ago.
		if (account.at === undefined) account.charged = received;
		const grown = (Math.max(0, now - (account.at ?? now)) * account.perSecond) / 1000;
		account.level = Math.min(most, account.level + grown) - (received - account.charged);
		account.charged = received;
		account.at = now;
	}

	#retryAfterS(over: ReadonlySet<number>): number {
		let most = 1;
		for (const tenant of over) {
			const { level, perSecond } = this.#accounts[tenant] as Account;
			most = Math.max(most, Math.ceil(-level / perSecond) + 1);
		}
		return Math.min(LONGEST_RETRY_S, most);
	}
}

/** Turns the points of these tenants in a stage into ones that do not count, and closes the gaps that their values leave. */
export function leaveOutTenants(
	stage: { readonly count: number; readonly codes: Int32Array; readonly values: Float64Array; valueCount: number },
	over: ReadonlySet<number>,
	facts: { tenantOf(k: number): number; valuesOf(k: number): number },
): void {
	const { codes, values } = stage;
	let from = 0;
	let to = 0;
	for (let k = 0; k < stage.count; k++) {
		if ((codes[k] as number) < 0) continue;
		const width = facts.valuesOf(k);
		const tenant = facts.tenantOf(k);
		if (over.has(tenant)) codes[k] = verdict(REASON.over_quota, tenant);
		else {
			if (to !== from) values.copyWithin(to, from, from + width);
			to += width;
		}
		from += width;
	}
	stage.valueCount = to;
}

/** The same for events, which have no values. */
export function leaveOutEvents(
	stage: { readonly count: number; readonly codes: Int32Array },
	over: ReadonlySet<number>,
	tenantOf: (k: number) => number,
): void {
	for (let k = 0; k < stage.count; k++) {
		if ((stage.codes[k] as number) < 0) continue;
		const tenant = tenantOf(k);
		if (over.has(tenant)) stage.codes[k] = verdict(REASON.over_quota, tenant);
	}
}

export function overQuotaOutcome({ tenant, retryAfterS }: QuotaVerdict & { status: "refuse" }): IngestOutcome {
	const message = `key tenant ${JSON.stringify(tenant)} sends more than its limits.pointsPerSecond: nothing of the request was taken; send it again later, send less, or raise the limit`;
	return { status: "over-quota", message, retryAfterS };
}
