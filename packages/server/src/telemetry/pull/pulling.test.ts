import { describe, expect, test } from "vitest";
import type { PullQuery } from "#catalogue";
import { catalogue, keyTenant, NOW, type Rig, rig } from "../telemetry-fixture.ts";
import type { PulledAnswer, PullOutcome } from "./pulling.ts";
import { CountRows } from "./rows.ts";
import { SeriesBytes } from "./samples.ts";

const MINUTE = 60_000;
const at = (minutes: number) => NOW + minutes * MINUTE;
const OVERLAP = 10 * MINUTE;

const QUERY: PullQuery = {
	slo: "requests",
	columns: { tenant: "tenant.id", time: "time", good: "good", total: "total" },
	tenantAttribute: "tenant.id",
};

type Row = Record<string, unknown>;
const row = (tenant: string, minutes: number, good: number, total: number): Row => ({
	"tenant.id": `${tenant}-id`,
	time: new Date(at(minutes)),
	good,
	total,
});

function answer(
	from: number,
	to: number,
	rows: readonly Row[],
	more: Partial<PulledAnswer> & { query?: PullQuery } = {},
) {
	const { query = QUERY, ...parts } = more;
	const bytes = new CountRows(query, MINUTE, at(to) - MINUTE);
	for (const each of rows) bytes.add(each);
	const { slo, tenantAttribute } = query;
	const base = { source: "engine", slo, form: "counts", stepMs: MINUTE, overlapMs: OVERLAP, tenantAttribute } as const;
	return { ...base, from: at(from), to: at(to), body: bytes.take(), ...parts };
}

function pull(into: Rig, from: number, to: number, rows: readonly Row[], more = {}) {
	const outcome = into.telemetry.takePulled(answer(from, to, rows, more));
	expect(outcome.status).toBe("accepted");
	return outcome as PullOutcome & { status: "accepted" };
}

function minutes(of: Rig, tenant: string, slo = "requests") {
	const query = { tenant, slo, from: at(-60), to: at(10), resolutionMs: MINUTE };
	const windows = of.telemetry.windows(query) ?? [];
	return windows.map((window) => [(window.at - NOW) / MINUTE, window.good, window.total, window.revision]);
}

