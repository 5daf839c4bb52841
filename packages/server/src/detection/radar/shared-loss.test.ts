import { describe, expect, it } from "vitest";
import { fleet, LEARNT, pages, type Trouble, watch } from "./test-radar-fleet.ts";

const END = LEARNT + 120;
const loss: Trouble = { tenants: ["curie"], workload: "mail", from: LEARNT, to: LEARNT + 90, keep: 0.2 };
const paged = (troubles: readonly Trouble[]) => pages(watch(fleet(END, troubles), END));

describe("whose a loss is", () => {
	it("its own, although another signal was low by chance in the first minute", () => {
		const chance: Trouble = { ...loss, workload: "sign-in", to: LEARNT + 1, keep: 0 };
		expect(paged([loss, chance])).toMatchObject([{ tenant: "curie", workload: "mail", sli: "volume" }]);
	});

	it("nobody's where its people are away, machines half as much as they", () => {
		expect(paged([loss, { ...loss, workload: "sign-in", keep: 0.6 }])).toEqual([]);
	});

	it("stays nobody's when the other signal comes back first", () => {
		const back: Trouble = { ...loss, workload: "sign-in", to: LEARNT + 30 };
		expect(paged([loss, back])).toEqual([]);
	});
});
