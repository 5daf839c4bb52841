import { DAY_MS, SECOND_MS } from "@bellwether/model";
import {
	type BreachClosed,
	type BreachOpened,
	createDetection,
	type DetectionEngine,
	type DetectionOptions,
	type DetectionPair,
} from "./index.ts";

type Monitor = NonNullable<DetectionPair["monitor"]>;

export const BURN_MONITOR: Monitor = {
	name: "burn",
	mode: "live",
	evidenceP: 1e-4,
	tiers: ["page-quick", "page-slow", "ticket-quick", "ticket-slow"],
};

/** The fleet's pair of one SLO at index 0, and one pair per tenant behind it. */
export function fleetOf(
	tenants: readonly string[],
	terms: Partial<Pick<DetectionPair, "objective" | "periodMs" | "monitor" | "also">> = {},
): DetectionPair[] {
	const shared = { slo: "sign-in", objective: 0.999, periodMs: 30 * DAY_MS, fleetPair: 0, monitor: BURN_MONITOR };
	return ["", ...tenants].map((tenant) => ({ tenant, ...shared, ...terms }));
}

/** A detection engine and a clock: events are sent to a tenant and to its fleet, and time passes with evaluations. */
export class Play {
	readonly engine: DetectionEngine;
	readonly pairs: readonly DetectionPair[];
	readonly news: (BreachOpened | BreachClosed)[] = [];
	now: number;

	constructor(pairs: readonly DetectionPair[], options: Partial<DetectionOptions> = {}) {
		this.pairs = pairs;
		this.now = options.now ?? Date.UTC(2026, 2, 2, 9);
		this.engine = createDetection({
			pairs,
			futureMs: 300_000,
			confirmMs: 300,
			openBreaches: [],
			...options,
			now: this.now,
		});
	}

	send(pair: number, bad: number, total: number, at = this.now): void {
		this.engine.add(pair, at, bad, total);
		const { fleetPair } = this.pairs[pair] as DetectionPair;
		if (fleetPair !== pair) this.engine.add(fleetPair, at, bad, total);
	}

	/** Even traffic up to now, every `everyMs`. */
	history(pair: number, spanMs: number, everyMs: number, total: number, bad = 0): void {
		for (let at = this.now; at > this.now - spanMs; at -= everyMs) this.send(pair, bad, total, at);
	}

	evaluate(): (BreachOpened | BreachClosed)[] {
		const news = this.engine.evaluate(this.now);
		this.news.push(...news);
		return news;
	}

	/** Lets time pass, calling `each` and evaluating after every step. */
	pass(ms: number, each: (now: number) => void = () => undefined, stepMs = SECOND_MS): void {
		for (const end = this.now + ms; this.now < end; ) {
			this.now += stepMs;
			each(this.now);
			this.evaluate();
		}
	}

	/** Of one tenant; "" is the fleet. */
	opened(tenant: string): BreachOpened[] {
		return this.news.filter((one) => one.type === "breach.opened").filter((one) => one.tenant === tenant);
	}
	closed(tenant: string): BreachClosed[] {
		return this.news.filter((one) => one.type === "breach.closed").filter((one) => one.tenant === tenant);
	}
	state(pair: number) {
		return this.engine.statuses(this.now)[pair]?.state;
	}
}

/** Poisson counts, by Knuth's product; for means up to a few dozen. */
export function poisson(random: () => number, mean: number): number {
	const limit = Math.exp(-mean);
	let count = 0;
	for (let product = random(); product > limit; product *= random()) count++;
	return count;
}
