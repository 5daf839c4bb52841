import { describe, expect, test } from "vitest";
import { judgeAudit } from "./audit.ts";
import type { AuditFacts, PageAttempt, UnacknowledgedIncident } from "./audit-types.ts";

const NOW = 1_800_000_000_000;
const SECOND = 1_000;
const TELEMETRY = {
	state: "ready",
	failure: undefined,
	evaluations: 20,
	lastSampleAt: NOW - SECOND,
	rejected: 0,
	malformed: 0,
};
const WELL: AuditFacts = {
	now: NOW,
	storeFault: undefined,
	unacknowledged: [],
	overdueTimers: { count: 0, oldestDueAt: undefined },
	waiting: [],
	unfinished: { count: 0, startedAt: undefined },
	attempts: [],
	telemetry: TELEMETRY,
	telemetryBefore: { ...TELEMETRY, evaluations: 10 },
	allRejected: undefined,
	configuration: { isReloadOk: true, firstError: "" },
	unresolved: [],
	clockStep: undefined,
	diskFreeBytes: 1e12,
};
const codes = (change: Partial<AuditFacts>) =>
	judgeAudit({ ...WELL, ...change }).map(({ code, level }) => `${level} ${code}`);

const INCIDENT: UnacknowledgedIncident = {
	id: "INC-1001",
	detectedAt: NOW - 60 * SECOND,
	chain: "running",
	nextSteps: [NOW + 60 * SECOND],
	isQuiet: false,
	otherTimers: 1,
};

describe("each incident that nobody has taken has exactly one next step", () => {
	test.each<[string, Partial<UnacknowledgedIncident>, string[]]>([
		["it waits", {}, []],
		["it is 5 s overdue, which may be", { nextSteps: [NOW - 5 * SECOND] }, []],
		["it is later than that", { nextSteps: [NOW - 6 * SECOND] }, ["alarm step-overdue"]],
		["there are two", { nextSteps: [NOW, NOW + 1] }, ["alarm several-next-steps"]],
		["there is none, although its chain runs", { nextSteps: [] }, ["alarm no-next-step"]],
		[
			"no chain was begun, and nothing holds it back",
			{ chain: undefined, nextSteps: [], otherTimers: 0 },
			["alarm no-next-step"],
		],
		["a mute or a group holds it back until a timer", { chain: undefined, nextSteps: [] }, []],
		["its route pages nobody", { chain: undefined, nextSteps: [], otherTimers: 0, isQuiet: true }, []],
		["a chain that runs is not excused by its route", { nextSteps: [], isQuiet: true }, ["alarm no-next-step"]],
		["it opened this moment", { chain: undefined, nextSteps: [], otherTimers: 0, detectedAt: NOW - SECOND }, []],
		["its chain is exhausted, and says so", { chain: "exhausted", nextSteps: [] }, ["notice chain-exhausted"]],
	])("%s", (_, change, expected) => {
		expect(codes({ unacknowledged: [{ ...INCIDENT, ...change }] })).toEqual(expected);
	});
});

describe("what carries pages works", () => {
	test.each<[string, Partial<AuditFacts>, string[]]>([
		["nothing is wrong", {}, []],
		["incidents cannot be stored", { storeFault: "database is locked" }, ["alarm control-store"]],
		["timers are late", { overdueTimers: { count: 2, oldestDueAt: NOW - 9 * SECOND } }, ["alarm timers-late"]],
		["a page waits a moment for its turn", { waiting: [{ kind: "page", count: 1, dueAt: NOW - 10 * SECOND }] }, []],
		["pages are not sent", { waiting: [{ kind: "page", count: 3, dueAt: NOW - 25 * SECOND }] }, ["alarm outbox-stuck"]],
		[
			"notices wait long",
			{ waiting: [{ kind: "notice", count: 3, dueAt: NOW - 400 * SECOND }] },
			["notice outbox-stuck"],
		],
		["an attempt has no outcome", { unfinished: { count: 1, startedAt: NOW - 40 * SECOND } }, ["alarm outbox-stuck"]],
		["the thread does not answer", { telemetry: undefined }, ["alarm telemetry"]],
		["it rebuilds its memory", { telemetry: { ...TELEMETRY, state: "rebuilding" } }, ["alarm telemetry"]],
		["nothing is judged", { telemetryBefore: TELEMETRY }, ["alarm evaluator-stalled"]],
		["the thread began anew", { telemetryBefore: { ...TELEMETRY, evaluations: 9_000 } }, []],
		["all is rejected", { allRejected: { forMs: 30_000, points: 7, requests: 0 } }, ["alarm telemetry-rejected"]],
		["the catalogue is refused", { configuration: { isReloadOk: false, firstError: "x" } }, ["alarm configuration"]],
		["names are not found", { unresolved: ["hooks.example"] }, ["alarm names"]],
		["the clock jumped just now", { clockStep: { stepMs: -7_200_000, at: NOW - SECOND } }, ["alarm clock-step"]],
		["it jumped long ago", { clockStep: { stepMs: -7_200_000, at: NOW - 300 * SECOND } }, []],
		["the disk is nearly full", { diskFreeBytes: 1_000 }, ["alarm disk"]],
		["how full it is cannot be told", { diskFreeBytes: undefined }, []],
	])("%s", (_, change, expected) => {
		expect(codes(change)).toEqual(expected);
	});

	test("alarms come before notices", () => {
		const exhausted = { ...INCIDENT, chain: "exhausted", nextSteps: [] };
		expect(codes({ unacknowledged: [exhausted], unresolved: ["a.example"] })).toEqual([
			"alarm names",
			"notice chain-exhausted",
		]);
	});
});

describe("a channel rejects pages", () => {
	const attempt = (outcome: PageAttempt["outcome"], more: Partial<PageAttempt> = {}): PageAttempt => ({
		...{ channel: "pager", outcome, isGivenUp: false, at: NOW },
		...more,
	});
	test.each<[string, PageAttempt[], string[]]>([
		["a single slip is none", [attempt("failed"), attempt("sent")], []],
		["two in a row are", [attempt("failed"), attempt("failed"), attempt("sent")], ["alarm channel-rejecting"]],
		["one that is for good is", [attempt("failed", { isGivenUp: true }), attempt("sent")], ["alarm channel-rejecting"]],
		["what was sent since ends it", [attempt("sent"), attempt("failed"), attempt("failed")], []],
		["what is under way says nothing", [attempt("sending"), attempt("failed"), attempt("sent")], []],
		[
			"not knowing whether it arrived counts as in vain",
			[attempt("uncertain"), attempt("failed")],
			["alarm channel-rejecting"],
		],
		["channels are judged apart", [attempt("failed"), attempt("failed", { channel: "mail" })], []],
	])("%s", (_, attempts, expected) => {
		expect(codes({ attempts })).toEqual(expected);
	});
});
