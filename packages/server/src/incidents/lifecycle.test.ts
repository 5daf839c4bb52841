import { SEVERITIES } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exampleEvidence, START } from "../../testing/catalogue.ts";
import { type IncidentEvent, transition } from "./index.ts";
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
const returned: IncidentEvent = { type: "signal-returned" };
const resolve = (verdict: string, reason = ""): IncidentEvent => ({ type: "resolve", by: "ana", verdict, reason });

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
	expect(after(mitigate, cleared, resolve("real-impact"), returned).state).toBe("resolved");
});

test("any order of events keeps the record in order", () => {
	const rank: Record<IncidentState, number> = {
		detected: 0,
		acknowledged: 1,
		investigating: 2,
		mitigated: 3,
		resolved: 4,
		reviewed: 5,
	};
	const events = fc.constantFrom(
		acknowledge,
		investigate,
		mitigate,
		cleared,
		returned,
		resolve("real-impact"),
		resolve("noise", "x"),
		resolve("noise"),
	);
	fc.assert(
		fc.property(fc.array(events, { maxLength: 20 }), (sequence) => {
			let incident = detected;
			for (const [k, event] of sequence.entries()) {
				const step = transition(incident, event, START + (k + 1) * 1000);
				if (step.status !== "changed") continue;
				const { next } = step;
				expect(next.version).toBeGreaterThanOrEqual(incident.version);
				if (rank[next.state] < rank[incident.state]) {
					expect([incident.state, next.state]).toEqual(["mitigated", "investigating"]);
				}
				expect(next.state === "detected").toBe(next.acknowledgedAt === undefined);
				expect(next.state === "resolved").toBe(next.resolvedAt !== undefined && next.verdict !== undefined);
				if (next.state === "mitigated") expect(next.mitigatedAt).toBeDefined();
				if (incident.acknowledgedAt !== undefined) expect(next.acknowledgedAt).toBe(incident.acknowledgedAt);
				incident = next;
			}
		}),
		{ numRuns: 300, seed: 7 },
	);
});
