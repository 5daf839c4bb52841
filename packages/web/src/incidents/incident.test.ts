import { describe, expect, it } from "vitest";
import { nextPage } from "./incident.ts";

const AT = Date.UTC(2026, 10, 22, 2, 7);
const paged = { dueAt: AT, person: "S. Haas", state: "done" as const };
const waits = { dueAt: AT + 300_000, person: "K. Abara", state: "pending" as const };

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
