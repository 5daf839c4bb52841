import { describe, expect, test } from "vitest";
import type { Source, SourceLimits } from "#catalogue";
import type { IngestOutcome } from "#telemetry";
import { SourceGate } from "./source-gate.ts";

const source = (name: string, kind: Source["kind"], limits: SourceLimits = {}): Source => ({
	name,
	displayName: name,
	kind,
	limits,
});
const accepted = (points: number): IngestOutcome => ({ status: "accepted", points, rejected: 0, message: "" });

function gateOf(sources: readonly Source[], limits: SourceLimits = {}) {
	let now = 1_000;
	const gate = new SourceGate({
		sources: () => sources,
		limits: () => ({ tenants: {}, sources: limits }),
		monotonic: () => now,
	});
	return {
		gate,
		wait: (ms: number) => {
			now += ms;
		},
	};
}

describe("whose a request is", () => {
	const sources = [source("edge", "otlp"), source("core", "otlp"), source("prom", "remote-write")];
	test.each([
		["the header names a source of its kind", { kind: "otlp", header: "core" }, "core"],
		["a token has the name of a source", { kind: "otlp", token: "edge" }, "edge"],
		["a token that is a source's own goes before the header", { kind: "otlp", token: "edge", header: "core" }, "edge"],
		["another token may say it by the header", { kind: "otlp", token: "shared", header: "core" }, "core"],
		["the header names a source of another kind", { kind: "otlp", header: "prom", token: "t" }, "token:t"],
		["only a token is known", { kind: "events", token: "shop" }, "token:shop"],
		["there is one source of the kind", { kind: "remote-write" }, "prom"],
		["nothing is said and there are two", { kind: "otlp" }, undefined],
		["nobody declared anything of the kind", { kind: "events", header: "edge" }, undefined],
	] as const)("%s", (_, sender, expected) => {
		const passage = gateOf(sources).gate.enter({ bytes: 0, ...sender });
		expect(passage).toMatchObject({ status: "open", source: expected });
	});
});

describe("what a source may send", () => {
	test("requests beyond ten seconds' worth are refused, until time has brought new ones", () => {
		const { gate, wait } = gateOf([source("edge", "otlp", { requestsPerSecond: 2 })]);
		const enter = () => gate.enter({ kind: "otlp", bytes: 0 }).status;
		expect(Array.from({ length: 21 }, enter)).toEqual([...Array(20).fill("open"), "refused"]);
		wait(500);
		expect([enter(), enter()]).toEqual(["open", "refused"]);
	});
	test("a body larger than what is left comes through, as a debt whose end the answer names", () => {
		const { gate, wait } = gateOf([source("edge", "otlp", { bytesPerSecond: 100 })]);
		const enter = (bytes: number) => gate.enter({ kind: "otlp", bytes });
		expect(enter(6_000).status).toBe("open");
		const refused = enter(1);
		expect(refused).toMatchObject({ status: "refused", retryAfterS: 51 });
		if (refused.status === "refused") expect(refused.message).toMatch(/"edge" .* 100 \(limits\.bytesPerSecond\)/);
		wait(49_000);
		expect(enter(1).status).toBe("refused");
		wait(2_000);
		expect(enter(1).status).toBe("open");
	});
	test("a body whose length was not announced is charged when it is here", () => {
		const { gate } = gateOf([source("edge", "otlp", { bytesPerSecond: 100 })]);
		const passage = gate.enter({ kind: "otlp", bytes: 0 });
		if (passage.status === "open") passage.settle(5_000, undefined);
		expect(gate.enter({ kind: "otlp", bytes: 0 })).toMatchObject({ status: "refused", retryAfterS: 41 });
	});
	test("points are charged once they were taken", () => {
		const { gate } = gateOf([source("edge", "otlp", { pointsPerSecond: 10 })]);
		const passage = gate.enter({ kind: "otlp", bytes: 10 });
		if (passage.status === "open") passage.settle(10, accepted(200));
		expect(gate.enter({ kind: "otlp", bytes: 10 })).toMatchObject({ status: "refused", retryAfterS: 11 });
	});
	test("one source over its limit refuses nobody else", () => {
		const { gate, wait } = gateOf([source("edge", "otlp"), source("core", "otlp")], { requestsPerSecond: 1 });
		const enter = (header: string) => gate.enter({ kind: "otlp", bytes: 0, header }).status;
		for (let k = 0; k < 1_000; k++) enter("edge");
		expect([enter("edge"), enter("core")]).toEqual(["refused", "open"]);
		expect(gate.uses()).toEqual([
			{ source: "edge", refusedRequests: 991, isOver: true },
			{ source: "core", refusedRequests: 0, isOver: false },
		]);
		wait(61_000);
		expect(gate.uses()[0]?.isOver).toBe(false);
	});
	test("a source's own limit goes before that of the settings", () => {
		const { gate } = gateOf([source("edge", "otlp", { requestsPerSecond: 5 })], { requestsPerSecond: 1 });
		const open = Array.from({ length: 60 }, () => gate.enter({ kind: "otlp", bytes: 0 }).status);
		expect(open.filter((status) => status === "open").length).toBe(50);
	});
});
