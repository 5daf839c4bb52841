import { HOUR_MS, MINUTE_MS, SEVERITIES } from "@bellwether/model";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { CaseRecord, Incident } from "#incidents";
import { scopeOf } from "#platform";
import { breachOpened, exampleCatalogue, exampleEvidence, START } from "../../testing/catalogue.ts";
import { ALL, openRooms } from "../../testing/rooms.ts";
import { evidenceOf } from "./case-evidence.ts";
import { measuresOf, median, type ProgramKey, programReport, reportOn, wilsonInterval } from "./index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

function incident(overrides: Partial<Incident> = {}): Incident {
	return {
		id: "INC-1001",
		number: 1001,
		tenant: "woodgrove",
		slo: "policy-create",
		workload: "policy",
		kind: "tenant",
		parentId: undefined,
		severity: SEVERITIES["2.5"],
		groundSeverity: SEVERITIES["2.5"],
		derivedSeverity: SEVERITIES["2.5"],
		severityReasons: [],
		severityOverride: undefined,
		state: "resolved",
		title: "",
		monitor: "burn",
		detectedBy: "monitor",
		onsetAt: START - 4 * MINUTE_MS,
		detectedAt: START,
		pagedAt: START,
		acknowledgedAt: START + 3 * MINUTE_MS,
		acknowledgedBy: "ana",
		firstNoticeAt: START + MINUTE_MS,
		signalClearedAt: undefined,
		mitigatedAt: START + 20 * MINUTE_MS,
		resolvedAt: START + HOUR_MS,
		verdict: "real-impact",
		verdictReason: undefined,
		verdictBy: "ana",
		verdictAt: START + HOUR_MS,
		reviewedAt: undefined,
		reviewedBy: undefined,
		reopenedAt: undefined,
		firstResponse: undefined,
		mergedInto: undefined,
		duplicateOf: undefined,
		readers: undefined,
		evidence: exampleEvidence(),
		version: 4,
		...overrides,
	};
}

const open = {
	state: "detected",
	acknowledgedAt: undefined,
	mitigatedAt: undefined,
	resolvedAt: undefined,
	firstNoticeAt: undefined,
	verdict: undefined,
} as const;
const recorded = (ms: number) => ({ status: "recorded", ms });
const pending = { status: "pending", ms: null };
const unknown = { status: "unknown", ms: null };

describe("the durations of an incident", () => {
	test.each([
		{
			name: "all known",
			from: incident(),
			expected: {
				onset: recorded(4 * MINUTE_MS),
				ttd: recorded(4 * MINUTE_MS),
				tta: recorded(3 * MINUTE_MS),
				firstNotice: recorded(MINUTE_MS),
				ttm: recorded(24 * MINUTE_MS),
			},
		},
		{
			name: "just detected: what has not ended is pending",
			from: incident(open),
			expected: { ttd: recorded(4 * MINUTE_MS), tta: pending, firstNotice: pending, ttm: pending },
		},
		{
			name: "unknown onset: detection and mitigation cannot be told, and are not zero",
			from: incident({ onsetAt: undefined }),
			expected: { onset: unknown, ttd: unknown, ttm: unknown, tta: recorded(3 * MINUTE_MS) },
		},
		{
			name: "resolved without mitigation or notice: they will not come",
			from: incident({ mitigatedAt: undefined, firstNoticeAt: undefined }),
			expected: { ttm: unknown, firstNotice: unknown },
		},
		{
			name: "taken without a page, under a platform incident",
			from: incident({ ...open, parentId: "INC-1000", pagedAt: undefined }),
			expected: { tta: unknown },
		},
		{
			name: "an end before its start",
			from: incident({ mitigatedAt: START - HOUR_MS }),
			expected: { ttm: unknown },
		},
	])("$name", ({ from, expected }) => {
		expect(measuresOf(from)).toMatchObject(expected);
	});
});

