import { HOUR_MS, MINUTE_MS, SECOND_MS, seededRandom } from "@bellwether/model";
import { describe, expect, it, test } from "vitest";
import { fleetOf, Play } from "./test-fleet.ts";

function named(count: number): string[] {
	return Array.from({ length: count }, (_, i) => `tenant-${i + 1}`);
}

/**
 * Tenants that push once a minute, each at its own second, what happened since its last push at 10 events per second.
 * `brokenAt` says from when on all events of a tenant are bad.
 */
class PushingFleet {
	readonly play: Play;
	readonly #phasesMs: readonly number[];
	readonly #brokenAt: (pair: number) => number;
	constructor(phasesMs: readonly number[], historyMs: number, brokenAt: (pair: number, startAt: number) => number) {
		// Behind those that push, as many that never did: they are asked for nothing.
		this.play = new Play(fleetOf(named(2 * phasesMs.length)));
		const startAt = this.play.now;
		this.#phasesMs = phasesMs;
		this.#brokenAt = (pair) => brokenAt(pair, startAt);
		for (let at = startAt - historyMs; at <= startAt; at += SECOND_MS) this.#push(at);
	}
	pass(ms: number): void {
		this.play.pass(ms, (now) => this.#push(now));
	}
	#push(now: number): void {
		for (const [index, phaseMs] of this.#phasesMs.entries()) {
			if (now % MINUTE_MS !== phaseMs) continue;
			const badMs = Math.min(MINUTE_MS, Math.max(0, now - this.#brokenAt(index + 1)));
			this.play.send(index + 1, badMs / 100, 600, now);
		}
	}
}

describe("a platform-wide outage of one SLO over 50 tenants", () => {
	it("opens one breach of the fleet, told first, and the tenants' breaches say platform", () => {
		const play = new Play(fleetOf(named(50)));
		for (let pair = 1; pair <= 50; pair++) play.history(pair, HOUR_MS, 10 * SECOND_MS, 50);
		play.pass(10 * MINUTE_MS, (now) => {
			if (now % 10_000 === 0) for (let pair = 1; pair <= 50; pair++) play.send(pair, 50, 50);
		});
		expect(play.news).toHaveLength(51);
		expect(play.opened("")).toHaveLength(1);
		expect(play.news[0]).toMatchObject({ tenant: "", scope: "platform" });
		expect(play.news.map((one) => one.type === "breach.opened" && one.scope)).toEqual(new Array(51).fill("platform"));
		expect(play.news.map((one) => one.tenant)).toEqual(["", ...named(50)]);
		expect(play.opened("tenant-7")[0]?.evidence.alsoBurning).toEqual(named(50).filter((name) => name !== "tenant-7"));
		expect(play.opened("")[0]?.evidence).toMatchObject({ share: 1, alsoBurning: named(50) });
	});

	// With one hour of history the windows of six are young, and claims come before most tenants could tell.
	test.each(
		[1, 2, 3, 4, 5].flatMap((seed) => [
			{ seed, hours: 1 },
			{ seed, hours: 6 },
		]),
	)(
		"pushed once a minute at any second: at most two are taken for tenants' own (seed $seed, $hours h of history)",
		({ seed, hours }) => {
			const random = seededRandom(seed);
			const phasesMs = Array.from({ length: 50 }, () => Math.floor(random() * 60) * SECOND_MS);
			const delayMs = Math.floor(random() * 60) * SECOND_MS;
			const fleet = new PushingFleet(phasesMs, hours * HOUR_MS, (_, startAt) => startAt + delayMs);
			fleet.pass(15 * MINUTE_MS);
			const breaches = fleet.play.news.filter((one) => one.type === "breach.opened");
			expect(breaches).toHaveLength(51);
			expect(fleet.play.opened("")).toHaveLength(1);
			const own = breaches.filter((breach) => breach.scope === "tenant");
			expect(own.length).toBeLessThanOrEqual(2);
		},
	);
});

describe("a tenant's own outage", () => {
	it("among 49 healthy tenants is the tenant's, at any second of the pushes", () => {
		for (const seed of [1, 2, 3]) {
			const random = seededRandom(seed);
			const phasesMs = Array.from({ length: 50 }, () => Math.floor(random() * 60) * SECOND_MS);
			const fleet = new PushingFleet(phasesMs, HOUR_MS, (pair, startAt) =>
				pair === 9 ? startAt : Number.POSITIVE_INFINITY,
			);
			fleet.pass(5 * MINUTE_MS);
			expect(fleet.play.news).toHaveLength(1);
			expect(fleet.play.opened("tenant-9")).toMatchObject([{ scope: "tenant", evidence: { alsoBurning: [] } }]);
		}
	});

	it("stays the tenant's when three others have burned for an hour already", () => {
		for (const phase of [3, 31, 55]) {
			const phasesMs = Array.from({ length: 50 }, (_, i) => (i === 3 ? phase : (i * 7) % 60) * SECOND_MS);
			const fleet = new PushingFleet(phasesMs, HOUR_MS, (pair, startAt) => {
				if (pair <= 3) return startAt - HOUR_MS;
				return pair === 4 ? startAt + 5 * MINUTE_MS : Number.POSITIVE_INFINITY;
			});
			fleet.pass(15 * MINUTE_MS);
			const [breach] = fleet.play.opened("tenant-4");
			expect(breach).toMatchObject({ scope: "tenant" });
			expect(breach?.evidence.alsoBurning).toEqual(["tenant-1", "tenant-2", "tenant-3"]);
		}
	});

	it("is told with the start of its first bad bucket, however little the errors are", () => {
		for (const badShare of [1, 0.3, 0.05]) {
			const play = new Play(fleetOf(["contoso"]));
			play.history(1, 3 * HOUR_MS, 10 * SECOND_MS, 40);
			// Five bad minutes hours ago are another trouble.
			play.send(1, 40, 0, play.now - 2 * HOUR_MS);
			const random = seededRandom(5);
			const brokenAt = play.now + 10 * SECOND_MS;
			play.pass(40 * MINUTE_MS, (now) => {
				if (now % 10_000 !== 0) return;
				let bad = 0;
				for (let event = 0; event < 40; event++) if (random() < badShare) bad++;
				play.send(1, bad, 40);
			});
			const since = play.opened("contoso")[0]?.evidence.since as number;
			expect(Math.abs(since - brokenAt)).toBeLessThanOrEqual(MINUTE_MS);
		}
	});

	it("that began hours ago is found beyond the seconds and the minutes", () => {
		const play = new Play(fleetOf(["contoso"]));
		const brokenAt = play.now - 4 * HOUR_MS;
		for (let at = play.now - 6 * HOUR_MS; at <= play.now; at += 10 * SECOND_MS) {
			play.send(1, at >= brokenAt ? 4 : 0, 400, at);
		}
		play.pass(2 * SECOND_MS);
		expect(play.opened("contoso")[0]?.evidence.tier?.key).toBe("page-slow");
		expect(play.opened("contoso")[0]?.evidence.since).toBe(brokenAt);
	});
});

describe("scope counts key tenants of the same SLO", () => {
	const T = 100;
	/** What the last of `burning` tenants is told, when `healthy` others send and `gone` others stopped before. */
	function scopeOf(burning: number, healthy: number, gone: number) {
		const play = new Play(fleetOf(named(burning + healthy + gone)));
		for (let pair = 1; pair <= burning + healthy + gone; pair++) {
			const goneMs = pair > burning + healthy ? 10 * MINUTE_MS : 0;
			for (let at = play.now - HOUR_MS; at <= play.now - goneMs; at += 10 * SECOND_MS) play.send(pair, 0, T, at);
		}
		play.pass(3 * MINUTE_MS, (now) => {
			if (now % 10_000 !== 0) return;
			for (let pair = 1; pair <= burning + healthy; pair++) play.send(pair, pair <= burning ? T : 0, T);
		});
		return play.opened(`tenant-${burning}`).map((breach) => breach.scope);
	}
	test.each([
		{ name: "two of two are too few", burning: 2, healthy: 0, gone: 0, scope: "tenant" },
		{ name: "three of six are half", burning: 3, healthy: 3, gone: 0, scope: "platform" },
		{ name: "three of seven are less", burning: 3, healthy: 4, gone: 0, scope: "tenant" },
		{ name: "those who told nothing since are not asked", burning: 3, healthy: 0, gone: 20, scope: "platform" },
	])("$name", ({ burning, healthy, gone, scope }) => {
		expect(scopeOf(burning, healthy, gone)).toEqual([scope]);
	});

	it("an outage that spreads is the platform's for those it reaches late", () => {
		const phasesMs = Array.from({ length: 20 }, (_, i) => ((i * 7) % 60) * SECOND_MS);
		const fleet = new PushingFleet(phasesMs, 6 * HOUR_MS, (pair, startAt) =>
			pair <= 12 ? startAt + pair * 5 * MINUTE_MS : Number.POSITIVE_INFINITY,
		);
		fleet.pass(70 * MINUTE_MS);
		const scopes = Array.from({ length: 12 }, (_, i) => fleet.play.opened(`tenant-${i + 1}`)[0]?.scope);
		expect(scopes.slice(0, 9)).toEqual(new Array(9).fill("tenant"));
		expect(scopes.slice(9)).toEqual(new Array(3).fill("platform"));
	});

	it("another SLO's tenants do not count", () => {
		const signIn = fleetOf(named(2));
		const mail = fleetOf(named(2)).map((pair) => ({ ...pair, slo: "mail", fleetPair: signIn.length }));
		const play = new Play([...signIn, ...mail]);
		const tenants = [1, 2, 4, 5];
		for (const pair of tenants) play.history(pair, HOUR_MS, 10 * SECOND_MS, T);
		play.pass(3 * MINUTE_MS, (now) => {
			if (now % 10_000 === 0) for (const pair of tenants) play.send(pair, T, T);
		});
		expect(play.opened("tenant-1").map((breach) => [breach.slo, breach.scope])).toEqual([
			["sign-in", "tenant"],
			["mail", "tenant"],
		]);
		// Both fleets before all tenants.
		expect(play.news.map((one) => one.tenant).slice(0, 2)).toEqual(["", ""]);
	});
});
