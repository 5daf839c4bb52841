import { describe, expect, it } from "vitest";
import { nextPage, objectiveOf } from "./incident.ts";

const AT = Date.UTC(2026, 10, 22, 2, 7);
const paged = { dueAt: AT, person: "S. Haas", pages: true, state: "done" as const };
const waits = { dueAt: AT + 300_000, person: "K. Abara", pages: true, state: "pending" as const };

describe("who is paged next", () => {
	it("is the same person again while the next step is not due", () => {
		expect(nextPage({ steps: [paged, waits], nextPerson: "S. Haas", nextAt: AT + 120_000 })).toEqual({
			person: "S. Haas",
			at: AT + 120_000,
			isRepeat: true,
		});
	});

	it("is the next step's person when the step is due", () => {
		const next = nextPage({ steps: [paged, waits], nextPerson: "K. Abara", nextAt: AT + 300_000 });
		expect(next).toMatchObject({ person: "K. Abara", isRepeat: false });
	});

	it("is again the same one at the end of the chain", () => {
		expect(nextPage({ steps: [paged], nextPerson: "S. Haas", nextAt: AT + 120_000 })?.isRepeat).toBe(true);
	});

	it("is nobody once the chain has stopped", () => {
		expect(nextPage({ steps: [paged], nextPerson: null, nextAt: null })).toBeUndefined();
	});
});

describe("the objective of an incident", () => {
	const evidence = { objective: 0.9995 } as Parameters<typeof objectiveOf>[0]["evidence"];
	const cell = (objective: number) =>
		({ objective }) as NonNullable<Parameters<typeof objectiveOf>[0]["current"]["tenant"]>;

	it("is the platform's own for a platform incident, whichever tenant claimed it first", () => {
		expect(objectiveOf({ kind: "platform", current: { tenant: null, platform: cell(0.999) }, evidence })).toBe(0.999);
	});

	it("is the tenant's, else what it was when it opened", () => {
		expect(objectiveOf({ kind: "tenant", current: { tenant: cell(0.99), platform: cell(0.999) }, evidence })).toBe(
			0.99,
		);
		expect(objectiveOf({ kind: "tenant", current: { tenant: null, platform: cell(0.999) }, evidence })).toBe(0.9995);
	});
});