describe("what customers' cases add", () => {
	const aCase = (overrides: Partial<CaseRecord> = {}): CaseRecord => ({
		seq: 1,
		feed: "cases",
		id: "C-1",
		tenant: "woodgrove",
		tenantNamed: "Woodgrove Bank",
		workload: "policy",
		kind: "support-case",
		severity: "A",
		title: "Policies do not apply",
		link: undefined,
		isEscalated: false,
		openedAt: START + 30 * HOUR_MS,
		closedAt: undefined,
		revisedAt: START,
		...overrides,
	});
	const NOW = START + 100 * HOUR_MS;
	const heard = new Map([["cases", START]]);
	const reportWith = (cases: readonly CaseRecord[], catalogue = exampleCatalogue(), incidents = [incident()]) => {
		const report = reportOn(incidents, catalogue, NOW, evidenceOf(cases, incidents, heard, NOW));
		return { ...report, of: (key: ProgramKey) => report.numbers.find((each) => each.key === key) };
	};

	test("a case without an incident is a missed detection: it lowers the share, and is listed", () => {
		const report = reportWith([aCase(), aCase({ id: "C-2", openedAt: START + MINUTE_MS })]);
		expect(report.of("auto-detected-share")).toMatchObject({ value: 0.5, valueText: "50% (1 of 2)", n: 2 });
		expect(report.missed.map((each) => each.id)).toEqual(["C-1"]);
	});

	test("ten cases about one outage are one miss", () => {
		const many = Array.from({ length: 10 }, (_, k) =>
			aCase({ id: `C-${k}`, seq: k, openedAt: START + 30 * HOUR_MS + k * MINUTE_MS }),
		);
		expect(reportWith(many).missed.map((each) => each.id)).toEqual(["C-0"]);
	});

	test("an incident that a customer reported before the monitor is not found by it", () => {
		const report = reportWith([aCase({ openedAt: START - MINUTE_MS })]);
		expect(report.of("auto-detected-share")).toMatchObject({ value: 0, n: 1 });
		expect(report.of("customer-reported-critical")).toMatchObject({ value: 1 });
		expect(report.missed).toEqual([]);
	});

	test("a case that may still be detected is pending, one that nobody can judge unknown", () => {
		const report = reportWith([aCase({ openedAt: NOW - MINUTE_MS }), aCase({ id: "C-2", workload: "" })]);
		expect(report.of("auto-detected-share")).toMatchObject({ value: 1, n: 1, pending: 1, unknown: 1 });
	});

	test("escalations are compared when it is known with how many tenants", () => {
		const cases = [
			aCase({ isEscalated: true }),
			aCase({ id: "C-2", tenant: "", isEscalated: true }),
			aCase({ id: "C-3", tenant: "", isEscalated: true }),
			aCase({ id: "C-4", tenant: "" }),
		];
		const alone = reportWith(cases).of("escalation-rate");
		expect(alone).toMatchObject({ value: null, valueText: "0.5 escalations per key tenant", n: 3 });
		expect(alone?.note).toContain("comparisonTenants");
		const { settings } = exampleCatalogue();
		const compared = exampleCatalogue({
			settings: { ...settings, baselines: { ...settings.baselines, comparisonTenants: 500 } },
		});
		expect(reportWith(cases, compared).of("escalation-rate")).toMatchObject({
			value: 125,
			valueText: "125 (0.5 ÷ 0.004)",
		});
		expect(reportWith([aCase({ isEscalated: true })], compared).of("escalation-rate")).toMatchObject({ value: null });
	});

	test("a feed of cases that was never heard lets nothing be claimed", async () => {
		const report = reportOn([incident()], exampleCatalogue(), NOW);
		expect(report.numbers.find((each) => each.key === "escalation-rate")).toMatchObject({
			value: null,
			valueText: "unknown",
		});
	});
});

