import { HOUR_MS, MINUTE_MS, seededRandom } from "@bellwether/model";
import { describe, expect, it, test } from "vitest";
import { type Ailing, type Change, type Peer, rankCauses } from "./index.ts";
import { plantCauses } from "./planted.ts";

const ONSET = Date.UTC(2026, 2, 9, 10);
const ILL: Ailing = {
	tenant: "acme",
	workload: "mail",
	regions: { eu: 1 },
	onset: { at: ONSET, from: ONSET - MINUTE_MS, to: ONSET + MINUTE_MS },
	isWholeTenant: true,
};
const change = (
	id: string,
	minutesBefore: number,
	scope: Change["scope"],
	kind: Change["kind"] = "config",
): Change => ({
	id,
	at: ONSET - minutesBefore * MINUTE_MS,
	kind,
	scope: { workload: "mail", ...scope },
});
/** Of the week before: now and then something for everybody. */
const ORDINARY = Array.from({ length: 14 }, (_, k) => change(`old-${k}`, 720 * (k + 1), {}));
const peers = (ill: number, of: number, region = "eu"): Peer[] =>
	Array.from({ length: of }, (_, k) => ({ tenant: `peer-${k}`, regions: { [region]: 1 }, isIll: k < ill }));
const rank = (changes: readonly Change[], ailing: Partial<Ailing> = {}, others: readonly Peer[] = []) =>
	rankCauses({ ailing: { ...ILL, ...ailing }, changes: [...ORDINARY, ...changes], peers: others });

describe("the cause of a tenant's trouble", () => {
	it("is its own policy edit minutes before", () => {
		const found = rank([change("edit", 4, { tenant: "acme" }, "policy")]);
		expect(found.blamed?.id).toBe("edit");
		expect(found.explanation).toMatch(/^edit \(\d+ %\): .*4 min before it began/);
	});
	it("is none when nothing changed lately", () => {
		expect(rank([])).toMatchObject({ blamed: undefined });
		expect(rank([]).none).toBeGreaterThan(0.9);
	});
	it("is no change that touched others, or came later", () => {
		const elsewhere = [change("us", 3, { region: "us" }), change("other", 3, { tenant: "globex" }, "policy")];
		const later = change("later", -10, { tenant: "acme" }, "policy");
		expect(rank([...elsewhere, later]).ranked.map(({ id }) => id)).not.toEqual(expect.arrayContaining(["us"]));
		expect(rank([...elsewhere, later]).blamed).toBeUndefined();
	});
	it("is less likely a change long ago than one minutes ago", () => {
		const found = rank([change("near", 5, { region: "eu" }), change("far", 300, { region: "eu" })]);
		expect(found.ranked[0]?.id).toBe("near");
	});
	it("is the build where the errors are, even with a nearer change of configuration", () => {
		const deploy = { ...change("deploy", 40, { build: "b7" }, "deploy"), until: ONSET + HOUR_MS };
		const found = rank([deploy, change("config", 6, {})], { culprit: { build: "b7" }, isWholeTenant: false });
		expect(found.ranked[0]?.id).toBe("deploy");
		expect(found.ranked[0]?.reasons[0]).toContain("b7");
	});
	it("is likelier a change for all when all that it touched are ill, and less so when they are well", () => {
		const all = change("all", 8, {});
		const probability = (others: readonly Peer[]) =>
			rank([all], {}, others).ranked.find(({ id }) => id === "all")?.probability ?? 0;
		expect(probability(peers(10, 10))).toBeGreaterThan(probability([]));
		expect(probability(peers(0, 10))).toBeLessThan(probability([]));
	});
	it("is told apart by dose: the region's change when the region's tenants are ill and the others well", () => {
		const others = [
			...peers(6, 6, "eu"),
			...peers(0, 6, "us").map((peer) => ({ ...peer, tenant: `us-${peer.tenant}` })),
		];
		const found = rank([change("eu", 9, { region: "eu" }), change("all", 5, {})], {}, others);
		expect(found.ranked[0]?.id).toBe("eu");
	});
	it("is shared among changes that come at the same time with the same scope", () => {
		const alone = rank([change("a", 5, {})]).ranked[0]?.probability ?? 0;
		const crowded = rank([change("a", 5, {}), change("b", 5, {}), change("c", 5, {})]).ranked[0]?.probability ?? 1;
		expect(crowded).toBeLessThan(alone);
	});
});

test("probabilities of all changes and of none add up to one, in any order of changes", () => {
	const changes = [change("a", 5, {}), change("b", 15, { region: "eu" }), change("c", 2, { tenant: "acme" }, "policy")];
	const found = rank(changes);
	const sum = found.ranked.reduce((all, { probability }) => all + probability, found.none);
	expect(sum).toBeGreaterThan(0.95);
	expect(sum).toBeLessThanOrEqual(1 + 1e-12);
	expect(rankCauses({ ailing: ILL, changes: [...changes].reverse() }).ranked).toEqual(
		rankCauses({ ailing: ILL, changes }).ranked,
	);
});

test("of 50 caused and 50 uncaused incidents among 500 changes it finds the causes and blames few others", () => {
	const random = seededRandom(77);
	let [top1, top3, wrong, caused, uncaused] = [0, 0, 0, 0, 0];
	for (let world = 0; world < 3; world++) {
		const { changes, incidents } = plantCauses(random, {
			tenants: 24,
			days: 28,
			changes: 500,
			caused: 50,
			uncaused: 50,
			leadMs: [MINUTE_MS / 2, 30 * MINUTE_MS],
			onsetWidthMs: [MINUTE_MS, 8 * MINUTE_MS],
			decoys: 0.5,
			alone: 0.4,
		});
		for (const { ailing, peers: others, cause } of incidents) {
			const found = rankCauses({ ailing, changes, peers: others });
			if (cause === undefined) {
				uncaused++;
				if (found.blamed) wrong++;
				continue;
			}
			caused++;
			if (found.ranked[0]?.id === cause) top1++;
			if (found.ranked.slice(0, 3).some(({ id }) => id === cause)) top3++;
		}
	}
	expect(top1 / caused).toBeGreaterThanOrEqual(0.8);
	expect(top3 / caused).toBeGreaterThanOrEqual(0.95);
	expect(wrong / uncaused).toBeLessThanOrEqual(0.05);
});
