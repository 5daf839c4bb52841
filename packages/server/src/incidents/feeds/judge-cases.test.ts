import { DAY_MS, HOUR_MS, MINUTE_MS, SEVERITIES } from "@bellwether/model";
import { describe, expect, test } from "vitest";
import { exampleEvidence, START } from "../../../testing/catalogue.ts";
import type { Incident } from "../types.ts";
import { judgeCases } from "./index.ts";

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
		onsetAt: START - 10 * MINUTE_MS,
		detectedAt: START,
		pagedAt: undefined,
		acknowledgedAt: undefined,
		acknowledgedBy: undefined,
		firstNoticeAt: undefined,
		signalClearedAt: undefined,
		mitigatedAt: START + HOUR_MS,
		resolvedAt: START + 2 * HOUR_MS,
		verdict: "real-impact",
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
		...overrides,
	};
}

const HEARD = new Map([["cases", START - 30 * DAY_MS]]);
const LATER = START + 2 * DAY_MS;

function judge(
	openedAt: number,
	incidents: readonly Incident[] = [incident()],
	more: { tenant?: string; workload?: string; now?: number; heardAt?: number } = {},
) {
	const { tenant = "woodgrove", workload = "policy", now = LATER, heardAt } = more;
	const heard = heardAt === undefined ? HEARD : new Map([["cases", heardAt]]);
	return judgeCases([{ feed: "cases", tenant, workload, openedAt }], incidents, heard, now)[0]?.verdict;
}

describe("a case", () => {
	test.each([
		["after the detection was detected", START + 1, "detected"],
		["at the detection was detected", START, "detected"],
		["between onset and detection came first", START - MINUTE_MS, "customer-first"],
		["an hour before the onset came first", START - 70 * MINUTE_MS, "customer-first"],
		["earlier is about something else", START - 70 * MINUTE_MS - 1, "missed"],
		["four hours after the mitigation is about it", START + 5 * HOUR_MS, "detected"],
		["later is about something else", START + 5 * HOUR_MS + 1, "missed"],
	])("%s", (_, openedAt, status) => {
		expect(judge(openedAt)?.status).toBe(status);
	});

	test("while an incident lasts is about it, however long", () => {
		const lasting = incident({ mitigatedAt: undefined, resolvedAt: undefined, state: "detected", verdict: undefined });
		expect(judge(START + DAY_MS, [lasting])).toEqual({ status: "detected", incidentId: "INC-1001" });
	});

	test.each([
		["another tenant's", { tenant: "city-power" }],
		["another workload's", { workload: "mail" }],
		["noise", { verdict: "noise" as const }],
	])("is missed when the incident is %s", (_, overrides) => {
		expect(judge(START + 1, [incident(overrides)])).toEqual({ status: "missed", incidentId: undefined });
	});

	test("is detected by the platform's incident of the same workload", () => {
		const platform = incident({ id: "INC-7", tenant: "", kind: "platform" });
		expect(judge(START + 1, [platform])).toEqual({ status: "detected", incidentId: "INC-7" });
	});

	test("may still be detected within an hour", () => {
		expect(judge(START, [], { now: START + HOUR_MS - 1 })?.status).toBe("pending");
		expect(judge(START, [], { now: START + HOUR_MS })?.status).toBe("missed");
	});

	test("is not judged without a key tenant or a workload, or from before the feed", () => {
		expect(judge(START, [], { tenant: "" })?.status).toBe("not-judged");
		expect(judge(START, [], { workload: "" })?.status).toBe("not-judged");
		expect(judge(START, [], { heardAt: START + DAY_MS + 1 })?.status).toBe("not-judged");
		expect(judge(START, [], { heardAt: START + DAY_MS })?.status).toBe("missed");
	});
});
