import { describe, expect, test } from "vitest";
import type { Source } from "#catalogue";
import type { Accounting } from "#telemetry";
import type { SenderStatus } from "./sender-status.ts";
import { sourceViews } from "./source-view.ts";

const NOW = 1_800_000_000_000;
const COLLECTOR: Source = { name: "collector", displayName: "Collector", kind: "otlp" };

const sender = (source: string): SenderStatus => ({
	source,
	requests: 360,
	firstRequestAt: NOW - 3_600_000,
	lastRequestAt: NOW - 10_000,
	usualIntervalMs: 10_000,
	newestEventAt: NOW - 15_000,
	completeUntil: NOW - 20_000,
	usualLatenessMs: 0,
	refusedRequests: 0,
	isOver: false,
});
const book = (source: string, protocol: Accounting["protocol"]): Accounting => ({
	tenant: "",
	source,
	protocol,
	received: 5,
	counted: 5,
	duplicate: 0,
	rejected: {},
});

function viewsOf(sources: readonly Source[], ...names: readonly string[]) {
	const accounting = names.map((name) => book(name, name === "remote-write" ? "remote-write-1" : "otlp-protobuf"));
	const facts = { sources, statuses: [], accounting, senders: names.map(sender), startedAt: NOW - 1e7, now: NOW };
	return sourceViews({ ...facts, seesAll: true });
}

describe("senders that nobody named", () => {
	test.each(["otlp", "remote-write"])("of kind %s are one source, which says so and how to tell them apart", (kind) => {
		expect(viewsOf([], kind)).toMatchObject([
			{
				name: kind,
				declared: false,
				state: "ok",
				note: expect.stringContaining(`All senders of ${kind} that nobody named are this one source`),
			},
		]);
	});

	test("are not those of a token of their own, nor of a declared source", () => {
		expect(viewsOf([COLLECTOR], "collector", "token:shop").map(({ name, note }) => [name, note])).toEqual([
			["collector", ""],
			["token:shop", ""],
		]);
	});
});
