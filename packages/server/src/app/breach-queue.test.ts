import { describe, expect, it } from "vitest";
import type { BreachClosed, BreachOpened } from "#detection";
import { createBreachQueue } from "./breach-queue.ts";

const opened = (tenant: string) => ({ type: "breach.opened", tenant }) as BreachOpened;
const closed = (tenant: string) => ({ type: "breach.closed", tenant }) as BreachClosed;

describe("the breach queue", () => {
	it("takes events one after the other, in order, once it is started", async () => {
		const taken: string[] = [];
		let underWay = 0;
		const queue = createBreachQueue({
			take: async (event) => {
				expect(++underWay).toBe(1);
				await new Promise((resolve) => setImmediate(resolve));
				taken.push(`${event.type} ${event.tenant}`);
				underWay--;
			},
			onError: () => {},
		});
		for (const event of [opened("a"), opened("b"), closed("a")]) queue.push(event);
		await new Promise((resolve) => setImmediate(resolve));
		expect(taken).toEqual([]);
		queue.start();
		await expect.poll(() => queue.depth).toBe(0);
		expect(taken).toEqual(["breach.opened a", "breach.opened b", "breach.closed a"]);
	});

	it("tries an event until it is committed, before anything that came later of the same pair", async () => {
		const taken: string[] = [];
		const errors: unknown[] = [];
		let failures = 3;
		const queue = createBreachQueue({
			take: async (event) => {
				if (failures-- > 0) throw new Error("disk full");
				taken.push(event.type);
			},
			onError: (error) => errors.push(error),
			retryDelaysMs: [0],
		});
		queue.start();
		queue.push(opened("a"));
		queue.push(closed("a"));
		await expect.poll(() => taken).toEqual(["breach.opened", "breach.closed"]);
		expect(errors).toHaveLength(3);
	});

	it("lets an event that can never be taken hold up nobody else", async () => {
		const taken: string[] = [];
		const queue = createBreachQueue({
			take: async (event) => {
				if (event.tenant === "bad") throw new Error("constraint failed");
				taken.push(`${event.type} ${event.tenant}`);
			},
			onError: () => {},
			retryDelaysMs: [60_000],
		});
		queue.start();
		for (const event of [opened("bad"), opened("a"), closed("bad")]) queue.push(event);
		await expect.poll(() => taken).toEqual(["breach.opened a"]);
		// Nor what comes while only the bad one waits.
		queue.push(closed("a"));
		await expect.poll(() => taken).toEqual(["breach.opened a", "breach.closed a"]);
		expect(queue.depth).toBe(2);
		await queue.stop();
	});

	it("begins nothing after its stop and does not wait for a store that stays broken", async () => {
		let tries = 0;
		const queue = createBreachQueue({
			take: async () => {
				tries++;
				throw new Error("store is gone");
			},
			onError: () => {},
			retryDelaysMs: [60_000],
		});
		queue.start();
		queue.push(opened("a"));
		await expect.poll(() => tries).toBe(1);
		await queue.stop();
		queue.push(opened("b"));
		expect([tries, queue.depth]).toEqual([1, 1]);
	});
});
