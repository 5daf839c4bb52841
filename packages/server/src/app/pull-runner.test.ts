import { ManualClock } from "@bellwether/model";
import { describe, expect, onTestFinished, test } from "vitest";
import type { PullStatus } from "#api";
import type { Source } from "#catalogue";
import {
	type PullEngine,
	type PulledAnswer,
	type PulledRow,
	PullFailure,
	type PullOutcome,
	type PullState,
} from "#telemetry";
import { asking, settings } from "../../testing/engine.ts";
import { PullRunner } from "./pull-runner.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 23, 12, 0, 30);

/** A clock on which sleepers wake in the order of their times, and never before somebody lets time pass. */
class Sleepers {
	readonly clock = new ManualClock(NOW);
	#waiting: { at: number; wake: () => void }[] = [];

	sleep = (ms: number, signal: AbortSignal): Promise<void> =>
		new Promise((resolve) => {
			this.#waiting.push({ at: this.clock.now() + ms, wake: resolve });
			signal.addEventListener("abort", () => resolve(), { once: true });
		});

	async pass(ms: number): Promise<void> {
		const until = this.clock.now() + ms;
		for (;;) {
			await settled();
			const next = this.#waiting.toSorted((a, b) => a.at - b.at)[0];
			if (!next || next.at > until) break;
			this.#waiting = this.#waiting.filter((each) => each !== next);
			this.clock.advance(Math.max(0, next.at - this.clock.now()));
			next.wake();
		}
		this.clock.advance(until - this.clock.now());
		await settled();
	}
}

/** Lets everything run that waits for no time. */
async function settled(): Promise<void> {
	for (let k = 0; k < 20; k++) await new Promise((resolve) => setImmediate(resolve));
}

function run(rows: (slo: string, from: number, count: number) => PulledRow[], slos = ["requests"]) {
	const time = new Sleepers();
	const asked: { slo: string; from: number; to: number; at: number }[] = [];
	const engine: PullEngine = {
		async *rows({ slo }, { from, to }) {
			asked.push({ slo: slo.name, from, to, at: time.clock.now() });
			yield* rows(slo.name, from, asked.length);
		},
		close: async () => {},
	};
	const states = new Map<string, PullState>();
	const outcomes: PullOutcome["status"][] = [];
	let status: PullStatus | undefined;
	const queries = slos.map((slo) => ({ ...asking({ slo }, { name: slo }) }));
	const pull = settings("https://engine.example", {
		queries: queries.map(({ query }) => query),
		catchUpMs: 10 * MINUTE,
	});
	const source: Source & { pull: typeof pull } = { name: "engine", displayName: "Engine", kind: "clickhouse", pull };
	const take = async (answer: PulledAnswer): Promise<PullOutcome> => {
		const fate = outcomes.shift();
		if (fate === "unavailable") return { status: "unavailable", message: "the disk is full", retryAfterS: 2 };
		const { slo, stepMs, form, to } = answer;
		const state = { source: "engine", slo, stepMs, form, pulledUntil: to, replaceableFrom: to - pull.overlapMs };
		states.set(slo, state);
		return { status: "accepted", state, rows: 1, rejected: 0, revised: 0, vanished: 0, message: "" };
	};
	const runner = new PullRunner(
		source,
		queries.map(({ slo }) => slo),
		engine,
		{
			latenessMs: 3 * 60 * MINUTE,
			clock: time.clock,
			random: () => 0,
			sleep: time.sleep,
			take,
			stateOf: async (_, slo) => states.get(slo),
			trialEngine: engine,
			onStatus: (told) => {
				status = told;
			},
		},
	);
	onTestFinished(() => runner.stop());
	runner.start();
	return { time, asked, outcomes, status: () => status as PullStatus, runner };
}

const fine = () => [{ tenant: "a", time: NOW - 5 * MINUTE, good: 1, total: 1 }];
const failing = (reason: "unreached" | "refused" | "throttled", retryAfterMs?: number) => () => {
	throw new PullFailure(reason, `it is ${reason}`, "do something", retryAfterMs);
};
const minutesOf = (from: number) => (from - (NOW - 30_000)) / MINUTE;

describe("the schedule of a source", () => {
	test("catches up at once, then asks when the next step is ripe, with the overlap before it", async () => {
		const { time, asked, status } = run(fine);
		await time.pass(3 * MINUTE);
		expect(asked.map(({ from, to, at }) => [minutesOf(from), minutesOf(to), (at - NOW) / 1000])).toEqual([
			[-11, -1, 0],
			[-6, 0, 30],
			[-5, 1, 90],
			[-4, 2, 150],
		]);
		expect(status()).toMatchObject({ state: "ok", queries: 4, queue: 0, error: undefined });
	});

	test("an engine that cannot be reached is asked less and less often, and its time is made up for afterwards", async () => {
		let isDown = true;
		const { time, asked, status } = run(() => (isDown ? failing("unreached")() : fine()));
		await time.pass(2 * MINUTE);
		expect(asked.map(({ at }) => (at - NOW) / 1000)).toEqual([0, 5, 15, 35, 75]);
		expect(status()).toMatchObject({
			state: "failing",
			failures: { unreached: 5 },
			watermarkAt: undefined,
			error: { slo: "requests", message: "it is unreached", remedy: "do something" },
		});
		isDown = false;
		await time.pass(2 * MINUTE);
		expect(status()).toMatchObject({ state: "ok", error: undefined });
		expect((status().watermarkAt ?? 0) - NOW).toBeGreaterThan(MINUTE);
	});

	test("Retry-After is kept to", async () => {
		const { time, asked } = run((_, __, count) => (count === 1 ? failing("throttled", 50_000)() : fine()));
		await time.pass(MINUTE);
		expect(asked.map(({ at }) => (at - NOW) / 1000).slice(0, 2)).toEqual([0, 50]);
	});

	test("a query that is wrong delays no other of the source", async () => {
		const { time, asked, status } = run(
			(slo) => (slo === "wrong" ? failing("refused")() : fine()),
			["wrong", "requests"],
		);
		await time.pass(3 * MINUTE);
		expect(asked.filter(({ slo }) => slo === "requests").map(({ at }) => (at - NOW) / 1000)).toEqual([0, 30, 90, 150]);
		expect(status()).toMatchObject({ state: "failing", error: { slo: "wrong" } });
	});

	test("a store that takes nothing is no fault of the source: the same range comes again", async () => {
		const { time, asked, outcomes, status } = run(fine);
		outcomes.push("unavailable", "unavailable");
		await time.pass(10_000);
		expect(asked.map(({ from, at }) => [minutesOf(from), (at - NOW) / 1000])).toEqual([
			[-11, 0],
			[-11, 2],
			[-11, 4],
		]);
		expect(status()).toMatchObject({ state: "ok", failures: {}, rows: 1 });
	});
});

test("a trial shows rows or the problem and is not counted", async () => {
	const { time, runner, status } = run((_, __, count) => (count === 2 ? fine() : failing("refused")()));
	await time.pass(1);
	const trial = await runner.test("requests");
	expect(trial).toMatchObject({ slo: "requests", rows: 1, sample: [{ tenant: "a" }], error: undefined });
	expect(await runner.test(undefined)).toMatchObject({ rows: 0, error: { reason: "refused", remedy: "do something" } });
	expect(await runner.test("other")).toBeUndefined();
	expect(status().rows).toBe(0);
});
