import { HOUR_MS, MINUTE_MS, seededRandom } from "@bellwether/model";
import { expect, it } from "vitest";
import { fleetOf, Play, poisson } from "./test-fleet.ts";

const TENANTS = Array.from({ length: 8 }, (_, i) => `tenant-${i}`);
const LIMIT = {
	name: "limit",
	mode: "live" as const,
	threshold: {
		measure: "bad-ratio" as const,
		is: "above" as const,
		value: 0.1,
		lookMs: 5 * MINUTE_MS,
		minutes: 3,
		clear: 0.05,
		clearMs: 5 * MINUTE_MS,
	},
};

/** Six hours of these SLOs: outages of single tenants and of all, the same whoever else is played with them. */
function newsOf(slos: readonly string[]): string[] {
	const pairs = slos.flatMap((slo, k) =>
		fleetOf(TENANTS, { also: [LIMIT] }).map((pair) => ({ ...pair, slo, fleetPair: k * (TENANTS.length + 1) })),
	);
	const play = new Play(pairs, { now: Date.UTC(2026, 2, 2, 9) });
	const randoms = new Map(slos.map((slo) => [slo, seededRandom(slo.length)]));
	let minute = 0;
	play.pass(
		6 * HOUR_MS,
		() => {
			minute++;
			for (const [pair, { tenant, slo }] of pairs.entries()) {
				if (tenant === "") continue;
				const random = randoms.get(slo) as () => number;
				const total = poisson(random, 20);
				const isIll = (minute % 90 > 70 && tenant === "tenant-3") || (minute > 200 && minute < 215);
				let bad = 0;
				for (let k = 0; k < total; k++) if (random() < (isIll ? 0.4 : 0.0002)) bad++;
				if (total > 0) play.send(pair, bad, total);
			}
		},
		MINUTE_MS,
	);
	return play.news.map((one) => JSON.stringify(one)).toSorted();
}

it("two shards, each with its SLOs, give the same alerts as one engine with all, to the last bit", () => {
	const all = newsOf(["sign-in", "search-mail", "open-a-file"]);
	expect(all.length).toBeGreaterThan(30);
	expect([...newsOf(["sign-in", "open-a-file"]), ...newsOf(["search-mail"])].toSorted()).toEqual(all);
});
