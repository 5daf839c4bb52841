import { HOUR_MS, SEVERITIES } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exampleEvidence, START } from "../../testing/catalogue.ts";
import { type IncidentEvent, isOver, transition } from "./index.ts";
import type { Incident, IncidentState } from "./types.ts";

const detected: Incident = {
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
	state: "detected",
	title: "Woodgrove Bank: policy creation fails",
	monitor: "burn",
	detectedBy: "monitor",
	onsetAt: START - 60_000,
	detectedAt: START,
	pagedAt: START,
	acknowledgedAt: undefined,
	acknowledgedBy: undefined,
	firstNoticeAt: undefined,
	signalClearedAt: undefined,
	mitigatedAt: undefined,
	resolvedAt: undefined,
	verdict: undefined,
	verdictReason: undefined,
	verdictBy: undefined,
	verdictAt: undefined,
	reviewedAt: undefined,
	reviewedBy: undefined,
	reopenedAt: undefined,
	firstResponse: undefined,
	mergedInto: undefined,
	duplicateOf: undefined,
	readers: undefined,
	evidence: exampleEvidence(),
	version: 1,
};

function after(...events: IncidentEvent[]): Incident {
	return events.reduce((incident, event, k) => {
		const step = transition(incident, event, START + (k + 1) * 1000);
		return step.status === "changed" ? step.next : incident;
	}, detected);
}

const acknowledge: IncidentEvent = { type: "acknowledge", by: "ana" };
const investigate: IncidentEvent = { type: "investigate", by: "ana" };
const mitigate: IncidentEvent = { type: "mitigate", by: "ana" };
const cleared: IncidentEvent = { type: "signal-cleared" };
const returned: IncidentEvent = { type: "signal-returned", coolDownMs: HOUR_MS };
const resolve = (verdict: string, reason = ""): IncidentEvent => ({ type: "resolve", by: "ana", verdict, reason });
const review: IncidentEvent = { type: "review", by: "leo", finding: "" };
const reopen: IncidentEvent = { type: "reopen", by: "ana", reason: "it fails again", coolDownMs: HOUR_MS };
const merge: IncidentEvent = { type: "merge", by: "ana", into: "INC-1000" };

describe("who steps ahead has thereby acknowledged", () => {
	test.each([
		{ name: "investigating", event: investigate, facts: ["incident.acknowledged", "incident.investigating"] },
		{ name: "mitigating", event: mitigate, facts: ["incident.acknowledged", "incident.mitigated"] },
		{ name: "resolving", event: resolve("noise", "a test"), facts: ["incident.acknowledged", "incident.resolved"] },
	])("$name an incident nobody took", ({ event, facts }) => {
		const step = transition(detected, event, START + 5);
		expect(step).toMatchObject({ status: "changed", next: { acknowledgedBy: "ana", acknowledgedAt: START + 5 } });
		expect(step.status === "changed" && step.facts.map((fact) => fact.type)).toEqual(facts);
	});
});

describe("refused, with the reason", () => {
	test.each([
		{
			name: "a real one that still burns",
			from: after(acknowledge),
			event: resolve("real-impact"),
			reason: "signal-open",
		},
		{
			name: "noise without a reason",
			from: after(acknowledge),
			event: resolve("noise", "  "),
			reason: "reason-missing",
		},
		{
			name: "an expected change without a reason",
			from: after(acknowledge),
			event: resolve("expected-change"),
			reason: "reason-missing",
		},
		{ name: "an unknown verdict", from: after(acknowledge), event: resolve("fine", "x"), reason: "verdict-unknown" },
		{
			name: "mitigating a resolved one",
			from: after(resolve("noise", "x")),
			event: mitigate,
			reason: "already-resolved",
		},
		{
			name: "resolving a resolved one",
			from: after(resolve("noise", "x")),
			event: resolve("duplicate"),
			reason: "already-resolved",
		},
		{ name: "reviewing without a verdict", from: after(mitigate), event: review, reason: "not-resolved" },
		{ name: "reopening a reviewed one", from: after(resolve("noise", "x"), review), event: reopen, reason: "reviewed" },
		{ name: "reopening a merged one", from: after(merge), event: reopen, reason: "merged" },
		{
			name: "merging a merged one elsewhere",
			from: after(merge),
			event: { ...merge, into: "INC-999" } as IncidentEvent,
			reason: "merged",
		},
		{ name: "merging a reviewed one", from: after(resolve("noise", "x"), review), event: merge, reason: "reviewed" },
	])("$name", ({ from, event, reason }) => {
		expect(transition(from, event, START + 9000)).toMatchObject({ status: "refused", reason });
	});
});

test("a real incident resolves once it is mitigated, or once its signal cleared, which is then the mitigation", () => {
	expect(after(mitigate, resolve("real-impact"))).toMatchObject({ state: "resolved", mitigatedAt: START + 1000 });
	expect(after(acknowledge, cleared, resolve("real-impact"))).toMatchObject({
		state: "resolved",
		mitigatedAt: START + 2000,
	});
	expect(after(acknowledge, cleared, resolve("noise", "x")).mitigatedAt).toBeUndefined();
});

test("clearing never resolves; returning undoes a mitigation and nothing else", () => {
	expect(after(cleared).state).toBe("detected");
	expect(after(acknowledge, cleared, returned)).toMatchObject({ state: "acknowledged", signalClearedAt: undefined });
	expect(after(mitigate, cleared, returned)).toMatchObject({ state: "investigating", mitigatedAt: undefined });
});

