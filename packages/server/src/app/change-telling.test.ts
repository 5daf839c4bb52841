import { describe, expect, test } from "vitest";
import { radarChange } from "./change-telling.ts";

const CHANGE = {
	seq: 1,
	feed: "deploys",
	id: "42",
	tenant: "",
	workload: "",
	kind: "deployment" as const,
	state: "ended" as const,
	title: "Build 7",
	ring: undefined,
	region: undefined,
	build: undefined,
	actor: undefined,
	link: undefined,
	startedAt: 1_000,
	endedAt: undefined,
	revisedAt: 2_000,
};

describe("a change of a side feed, for the radar", () => {
	test("of everything has an empty scope", () => {
		expect(radarChange(CHANGE as never)).toEqual({ id: "deploys/42", at: 1_000, kind: "deployment", scope: {} });
	});
	test("carries what it touched, and nothing else", () => {
		const change = { ...CHANGE, tenant: "contoso", workload: "identity", region: "eu", ring: "2", build: "7.1" };
		expect(radarChange(change as never)).toMatchObject({
			workload: "identity",
			scope: { tenant: "contoso", region: "eu", ring: "2", build: "7.1" },
		});
	});
});
