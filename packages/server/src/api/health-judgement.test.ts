import { describe, expect, test } from "vitest";
import { type HealthFacts, judgeHealth } from "./health-judgement.ts";
import type { WatchdogStatus } from "./watchdog-port.ts";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

const STORAGE = {
	fileBytes: 38e6,
	usedBytes: 38e6,
	logBytes: 0,
	limitBytes: 20e9,
	tiers: [],
	shortenings: 0,
	isOverfull: false,
	growthBytesPerDay: 1e6,
	daysLeft: 40,
	damaged: [],
};
const TELEMETRY = {
	state: "ready",
	failure: undefined,
	lastSampleAt: NOW - 14_000,
	journalRows: 3,
	journalBytes: 2000,
	streams: 100,
	pairs: 20,
	samplesTotal: 1000,
	malformedRequests: 0,
	commits: 10,
	commitFailures: 0,
	foldAt: NOW - MINUTE,
	isFolding: false,
	overQuota: [],
	storage: STORAGE,
};
const WATCHDOG: WatchdogStatus = {
	state: "well",
	passedAt: NOW - 12_000,
	withheldSince: undefined,
	reasons: [],
	everyMs: 20_000,
	check: { id: "chk_1", startedAt: NOW - 13_000, tookMs: 1_180, stages: { ingest: 5, page: 60 }, failure: undefined },
	checks: { passed: 3, failed: 0 },
	notices: [],
	heartbeats: [],
	latest: undefined,
};
const WELL: HealthFacts = {
	now: NOW,
	telemetry: TELEMETRY,
	newestEventAt: NOW - 14_000,
	books: [{ received: 10, counted: 7, duplicate: 1, rejected: 2, faults: 0 }],
	tenants: { key: 2, withoutData: [], ids: 2, unmatched: 0 },
	slos: { all: 1, uncovered: [] },
	sources: { declared: 1, failing: [], silent: [], late: [], over: [] },
	feeds: { all: 1, stale: [], waiting: [], failing: [] },
	reach: { kinds: ["webhook"], people: 2, faults: [] },
	deliveries: { sent: 3, failed: 0, uncertain: 0, lastFailure: "" },
	channels: [{ name: "pager", state: "well", failingSince: undefined, undelivered: 0 }],
	integrations: [],
	queues: { outbox: 0, outboxLateMs: 0, timersLateMs: 0 },
	watchdog: WATCHDOG,
	diskFreeBytes: 50e9,
	loop: { p99Ms: 3.2, maxMs: 12 },
	configuration: { isReloadOk: true, hash: "c0ffee", firstError: "" },
};
const watchdog = (more: Partial<WatchdogStatus>): Partial<HealthFacts> => ({ watchdog: { ...WATCHDOG, ...more } });
const telemetry = (more: object): Partial<HealthFacts> => ({ telemetry: { ...TELEMETRY, ...more } });
const storage = (more: object): Partial<HealthFacts> => telemetry({ storage: { ...STORAGE, ...more } });

function part(key: string, change: Partial<HealthFacts>) {
	const found = judgeHealth({ ...WELL, ...change }).find((each) => each.key === key);
	if (!found) throw new Error(`there is no part ${key}`);
	return found;
}

describe("a system that is well", () => {
	test("says so of every part, with its figures, and has nothing to do", () => {
		const parts = judgeHealth(WELL);
		expect(parts.filter(({ state, remedy }) => state !== "well" || remedy !== "")).toEqual([]);
		expect(parts.find(({ key }) => key === "accounting")?.says).toBe(
			"10 received = 7 counted + 1 duplicate + 2 rejected.",
		);
	});
});

