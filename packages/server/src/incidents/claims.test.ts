import { expect, it } from "vitest";
import { rankClaims } from "./claims.ts";
import type { Breach } from "./types.ts";

function claim(id: string, detector: string, parts: { at?: number; tier?: string; p?: number; endedAt?: number } = {}) {
	const { at = 0, tier, p = 1, endedAt } = parts;
	const evidence = { p, ...(tier && { tier: { key: tier } }) };
	const state = endedAt === undefined ? "open" : "closed";
	return { id, detector, openedAt: at, closedAt: endedAt, state, evidence } as unknown as Breach;
}
const order = (...claims: Breach[]) => rankClaims(claims).map(({ id }) => id);

it("a stronger claim that joins later comes first, whatever came before", () => {
	const seasonal = claim("season", "seasonal", { at: 1 });
	const radar = claim("radar", "radar", { at: 2 });
	const burn = claim("burn", "burn-rate", { at: 3, tier: "page-slow" });
	expect(order(seasonal, radar)).toEqual(["radar", "season"]);
	expect(order(seasonal, radar, burn)).toEqual(["burn", "radar", "season"]);
	expect(order(burn, radar, seasonal)).toEqual(["burn", "radar", "season"]);
});

it("what ended comes after what still stands", () => {
	const ended = claim("burn", "burn-rate", { tier: "page-quick", endedAt: 9 });
	expect(order(ended, claim("gone", "absence", { at: 5 }))).toEqual(["gone", "burn"]);
});

it("of two burns the faster comes first, then the less likely one, then the earlier", () => {
	const quick = claim("quick", "burn-rate", { at: 9, tier: "page-quick", p: 1e-5 });
	const slow = claim("slow", "burn-rate", { at: 1, tier: "page-slow", p: 1e-9 });
	const rarer = claim("rarer", "burn-rate", { at: 9, tier: "page-slow", p: 1e-12 });
	expect(order(slow, rarer, quick)).toEqual(["quick", "rarer", "slow"]);
	expect(order(claim("b", "radar", { at: 2 }), claim("a", "radar", { at: 1 }))).toEqual(["a", "b"]);
});