describe("the programme report", () => {
	const numbers = (incidents: readonly Incident[], key: ProgramKey) => {
		const number = reportOn(incidents, exampleCatalogue(), START + 10 * HOUR_MS).numbers.find(
			(each) => each.key === key,
		);
		if (!number) throw new Error(`no number ${key}`);
		return number;
	};
	const many = [
		incident(),
		incident({ onsetAt: START - 8 * MINUTE_MS, verdict: "real-no-impact" }),
		incident({ onsetAt: undefined }),
		incident({ detectedBy: "customer", onsetAt: START - HOUR_MS }),
		incident({ verdict: "noise" }),
		incident({ verdict: "expected-change" }),
		incident({ verdict: "duplicate" }),
		incident({ kind: "platform", tenant: "" }),
		incident({ parentId: "INC-1" }),
		incident(open),
	];

	test("six numbers, in order, each with baseline and definition", () => {
		const report = reportOn(many, exampleCatalogue(), START + 10 * HOUR_MS);
		expect(report.numbers.map((number) => number.key)).toEqual([
			"auto-detected-share",
			"time-to-detect",
			"time-to-mitigate",
			"customer-reported-critical",
			"escalation-rate",
			"tenants-covered",
		]);
		for (const { definition, baselineText, note } of report.numbers) {
			expect([definition, baselineText, note].every((text) => text.length > 0)).toBe(true);
		}
		expect(report).toMatchObject({ at: START + 10 * HOUR_MS, from: START, unreviewed: 1 });
	});

	test("noise, expected changes, duplicates, platform incidents and their children do not count", () => {
		expect(numbers(many, "auto-detected-share")).toMatchObject({
			value: 0.75,
			valueText: "75% (3 of 4)",
			baseline: 0.08,
			baselineText: "8%",
			n: 4,
			pending: 1,
			note: "n = 4: no trend claimed; 95% interval 30.1% to 95.4% (Wilson); no source of cases is connected, so what nobody detected is not in it",
		});
	});

	test("an unknown onset is counted as unknown, never as zero", () => {
		expect(numbers(many, "time-to-detect")).toMatchObject({
			value: 8 * MINUTE_MS,
			valueText: "8 min",
			baselineText: "6.7 d manual, 2.5 h automatic",
			n: 3,
			pending: 1,
			unknown: 1,
		});
	});

	test("customer-reported critical ones are those of severity 2.5 or worse", () => {
		const mild = incident({ detectedBy: "customer", severity: SEVERITIES["3"] });
		expect(numbers([...many, mild], "customer-reported-critical")).toMatchObject({ value: 1, n: 5 });
	});

	test("nothing judged yet: no number at all", () => {
		for (const key of [
			"auto-detected-share",
			"time-to-detect",
			"time-to-mitigate",
			"customer-reported-critical",
		] as const) {
			expect(numbers([incident(open)], key)).toMatchObject({ value: null, n: 0, pending: 1 });
		}
	});

	test("the escalation rate is unknown while nothing tells of it", () => {
		expect(numbers(many, "escalation-rate")).toMatchObject({ value: null, valueText: "unknown", n: 0, unknown: 4 });
	});

	test("tenants are covered when a live monitor watches an SLO of a workload they use", () => {
		expect(numbers([], "tenants-covered")).toMatchObject({ value: 2, valueText: "2 of 2", n: 2 });
	});

	test("reads the store within the scope", async () => {
		const rooms = await openRooms();
		onTestFinished(() => rooms.remove());
		await rooms.open(breachOpened("woodgrove"));
		await rooms.open(breachOpened("city-power"));
		rooms.clock.advance(5 * MINUTE_MS);
		await rooms.mitigate("INC-1001");
		await rooms.resolve("INC-1001");
		const all = await programReport(rooms.db, ALL, exampleCatalogue(), rooms.clock.now());
		expect(all.numbers[2]).toMatchObject({ value: 7 * MINUTE_MS, n: 1, pending: 1 });
		const scope = scopeOf({ name: "c", role: "viewer", tenants: ["city-power"] });
		const own = await programReport(rooms.db, scope, exampleCatalogue(), rooms.clock.now());
		expect(own.numbers[2]).toMatchObject({ value: null, n: 0, pending: 1 });
		expect(own.numbers[5]).toMatchObject({ n: 1 });
	});
});

describe("statistics", () => {
	test.each([
		{ hits: 0, n: 10, low: 0, high: 0.2775 },
		{ hits: 5, n: 10, low: 0.2366, high: 0.7634 },
		{ hits: 10, n: 10, low: 0.7225, high: 1 },
		{ hits: 1, n: 1, low: 0.2065, high: 1 },
	])("Wilson's interval of $hits in $n", ({ hits, n, low, high }) => {
		const interval = wilsonInterval(hits, n);
		expect(interval?.low).toBeCloseTo(low, 4);
		expect(interval?.high).toBeCloseTo(high, 4);
	});

	test("nothing has neither interval nor median", () => {
		expect(wilsonInterval(0, 0)).toBeUndefined();
		expect(median([])).toBeUndefined();
	});

	test("the median of an even number is between the two in the middle", () => {
		expect(median([9, 1, 3, 5])).toBe(4);
		expect(median([9, 1, 3])).toBe(3);
	});
});