describe("ready counts", () => {
	test("rows count at their step for their tenant; all others together for the fleet alone", () => {
		const real = rig();
		const outcome = pull(real, -5, -3, [
			row("contoso", -5, 90, 100),
			row("unknown", -5, 10, 10),
			row("stranger", -5, 5, 10),
			row("fabrikam", -4, 7, 7),
		]);
		expect(outcome).toMatchObject({ rows: 4, rejected: 0, revised: 0, vanished: 0, message: "" });
		expect(outcome.state).toMatchObject({ pulledUntil: at(-3) });
		expect(minutes(real, "contoso")).toEqual([[-5, 90, 100, 0]]);
		expect(minutes(real, "fabrikam")).toEqual([[-4, 7, 7, 0]]);
		expect(minutes(real, "")).toEqual([
			[-5, 105, 120, 0],
			[-4, 7, 7, 0],
		]);
		expect(real.sink().sum("", "requests")).toBe("15 of 127");
		expect(real.accounts("contoso", "pull")).toEqual({ received: 1, counted: 1 });
		expect(real.accounts("", "pull")).toEqual({ received: 2, counted: 2 });
	});

	test("the same range again counts nothing; a value that changed at the source replaces the one before", () => {
		const real = rig();
		pull(real, -5, -3, [row("contoso", -5, 90, 100), row("contoso", -4, 10, 10)]);
		expect(pull(real, -5, -3, [row("contoso", -5, 90, 100), row("contoso", -4, 10, 10)]).revised).toBe(0);
		expect(pull(real, -5, -2, [row("contoso", -5, 95, 110), row("contoso", -4, 4, 6)]).revised).toBe(2);
		expect(minutes(real, "contoso")).toEqual([
			[-5, 95, 110, 1],
			[-4, 4, 6, 1],
		]);
		expect(minutes(real, "")).toEqual(minutes(real, "contoso"));
		expect(real.sink().sum("contoso", "requests")).toBe("17 of 116");
		expect(real.accounts("contoso", "pull")).toEqual({ received: 6, counted: 4, duplicate: 2 });
	});

	test("a row that is missing from a later answer is no zero: its count stays, and it is said", () => {
		const real = rig();
		pull(real, -5, -3, [row("contoso", -5, 90, 100), row("fabrikam", -5, 1, 1), row("contoso", -4, 2, 2)]);
		const outcome = pull(real, -5, -3, [row("fabrikam", -5, 1, 1)]);
		expect(outcome.vanished).toBe(2);
		expect(outcome.message).toContain(
			"2 counts that the source gave before are missing now and stay (first: contoso at ",
		);
		expect(minutes(real, "contoso")).toEqual([
			[-5, 90, 100, 0],
			[-4, 2, 2, 0],
		]);
	});

	test("rows of no use are accounted by reason, and the others of the answer count", () => {
		const real = rig();
		const outcome = pull(real, -5, -3, [
			row("contoso", -5, 11, 10),
			row("contoso", -5, 5, Number.NaN),
			row("contoso", -9, 1, 1),
			row("contoso", -3, 1, 1),
			{ ...row("contoso", -5, 1, 1), time: "yesterday" },
			{ ...row("contoso", -4, 1, 1), good: null },
			row("contoso", -4, 3, 4),
		]);
		expect(outcome.message).toBe("rows of no use: 3 invalid_value, 1 too_old, 1 future, 1 invalid_time");
		expect(minutes(real, "contoso")).toEqual([[-4, 3, 4, 0]]);
		expect(real.accounts("contoso", "pull")).toMatchObject({ received: 6, counted: 1, invalid_value: 3 });
	});

	test("a tenant that becomes a key tenant takes its share out of the others; the fleet stays", () => {
		const one = rig({ catalogue: catalogue({ tenants: [keyTenant("contoso")] }) });
		const rows = [row("contoso", -5, 90, 100), row("fabrikam", -5, 30, 40), row("stranger", -5, 1, 2)];
		pull(one, -5, -4, rows);
		const fleet = minutes(one, "").map(([minute, good, total]) => [minute, good, total]);
		const more = catalogue({ tenants: [keyTenant("contoso"), keyTenant("fabrikam")], hash: "two" });
		one.telemetry.configure(more);
		pull(one, -5, -3, rows);
		expect(minutes(one, "fabrikam").map(([minute, good, total]) => [minute, good, total])).toEqual([[-5, 30, 40]]);
		expect(minutes(one, "").map(([minute, good, total]) => [minute, good, total])).toEqual(fleet);
		one.telemetry.configure(catalogue({ tenants: [keyTenant("fabrikam")], hash: "three" }));
		pull(one, -5, -2, rows);
		expect(minutes(one, "").map(([minute, good, total]) => [minute, good, total])).toEqual(fleet);
	});

	test("counts of another step are not laid over those that are there", () => {
		const real = rig();
		pull(real, -5, -3, [row("contoso", -5, 1, 1), row("contoso", -4, 1, 1)]);
		const outcome = pull(real, -4, 0, [row("contoso", -4, 2, 2), row("contoso", -2, 3, 3)], { stepMs: 2 * MINUTE });
		expect(outcome.rejected).toBe(1);
		expect(minutes(real, "contoso").map(([minute, , total]) => [minute, total])).toEqual([
			[-5, 1],
			[-4, 1],
			[-2, 3],
		]);
	});

	test("values are judged by the threshold, one event each; each row may be one event", () => {
		const real = rig();
		const columns = { tenant: "tenant.id", time: "time", value: "length" };
		const depth = (length: unknown) => ({ "tenant.id": "contoso-id", time: at(-5), length });
		const queue = { ...QUERY, slo: "queue", columns };
		pull(real, -5, -3, [depth(100), { ...depth(101), time: at(-4) }], { query: queue });
		expect(minutes(real, "contoso", "queue").map(([minute, good, total]) => [minute, good, total])).toEqual([
			[-5, 1, 1],
			[-4, 0, 1],
		]);
		const events = {
			...QUERY,
			columns: { tenant: "home.id", time: "createdDateTime" },
			goodWhen: { "status.errorCode": ["0"] },
		};
		const event = (errorCode: number) => ({
			home: { id: "fabrikam-id" },
			createdDateTime: new Date(at(-5) + 7_000).toISOString(),
			status: { errorCode },
		});
		pull(real, -5, -3, [event(0), event(50_053), event(0)], { query: events });
		expect(minutes(real, "fabrikam")).toEqual([[-5, 2, 3, 0]]);
	});

	test("whatever the engine answers, in whatever order ranges overlap, windows are its last word on each bucket", () => {
		let random = 11;
		const next = (most: number) => {
			random = (random * 48_271) % 2_147_483_647;
			return random % most;
		};
		const real = rig();
		const said = new Map<string, Map<number, [good: number, total: number]>>();
		for (let until = -40; until < -1; until += 1 + next(3)) {
			const rows: Row[] = [];
			const others = new Map<number, [number, number]>();
			for (let minute = until - 8; minute < until; minute++)
				for (const tenant of ["contoso", "fabrikam", "stranger", "unknown"]) {
					if (next(10) === 0) continue;
					const total = next(20);
					const good = next(total + 1);
					rows.push(row(tenant, minute, good, total));
					const name = tenant === "contoso" || tenant === "fabrikam" ? tenant : "";
					if (name === "") {
						const [g, t] = others.get(minute) ?? [0, 0];
						others.set(minute, [g + good, t + total]);
					} else said.set(name, (said.get(name) ?? new Map()).set(minute, [good, total]));
				}
			for (const [minute, counts] of others) said.set("", (said.get("") ?? new Map()).set(minute, counts));
			pull(real, until - 8, until, rows);
			if (next(4) === 0) real.telemetry.fold();
			if (next(4) === 0) real.telemetry.rebuild();
		}
		for (const tenant of ["contoso", "fabrikam"]) {
			const expected = [...(said.get(tenant) ?? [])].filter(([, [, total]]) => total > 0).sort(([a], [b]) => a - b);
			expect(minutes(real, tenant).map(([minute, good, total]) => [minute, [good, total]])).toEqual(expected);
		}
		let [good, total] = [0, 0];
		for (const buckets of said.values()) for (const [g, t] of buckets.values()) [good, total] = [good + g, total + t];
		expect(real.sink().sum("", "requests")).toBe(`${total - good} of ${total}`);
	});
});