describe("the watch over the system itself", () => {
	const reason = { code: "self-check:timer", says: "Nothing came of it.", remedy: "See the log." };
	const sent = { to: "hc.example:443", method: "POST" as const, sentAt: NOW - 5_000, failure: undefined };
	test.each<[string, Partial<HealthFacts>, string, RegExp]>([
		["nothing watches", { watchdog: undefined }, "unknown", /not checked itself yet/],
		["the first check is under way", watchdog({ state: "starting" }), "unknown", /not checked itself yet/],
		["it passes", {}, "well", /came out as a page 12 s ago, in 1.2 s.*No receiver of heartbeats/],
		["heartbeats arrive", watchdog({ heartbeats: [sent] }), "well", /Heartbeats go to hc.example:443 \(5 s ago\)/],
		[
			"a heartbeat does not arrive",
			watchdog({ heartbeats: [{ ...sent, failure: "HTTP 404" }] }),
			"attention",
			/heartbeat to hc.example:443 does not arrive: HTTP 404/,
		],
		["a chain is exhausted", watchdog({ notices: [reason] }), "attention", /Nothing came of it/],
		[
			"a check failed",
			watchdog({ state: "failing", withheldSince: NOW - 60_000, reasons: [reason, reason] }),
			"failing",
			/Nothing came of it. No heartbeat leaves since 1 min. There is one reason more/,
		],
		[
			"the checks stand still",
			watchdog({ state: "stalled" }),
			"failing",
			/came to a halt; the last one passed 12 s ago/,
		],
	])("%s", (_, change, state, says) => {
		const found = part("self-check", change);
		expect(found.state).toBe(state);
		expect(found.says).toMatch(says);
	});
});

describe("what is not known", () => {
	test.each<[string, string, Partial<HealthFacts>]>([
		["no sample yet", "last-sample", telemetry({ lastSampleAt: undefined })],
		["no event in any window", "lag", { newestEventAt: undefined }],
		["nothing received", "accounting", { books: [] }],
		["the books do not answer", "accounting", { books: undefined }],
		["growth of the disk", "disk", storage({ growthBytesPerDay: undefined, daysLeft: undefined })],
		["the channels could not be read", "channels", { channels: undefined }],
		["nobody is reached", "channels", { channels: [] }],
		[
			"a channel was never used",
			"channels",
			{ channels: [{ name: "sms", state: "unknown", failingSince: undefined, undelivered: 0 }] },
		],
		["the event loop was not measured", "event-loop", { loop: undefined }],
		["nothing was sent for a day", "deliveries", { deliveries: { sent: 0, failed: 0, uncertain: 0, lastFailure: "" } }],
		["a sender since the start", "sources", { sources: { ...WELL.sources, silent: ["Shop"] } }],
		["a feed that was never heard", "feeds", { feeds: { ...WELL.feeds, waiting: ["Status"] } }],
	])("%s is unknown, and says what to do", (_, key, change) => {
		expect(part(key, change)).toMatchObject({ state: "unknown", remedy: expect.stringMatching(/\S/) });
	});

	test("nothing that the telemetry thread would tell is well while it does not answer", () => {
		const parts = judgeHealth({ ...WELL, telemetry: undefined, books: undefined });
		const told = parts.filter(({ key }) => ["telemetry", "last-sample", "accounting", "journal", "disk"].includes(key));
		expect(told.map(({ state }) => state)).toEqual(["failing", "unknown", "unknown", "unknown", "unknown"]);
	});
});

