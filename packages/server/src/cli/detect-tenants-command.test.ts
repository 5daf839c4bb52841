import { describe, expect, it } from "vitest";
import { runDetectTenants } from "./detect-tenants-command.ts";

const START = 1_741_000_020;
const META = {
	k: "meta",
	latency_bounds_ms: [100],
	tenants: [{ id: "t1", key: true, tz_hours: 1 }],
	workloads: { mail: { dims: ["region"], slis: ["success", "latency", "volume"] } },
};
const minute = (cells: unknown, more: object = {}) => ({
	k: "m",
	t: START,
	id: "b1",
	tenant: "t1",
	workload: "mail",
	cells,
	...more,
});
const tick = (at: unknown) => ({ k: "tick", at });

async function detect(text: string) {
	const answer = { out: "", err: "", exitCode: -1 };
	answer.exitCode = await runDetectTenants({
		input: (async function* () {
			yield text;
		})(),
		out: (said) => {
			answer.out += said;
		},
		err: (said) => {
			answer.err += said;
		},
	});
	return answer;
}
const stream = (...records: unknown[]) => records.map((each) => `${JSON.stringify(each)}\n`).join("");

describe("bellwether detect tenants", () => {
	it("reads every kind of record, with or without buckets, and Windows line ends and blank lines", async () => {
		const text = stream(
			META,
			minute([["eu", 10, 1, 8, 2]]),
			minute([["eu", 10, 0]], { id: "b2", t: START + 60 }),
			{ k: "change", at: START + 70, id: "c1", kind: "deploy", workload: "mail", scope: { region: "eu" } },
			{ k: "maintenance", at: START + 71, tenant: "t1", from: START + 3600, to: START + 7200 },
			tick(START + 85),
		).replaceAll("\n", "\r\n\r\n");
		expect(await detect(text)).toEqual({ out: "", err: "", exitCode: 0 });
	});

	it("passes over kinds that it does not know, and says how many", async () => {
		const { err, exitCode } = await detect(stream(META, { k: "note" }, { k: "note" }));
		expect({ err, exitCode }).toEqual({
			err: 'bellwether detect tenants: 2 records of the unknown kind "note" were passed over.\n',
			exitCode: 0,
		});
	});

	it("passes over tenants that the meta record does not name, and says which", async () => {
		const strangers = ["t2", "t3", "t4", "t5", "t2"].map((tenant, k) =>
			minute([["eu", 10, 1]], { id: `s${k}`, tenant, t: START + 60 * k }),
		);
		const { err, exitCode } = await detect(stream(META, minute([["eu", 10, 1]]), ...strangers));
		expect({ err, exitCode }).toEqual({
			err: 'bellwether detect tenants: 5 minutes of tenants that the meta record does not name were passed over: "t2", "t3", "t4" and 1 more. Add them to its tenants.\n',
			exitCode: 0,
		});
	});

	it.each([
		["no object", [META, 5], /line 2: "5" is no JSON object/],
		["no kind", [META, {}], /line 2: k is missing; write "meta", "m"/],
		["what comes before the meta record", [tick(START)], /line 1: the first line must be the "meta" record/],
		["a second meta record", [META, META], /line 2: a second meta record/],
		["a meta record without tenants", [{ ...META, tenants: undefined }], /line 1: tenants is missing; write an array/],
		["a workload without dims", [{ ...META, workloads: { mail: { slis: [] } } }], /workloads\.mail\.dims is missing/],
		[
			"a workload of no meta record",
			[META, minute([], { workload: "dns" })],
			/workload "dns" is not in the meta record/,
		],
		["a minute without cells", [META, minute(undefined)], /line 2: cells is missing; write an array of arrays/],
		["a cell that is no array", [META, minute([5])], /a cell is "5"; write an array/],
		[
			"a cell of another shape",
			[META, minute([["eu", 10]])],
			/a cell has 2 fields.*write 1 attribute values, total, bad/,
		],
		[
			"more bad events than events",
			[META, minute([["eu", 10, 11]])],
			/11 of 10 events are bad.*; write no more bad events than events/,
		],
		["a count below zero", [META, minute([["eu", -1, 0]])], /a count is "-1" in the cell/],
		["a time that is none", [META, tick("soon")], /line 2: at is "soon"; write a number/],
		["times that go back", [META, tick(START + 60), tick(START)], /line 3: at is .*in order of arrival/],
		["a clock that jumps", [META, minute([]), tick(START + 40 * 86_400)], /line 3: at is .*more than 31 days from/],
		["a minute far ahead", [META, tick(START), minute([], { t: 2e10 })], /line 3: t is .*more than 31 days from/],
		[
			"maintenance that ends before it begins",
			[META, { k: "maintenance", tenant: "t1", from: START, to: START - 1 }],
			/line 2: to is ".*"; write an instant later than from/,
		],
	])("refuses %s, with the line and what to write", async (_, records, message) => {
		const { err, exitCode } = await detect(stream(...records));
		expect(err).toMatch(message);
		expect(exitCode).toBe(1);
	});

	it("refuses a line without an end", async () => {
		const { err, exitCode } = await detect("a".repeat(17 * 1024 * 1024));
		expect(err).toMatch(/more than 16777216 characters/);
		expect(exitCode).toBe(1);
	});
});