describe("taken up again", () => {
	const resolved = after(acknowledge, cleared, resolve("real-impact"));
	const resolvedAt = resolved.resolvedAt ?? 0;
	test("a returning signal within the cool-down makes it page anew; the first response stays known", () => {
		const step = transition({ ...resolved, pagedAt: START }, returned, resolvedAt + HOUR_MS);
		expect(step).toMatchObject({
			status: "changed",
			next: {
				state: "detected",
				pagedAt: undefined,
				acknowledgedBy: undefined,
				verdict: undefined,
				resolvedAt: undefined,
				firstResponse: { pagedAt: START, acknowledgedAt: START + 1000 },
			},
			facts: [{ type: "incident.reopened", data: { by: "signal", before: "real-impact" } }],
		});
	});
	test("a person within the cool-down works on it at once, and nobody is paged", () => {
		expect(transition(resolved, reopen, resolvedAt + HOUR_MS)).toMatchObject({
			status: "changed",
			next: { state: "investigating", acknowledgedBy: "ana", verdict: undefined },
		});
	});
	test("later neither does: one rule for both", () => {
		expect(transition(resolved, returned, resolvedAt + HOUR_MS + 1).status).toBe("unchanged");
		expect(transition(resolved, reopen, resolvedAt + HOUR_MS + 1)).toMatchObject({ reason: "cool-down-over" });
	});
	test("a reviewed, a merged and a duplicate one stay closed whatever their signal does", () => {
		expect(transition(after(resolve("noise", "x"), review), returned, START + 9000).status).toBe("unchanged");
		expect(transition(after(merge), returned, START + 9000).status).toBe("unchanged");
		const duplicate = { ...after(resolve("duplicate")), duplicateOf: "INC-1000" };
		expect(transition(duplicate, returned, START + 9000).status).toBe("unchanged");
	});
});

test("merging ends it as a duplicate, also when it was resolved otherwise before", () => {
	expect(after(merge)).toMatchObject({ state: "resolved", verdict: "duplicate", mergedInto: "INC-1000" });
	expect(after(resolve("noise", "x"), merge)).toMatchObject({ state: "resolved", verdict: "duplicate" });
});

/** From each state, the states that one event may lead to. */
const LEGAL: Record<IncidentState, readonly IncidentState[]> = {
	detected: ["detected", "acknowledged", "investigating", "mitigated", "resolved"],
	acknowledged: ["acknowledged", "investigating", "mitigated", "resolved"],
	investigating: ["investigating", "mitigated", "resolved"],
	mitigated: ["mitigated", "investigating", "resolved"],
	resolved: ["resolved", "reviewed", "detected", "investigating"],
	reviewed: ["reviewed"],
};
/** What makes response page; nothing else does. */
const PAGING = ["incident.reopened", "incident.signal_returned"];

const anyEvent = fc.constantFrom(
	acknowledge,
	investigate,
	mitigate,
	cleared,
	returned,
	review,
	reopen,
	merge,
	resolve("real-impact"),
	resolve("noise", "x"),
	resolve("noise"),
);
const anySequence = fc.array(fc.tuple(anyEvent, fc.integer({ min: 0, max: 2 * HOUR_MS })), { maxLength: 25 });

test("any order of events at any times leaves a legal record", () => {
	fc.assert(
		fc.property(anySequence, (sequence) => {
			let incident = detected;
			let now = START;
			for (const [event, waitMs] of sequence) {
				now += waitMs;
				const step = transition(incident, event, now);
				if (step.status !== "changed") continue;
				const { next } = step;
				expect(LEGAL[incident.state]).toContain(next.state);
				expect(next.version).toBeGreaterThanOrEqual(incident.version);
				const isClosed = next.state === "resolved" || next.state === "reviewed";
				expect(isClosed).toBe(next.resolvedAt !== undefined && next.verdict !== undefined);
				expect(next.state === "reviewed").toBe(next.reviewedAt !== undefined);
				expect(next.mergedInto === undefined || next.state === "resolved" || next.state === "reviewed").toBe(true);
				if (!isClosed) expect(next.state === "detected").toBe(next.acknowledgedAt === undefined);
				if (next.state === "mitigated") expect(next.mitigatedAt).toBeDefined();
				incident = next;
			}
		}),
		{ numRuns: 2_000, seed: 7 },
	);
});

test("what is over never pages, and only a return within the cool-down pages for what is resolved", () => {
	fc.assert(
		fc.property(anySequence, (sequence) => {
			let incident = detected;
			let now = START;
			for (const [event, waitMs] of sequence) {
				now += waitMs;
				const step = transition(incident, event, now);
				if (step.status !== "changed") continue;
				const pages = step.facts.filter(({ type }) => PAGING.includes(type));
				if (isOver(incident)) expect(pages).toEqual([]);
				if (incident.state === "resolved" && pages.length > 0)
					expect(now - (incident.resolvedAt ?? 0)).toBeLessThanOrEqual(HOUR_MS);
				incident = step.next;
			}
		}),
		{ numRuns: 2_000, seed: 8 },
	);
});

test("the same event twice changes nothing the second time", () => {
	fc.assert(
		fc.property(anySequence, anyEvent, (sequence, event) => {
			const now = START + 100 * HOUR_MS;
			const incident = after(...sequence.map(([each]) => each));
			const once = transition(incident, event, now);
			if (once.status !== "changed") return;
			const twice = transition(once.next, event, now);
			expect(twice.status).not.toBe("changed");
		}),
		{ numRuns: 2_000, seed: 9 },
	);
});