describe("a store that fails", () => {
	const rows = [row("contoso", -5, 90, 100)];

	test.each(["before", "after"] as const)("%s the commit: asked again, everything counts once", (failure) => {
		const real = rig();
		pull(real, -6, -5, []);
		real.store.failNext = failure;
		expect(() => real.telemetry.takePulled(answer(-5, -4, rows))).toThrow("the telemetry store failed");
		real.telemetry.rebuild();
		expect(real.telemetry.pullState("engine", "requests")?.pulledUntil).toBe(failure === "before" ? at(-5) : at(-4));
		pull(real, -5, -4, rows);
		expect(minutes(real, "contoso")).toEqual([[-5, 90, 100, 0]]);
		expect(real.sink().sum("contoso", "requests")).toBe("10 of 100");
	});

	test("a process that is killed finds its watermark and what it may replace", () => {
		const first = rig();
		pull(first, -5, -4, rows);
		const second = rig({ store: first.store.copy() });
		expect(second.telemetry.pullState("engine", "requests")).toEqual(first.telemetry.pullState("engine", "requests"));
		expect(pull(second, -5, -3, [row("contoso", -5, 91, 100)]).revised).toBe(1);
		expect(minutes(second, "contoso")).toEqual([[-5, 91, 100, 1]]);
	});
});

describe("raw samples", () => {
	const counter = (values: readonly [minutes: number, value: number][], name = "request.count") => {
		const bytes = new SeriesBytes();
		const samples = values.map(([minute, value]) => [at(minute), value] as const);
		bytes.add({ labels: { __name__: name, "tenant.id": "contoso-id" }, samples }, false);
		return bytes.take();
	};
	const take = (into: Rig, from: number, to: number, body: Uint8Array) =>
		into.telemetry.takePulled(answer(from, to, [], { form: "samples", body }));

	test("increments count at their sample, a reset counts whole, and samples of the overlap are duplicates", () => {
		const real = rig();
		take(
			real,
			-10,
			-6,
			counter([
				[-10, 100],
				[-8, 130],
				[-7, 5],
			]),
		);
		const outcome = take(
			real,
			-9,
			-4,
			counter([
				[-8, 130],
				[-7, 5],
				[-5, 9],
			]),
		);
		expect(outcome).toMatchObject({ status: "accepted", rows: 3, rejected: 0, state: { pulledUntil: at(-4) } });
		expect(minutes(real, "contoso").map(([minute, , total]) => [minute, total])).toEqual([
			[-8, 30],
			[-7, 5],
			[-5, 4],
		]);
		expect(real.accounts("contoso", "pull")).toEqual({ received: 6, counted: 4, duplicate: 2 });
	});

	test("a watermark that was lost after its samples is made up for without counting twice", () => {
		const real = rig();
		take(
			real,
			-10,
			-8,
			counter([
				[-10, 100],
				[-9, 110],
			]),
		);
		const body = counter([
			[-9, 110],
			[-7, 150],
		]);
		// The samples' own commit succeeds, that of the watermark fails.
		const { commit } = real.store;
		real.store.commit = (...row) => {
			commit.apply(real.store, row);
			real.store.failNext = "before";
		};
		expect(() => take(real, -9, -6, body)).toThrow("the telemetry store failed");
		real.store.commit = commit;
		real.telemetry.rebuild();
		expect(real.telemetry.pullState("engine", "requests")?.pulledUntil).toBe(at(-8));
		take(real, -9, -6, body);
		expect(minutes(real, "contoso").map(([minute, , total]) => [minute, total])).toEqual([
			[-9, 10],
			[-7, 40],
		]);
	});
});

test("an answer whose columns have other names is refused with those that it has", () => {
	expect(() => answer(-5, -4, [{ customer: "a", ts: 1, good: 1, total: 1 }])).toThrow(
		'the answer has no column "tenant.id"; it has customer, ts, good, total',
	);
});