describe("what is wrong", () => {
	test.each<[string, string, Partial<HealthFacts>, string, RegExp]>([
		["no sample for 3 minutes", "last-sample", telemetry({ lastSampleAt: NOW - 3 * MINUTE }), "attention", /3 min ago/],
		["none for an hour", "last-sample", telemetry({ lastSampleAt: NOW - 60 * MINUTE }), "failing", /1 h ago/],
		[
			"books that do not balance",
			"accounting",
			{ books: [{ received: 9, counted: 7, duplicate: 1, rejected: 2, faults: 0 }] },
			"failing",
			/do not balance/,
		],
		[
			"many faults",
			"accounting",
			{ books: [{ received: 10, counted: 7, duplicate: 1, rejected: 2, faults: 2 }] },
			"attention",
			/2 of the rejected are faults/,
		],
		[
			"a tenant without data",
			"tenants",
			{ tenants: { key: 2, withoutData: ["Contoso"], ids: 3, unmatched: 1 } },
			"attention",
			/1 of 2 .*Contoso\. 1 id in the telemetry belongs to none/,
		],
		[
			"a source in error",
			"sources",
			{ sources: { ...WELL.sources, failing: ["DB"], silent: ["Shop"], late: ["Web"] } },
			"failing",
			/DB/,
		],
		["a source that fell silent", "sources", { sources: { ...WELL.sources, late: ["Shop"] } }, "attention", /Shop/],
		["a source over its limits", "sources", { sources: { ...WELL.sources, over: ["Shop"] } }, "attention", /Shop/],
		[
			"a tenant over its limit",
			"sources",
			telemetry({ overQuota: [{ tenant: "contoso", pointsPerSecond: 5, refusedRequests: 1, isOver: true }] }),
			"attention",
			/contoso/,
		],
		[
			"a stale feed",
			"feeds",
			{ feeds: { ...WELL.feeds, stale: ["Status"] } },
			"attention",
			/Status; what they tell is unknown/,
		],
		[
			"a feed that is asked and cannot be read",
			"feeds",
			{ feeds: { ...WELL.feeds, stale: ["Status"], failing: ["Status"] } },
			"attention",
			/cannot be read: Status\. What is stale is unknown: Status/,
		],
		[
			"a damaged row of counts by attribute",
			"disk",
			storage({ damaged: [{ what: "attributes", tier: "hours", tenant: "contoso", slo: "requests", from: 0, to: 1 }] }),
			"failing",
			/^1 row of counts by attribute is damaged; “where it fails” is missing them\./,
		],
		[
			"every delivery failed",
			"deliveries",
			{ deliveries: { sent: 0, failed: 2, uncertain: 0, lastFailure: "pager: 500" } },
			"failing",
			/pager: 500/,
		],
		[
			"messages that wait for ten minutes",
			"queues",
			{ queues: { outbox: 4, outboxLateMs: 10 * MINUTE, timersLateMs: 0 } },
			"failing",
			/messages 10 min/,
		],
		["a disk for ten days", "disk", storage({ daysLeft: 10.9 }), "attention", /lasts 10 days/],
		["a disk for two days", "disk", storage({ daysLeft: 2 }), "failing", /lasts 2 days/],
		["shortened retention", "disk", storage({ shortenings: 1 }), "attention", /shortened/],
		["a full disk", "disk", { diskFreeBytes: 1e6 }, "failing", /1 MB free/],
		[
			"a channel that fails for long",
			"channels",
			{ channels: [{ name: "sms", state: "failing", failingSince: NOW - 30 * MINUTE, undelivered: 0 }] },
			"failing",
			/Channels that fail: sms, for 30 min/,
		],
		[
			"a channel whose last attempt failed",
			"channels",
			{ channels: [{ name: "sms", state: "shaky", failingSince: NOW - MINUTE, undelivered: 0 }] },
			"attention",
			/last attempt failed by: sms/,
		],
		[
			"messages that a provider lost",
			"channels",
			{ channels: [{ name: "sms", state: "well", failingSince: undefined, undelivered: 2 }] },
			"attention",
			/could not deliver in the last 24 h: 2 by sms/,
		],
		["a busy event loop", "event-loop", { loop: { p99Ms: 71, maxMs: 173 } }, "attention", /71 ms/],
		[
			"a refused configuration",
			"configuration",
			{ configuration: { isReloadOk: false, hash: "c0ffee", firstError: "slos/a.yaml:1:1" } },
			"attention",
			/refused.*slos\/a\.yaml/,
		],
	])("%s", (_, key, change, state, says) => {
		const found = part(key, change);
		expect([found.state, found.remedy !== ""]).toEqual([state, true]);
		expect(found.says).toMatch(says);
	});

	test("an SLO without data names its metric and what came instead", () => {
		const uncovered = [
			{
				slo: "send",
				displayName: "Mail",
				workload: "mail",
				waitsFor: ["mail.sends"],
				seenInstead: ["mail_sends_total"],
			},
		];
		expect(part("slos", { slos: { all: 3, uncovered } }).says).toBe(
			"1 of 3 SLOs never saw data: send. send waits for mail.sends; seen instead: mail_sends_total.",
		);
	});

	test("a pause stands beside SLOs without data", () => {
		const uncovered = [
			{ slo: "send", displayName: "Mail", workload: "mail", waitsFor: ["mail.sends"], seenInstead: [] },
		];
		const slos = { all: 3, uncovered, paused: ["limit of Woodgrove Bank until Tuesday"] };
		expect(part("slos", { slos }).says).toMatch(/^1 of 3 SLOs never saw data: .*paused, .*: limit of Woodgrove Bank/);
	});
});
