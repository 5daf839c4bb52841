import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Catalogue, Feed } from "#catalogue";
import { scopeOf } from "#platform";
import { type FeedMessage, parseFeed } from "#telemetry";
import { exampleCatalogue, exampleTenant, START } from "../../../testing/catalogue.ts";
import {
	alertmanagerBody,
	at,
	exampleFeed,
	flagEvent,
	gitHubDeployment,
	gitHubDeploymentStatus,
	M365_STATUSES,
	m365Issue,
	statusIncident,
	statusSummaryBody,
} from "../../../testing/feed-messages.ts";
import { ALL, openRooms } from "../../../testing/rooms.ts";
import { feedStates, listCases, listChanges, listPlatformHealth, platformWords, takeFeedMessage } from "../index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

const STATUS = exampleFeed({ components: { "policy api": ["policy"] }, expectEveryMs: HOUR_MS });
const ALERTS = exampleFeed({ name: "alerts", kind: "alertmanager", auth: "bearer", expectEveryMs: HOUR_MS });
const M365 = exampleFeed({ name: "m365", kind: "m365-health", components: { "microsoft 365 suite": ["policy"] } });
const GITHUB = exampleFeed({ name: "github", kind: "github", gives: "changes", auth: "github" });
const FLAGS = exampleFeed({ name: "flags", kind: "cloudevents", gives: "changes" });
const CASES = exampleFeed({ name: "cases", kind: "json", gives: "cases" });
const FEEDS = [ALERTS, CASES, FLAGS, GITHUB, M365, STATUS];

const WOODGROVE = scopeOf({ name: "w", role: "viewer", tenants: ["woodgrove"] });
const NOBODY = scopeOf({ name: "n", role: "viewer", tenants: [] });

async function feeds(overrides: Partial<Catalogue> = {}) {
	const catalogue = exampleCatalogue({ feeds: FEEDS, ...overrides });
	const rooms = await openRooms(catalogue);
	onTestFinished(() => rooms.remove());
	const { store, clock, deps } = rooms;
	let messages = 0;
	return {
		db: store.db,
		catalogue,
		clock,
		store,
		async send(
			feed: Feed,
			body: unknown,
			more: { headers?: FeedMessage["headers"]; key?: string; provesLife?: boolean } = {},
		) {
			const parsed = parseFeed(feed, { headers: more.headers ?? {}, body, receivedAt: clock.now() });
			if (parsed.status !== "parsed") throw new Error(parsed.message);
			return store.transaction((tx) =>
				takeFeedMessage(
					tx,
					{ bus: deps.bus, catalogue },
					{
						feed,
						parsed,
						key: more.key ?? `message ${++messages}`,
						provesLife: more.provesLife ?? true,
						receivedAt: clock.now(),
					},
				),
			);
		},
		changes: async (scope = ALL, filter = {}) => (await listChanges(store.db, scope, filter)).items,
		cases: async (scope = ALL, filter = {}) => (await listCases(store.db, scope, filter)).items,
		words: (scope = ALL) => platformWords(store.db, scope, catalogue, clock.now()),
		states: async () =>
			new Map((await feedStates(store.db, ALL, catalogue, clock.now())).map((state) => [state.name, state])),
	};
}

const STATUS_EVENT = { headers: { "x-github-event": "deployment_status" } };
const aCase = (overrides: Readonly<Record<string, unknown>> = {}) => ({
	id: "C-1",
	title: "Policies do not apply",
	tenant: "Woodgrove Bank",
	workload: "policy",
	openedAt: START,
	revisedAt: START,
	...overrides,
});

describe("a fact is held once", () => {
	test("the same message again is a duplicate and changes nothing", async () => {
		const { send, changes, states } = await feeds();
		expect(await send(FLAGS, flagEvent(), { key: "id:1" })).toMatchObject({ status: "taken", new: 1 });
		expect(await send(FLAGS, flagEvent(), { key: "id:1" })).toEqual({ status: "duplicate" });
		expect(await send(FLAGS, flagEvent(), { key: "id:2" })).toMatchObject({
			status: "taken",
			new: 0,
			changed: 0,
			same: 1,
		});
		expect([(await changes()).length, (await states()).get("flags")]).toMatchObject([
			1,
			{ messages: 2, duplicates: 1, facts: 1 },
		]);
	});

	test("the same id of another feed is another fact", async () => {
		const { send, changes } = await feeds();
		const other = exampleFeed({ name: "m365", kind: "cloudevents", gives: "changes" });
		await send(FLAGS, flagEvent());
		await send(other, flagEvent());
		expect((await changes()).map((each) => each.feed).sort()).toEqual(["flags", "m365"]);
	});

	test("a later version replaces, an earlier one that comes after it does not", async () => {
		const { send, changes } = await feeds();
		const done = gitHubDeploymentStatus("success", "2026-11-22T02:04:00Z");
		const running = gitHubDeploymentStatus("in_progress", "2026-11-22T01:59:00Z");
		expect(await send(GITHUB, done, STATUS_EVENT)).toMatchObject({ new: 1 });
		expect(await send(GITHUB, running, STATUS_EVENT)).toMatchObject({ new: 0, changed: 0, older: 1 });
		expect(await changes()).toMatchObject([{ state: "succeeded", startedAt: at(1, 58), endedAt: at(2, 4) }]);
	});

	test("a version from a clock that is years ahead does not shut out the next ones", async () => {
		const { send, cases, clock } = await feeds();
		await send(CASES, aCase({ title: "from the future", revisedAt: Date.UTC(2199, 0, 1) }));
		clock.advance(2 * DAY_MS);
		await send(CASES, aCase({ title: "now", revisedAt: clock.now() }));
		expect(await cases()).toMatchObject([{ title: "now" }]);
	});

	test("versions lead to the same state in whatever order, and however often, they come", async () => {
		const versions: readonly (readonly [Feed, unknown, FeedMessage["headers"]?])[] = [
			[GITHUB, gitHubDeployment(), { "x-github-event": "deployment" }],
			[GITHUB, gitHubDeploymentStatus("in_progress", "2026-11-22T01:59:00Z"), STATUS_EVENT.headers],
			[GITHUB, gitHubDeploymentStatus("success", "2026-11-22T02:04:00Z"), STATUS_EVENT.headers],
			// Two statuses of one second: only the rank tells them apart.
			[GITHUB, gitHubDeploymentStatus("inactive", "2026-11-22T02:04:00Z"), STATUS_EVENT.headers],
			[ALERTS, alertmanagerBody("firing")],
			[ALERTS, alertmanagerBody("resolved")],
			[M365, m365Issue("investigating", { lastModifiedDateTime: "2026-11-22T02:00:00Z" })],
			[M365, m365Issue("serviceDegradation", { lastModifiedDateTime: "2026-11-22T02:05:00Z" })],
			[M365, m365Issue("falsePositive", { lastModifiedDateTime: "2026-11-22T02:09:00Z" })],
			[M365, m365Issue("serviceDegradation", { lastModifiedDateTime: "2026-11-22T02:07:00Z" })],
			[CASES, aCase()],
			[CASES, aCase({ severity: "A", revisedAt: START + 1 })],
			[CASES, aCase({ closedAt: START + HOUR_MS, revisedAt: START + 1 })],
			[CASES, aCase({ title: "Another title", revisedAt: START + 1 })],
			[CASES, aCase({ tenant: "City Power", revisedAt: START })],
		];
		const { send, store, clock } = await feeds();
		const held = async () => {
			const [changes, cases, health] = await Promise.all([
				store.db.selectFrom("changes").selectAll().orderBy("external_id").execute(),
				store.db.selectFrom("cases").selectAll().orderBy("external_id").execute(),
				store.db.selectFrom("platform_health").selectAll().orderBy("external_id").execute(),
			]);
			return [...changes, ...cases, ...health].map(({ seq: _, received_at: __, ...row }) => row);
		};
		const empty = () =>
			store.transaction(async (tx) => {
				for (const table of ["changes", "cases", "platform_health"] as const) await tx.deleteFrom(table).execute();
			});
		const sendAll = async (order: readonly number[]) => {
			await empty();
			for (const k of order) {
				const [feed, body, headers = {}] = versions[k % versions.length] as (typeof versions)[number];
				clock.advance(1);
				await send(feed, body, { headers });
			}
			return held();
		};
		const inOrder = await sendAll(versions.map((_, k) => k));
		expect(inOrder.length).toBe(4);
		const all = versions.map((_, k) => k);
		await fc.assert(
			fc.asyncProperty(
				fc.shuffledSubarray(all, { minLength: all.length }),
				fc.array(fc.nat({ max: all.length - 1 }), { maxLength: 6 }),
				async (order, again) => {
					expect(await sendAll([...order, ...again])).toEqual(inOrder);
				},
			),
			{ numRuns: 12, seed: 3 },
		);
	});
});

describe("whose a fact is", () => {
	test.each(["woodgrove", "Woodgrove Bank", "WOODGROVE BANK", "id-of-woodgrove"])(
		"a tenant may be called %s",
		async (tenant) => {
			const { send, cases } = await feeds();
			await send(CASES, aCase({ tenant }));
			expect(await cases()).toMatchObject([{ tenant: "woodgrove", tenantNamed: tenant }]);
		},
	);

	test("an id that moved from one tenant to another is whose it was when the case was opened", async () => {
		const alias = { attribute: "tenant.id", values: ["moved"], patterns: [] };
		const tenants = [
			exampleTenant("before", "Before Ltd", { aliases: [{ ...alias, until: START }] }),
			exampleTenant("after", "After Ltd", { aliases: [{ ...alias, from: START }] }),
		];
		const { send, cases } = await feeds({ tenants });
		await send(CASES, [aCase({ tenant: "moved" }), aCase({ id: "C-0", tenant: "moved", openedAt: START - 1 })]);
		expect((await cases()).map((each) => [each.id, each.tenant])).toEqual([
			["C-1", "after"],
			["C-0", "before"],
		]);
	});

	test("a name that two tenants have is nobody's", async () => {
		const twins = ["one", "two"].map((name) => exampleTenant(name, "Twin Ltd"));
		const { send, cases, states } = await feeds({ tenants: twins });
		await send(CASES, aCase({ tenant: "Twin Ltd" }));
		expect([await cases(), (await states()).get("cases")]).toMatchObject([
			[{ tenant: "" }],
			{ unmapped: ["Twin Ltd"] },
		]);
	});

	test("a tenant's cases and changes are seen by nobody else, nor is what is of no single tenant", async () => {
		const { send, changes, cases, db, catalogue, words } = await feeds();
		await send(CASES, [aCase(), aCase({ id: "C-2", tenant: "City Power", title: "Secret of City Power" })]);
		await send(CASES, aCase({ id: "C-3", tenant: "Somebody else" }));
		await send(FLAGS, [flagEvent(), flagEvent({ subject: "all", data: { title: "For City Power first" } })]);
		await send(STATUS, statusSummaryBody());
		expect((await cases(WOODGROVE)).map((each) => each.id)).toEqual(["C-1"]);
		expect((await changes(WOODGROVE)).map((each) => each.id)).toEqual(["policy/new-evaluator"]);
		expect(await cases(WOODGROVE, { tenant: "city-power" })).toEqual([]);
		expect([await cases(NOBODY), await changes(NOBODY)]).toEqual([[], []]);
		expect((await listPlatformHealth(db, WOODGROVE, catalogue)).items).toEqual([]);
		expect((await words(WOODGROVE)).size).toBe(0);
		const states = await feedStates(db, WOODGROVE, catalogue, START);
		expect(states.flatMap((state) => state.unmapped)).toEqual([]);
		expect((await cases()).length + (await changes()).length).toBe(5);
	});

	test("a change of tenants that are no key tenants is left out", async () => {
		const { send, changes } = await feeds();
		const event = flagEvent({ data: { tenants: ["Nobody here"] } });
		expect(await send(FLAGS, event)).toMatchObject({ new: 0, unmapped: ["Nobody here"] });
		expect(await changes()).toEqual([]);
	});

	test("a feed with a map takes the changes of what it maps, one without takes all", async () => {
		const mapped = { ...GITHUB, components: { "vendor/other": ["policy"] } };
		const { send, changes } = await feeds();
		const body = gitHubDeployment();
		const headers = { "x-github-event": "deployment" };
		expect(await send(mapped, body, { headers })).toMatchObject({ new: 0, unmapped: ["vendor/policy-api/production"] });
		expect(await send(GITHUB, body, { headers })).toMatchObject({ new: 1 });
		expect(await changes()).toMatchObject([{ tenant: "", workload: "" }]);
	});

	test("a case that moves to another tenant is not left behind with the first", async () => {
		const { send, cases } = await feeds();
		await send(CASES, aCase());
		await send(CASES, aCase({ tenant: "City Power", revisedAt: START + 1 }));
		expect(await cases(WOODGROVE)).toEqual([]);
	});
});

describe("lists", () => {
	test("pages follow each other without a gap or a repetition, newest first", async () => {
		const { send, db } = await feeds();
		const many = Array.from({ length: 25 }, (_, k) =>
			aCase({ id: `C-${k}`, openedAt: START + Math.floor(k / 3) * 1000 }),
		);
		await send(CASES, many);
		const seen: string[] = [];
		for (let after: string | undefined; ; ) {
			const page = await listCases(db, ALL, { limit: 4, after });
			seen.push(...page.items.map((each) => each.id));
			after = page.next;
			if (after === undefined) break;
		}
		expect([new Set(seen).size, seen.length]).toEqual([25, 25]);
		expect(seen.slice(0, 2)).toEqual(["C-24", "C-23"]);
	});

	test("a tenant's changes are its own and those that are of no single one, in the asked time", async () => {
		const { send, changes } = await feeds();
		const event = (subject: string, time: string, tenants: string[]) =>
			flagEvent({ subject, time, data: { tenants, workload: "policy" } });
		await send(FLAGS, [
			event("own", "2026-11-22T01:00:00Z", ["woodgrove"]),
			event("other", "2026-11-22T01:10:00Z", ["city-power"]),
			event("all", "2026-11-22T01:20:00Z", []),
			event("old", "2026-11-20T01:20:00Z", []),
		]);
		const found = await changes(ALL, { tenant: "woodgrove", workload: "policy", from: at(0), to: at(2) });
		expect(found.map((each) => each.id)).toEqual(["all", "own"]);
	});
});

describe("the platform's own word", () => {
	test("is unknown before the feed is heard, what the feed says while it lives, and unknown when it is stale", async () => {
		const { send, words, clock, states } = await feeds({ feeds: [STATUS] });
		expect((await words()).get("policy")).toMatchObject({ state: "unknown", why: "never-heard" });
		await send(STATUS, statusSummaryBody("operational"));
		expect((await words()).get("policy")).toMatchObject({ state: "operational", why: "said", heardAt: START });
		clock.advance(HOUR_MS);
		expect([(await words()).get("policy")?.state, (await states()).get("status")?.state]).toEqual([
			"operational",
			"live",
		]);
		clock.advance(1);
		expect((await words()).get("policy")).toMatchObject({ state: "unknown", why: "stale" });
		expect((await states()).get("status")).toMatchObject({ state: "stale", staleSince: START + HOUR_MS });
	});

	test("is since when the state began, not since when it was last told", async () => {
		const overview = exampleFeed({ kind: "m365-health", components: { "exchange online": ["policy"] } });
		const { send, words, clock } = await feeds({ feeds: [overview] });
		const service = (status: string) => ({ value: [{ id: "Exchange", service: "Exchange Online", status }] });
		await send(overview, service("serviceDegradation"));
		clock.advance(MINUTE_MS);
		await send(overview, service("serviceDegradation"));
		expect((await words()).get("policy")).toMatchObject({ state: "degraded", since: START });
		clock.advance(MINUTE_MS);
		await send(overview, service("serviceInterruption"));
		expect((await words()).get("policy")).toMatchObject({ state: "outage", since: START + 2 * MINUTE_MS });
	});

	test("an incident that a summary no longer names is over", async () => {
		const { send, words, clock } = await feeds({ feeds: [STATUS] });
		await send(STATUS, statusSummaryBody("operational", [statusIncident()]));
		expect((await words()).get("policy")).toMatchObject({ state: "degraded", title: "Policies take long to apply" });
		clock.advance(20 * MINUTE_MS);
		await send(STATUS, statusSummaryBody("operational"));
		expect((await words()).get("policy")).toMatchObject({ state: "operational" });
	});

	test("alerts that do not fire are no problem as long as the feed is heard", async () => {
		const { send, words, clock } = await feeds({ feeds: [ALERTS] });
		await send(ALERTS, alertmanagerBody("firing", { alertname: "Watchdog", severity: "none", service: "prometheus" }));
		expect((await words()).get("policy")).toMatchObject({ state: "operational", why: "no-problem-open" });
		await send(ALERTS, alertmanagerBody("firing"));
		expect((await words()).get("policy")).toMatchObject({ state: "outage", since: at(2, 6, 3) + 157 });
		await send(ALERTS, alertmanagerBody("resolved"));
		expect((await words()).get("policy")).toMatchObject({ state: "operational" });
		clock.advance(DAY_MS);
		expect((await words()).get("policy")).toMatchObject({ state: "unknown", why: "stale" });
	});

	test("an alert that is not repeated for a day may be over, or not", async () => {
		const { send, words, clock } = await feeds({ feeds: [ALERTS] });
		const watchdog = alertmanagerBody("firing", { alertname: "Watchdog", severity: "none", service: "prometheus" });
		await send(ALERTS, alertmanagerBody("firing"));
		clock.advance(DAY_MS);
		await send(ALERTS, watchdog);
		expect((await words()).get("policy")).toMatchObject({ state: "outage" });
		clock.advance(1);
		expect((await words()).get("policy")).toMatchObject({ state: "unknown", title: "Policy API answers 5xx" });
		await send(ALERTS, alertmanagerBody("firing"));
		expect((await words()).get("policy")).toMatchObject({ state: "outage" });
	});

	test("an incident that a late message closed is open again when the next one names it", async () => {
		const { send, words, clock } = await feeds({ feeds: [STATUS] });
		clock.advance(20 * MINUTE_MS);
		const named = statusSummaryBody("operational", [statusIncident()]);
		await send(STATUS, named);
		await send(STATUS, statusSummaryBody("operational"));
		expect((await words()).get("policy")).toMatchObject({ state: "operational" });
		await send(STATUS, named);
		expect((await words()).get("policy")).toMatchObject({ state: "degraded" });
	});

	test.each(["constructor", "__proto__"])("a component called %s is of no workload", async (name) => {
		const { send, words } = await feeds({ feeds: [STATUS] });
		expect(await send(STATUS, { components: [{ name, status: "major_outage" }] })).toMatchObject({ unmapped: [name] });
		expect((await words()).get("policy")).toMatchObject({ state: "unknown", why: "not-mentioned" });
	});

	test("a status page that does not name the workload leaves it unknown", async () => {
		const page = { ...STATUS, components: { "another api": ["policy"] } };
		const { send, words } = await feeds({ feeds: [page] });
		await send(page, statusSummaryBody("operational"));
		expect((await words()).get("policy")).toMatchObject({ state: "unknown", why: "not-mentioned" });
	});

	test("of two feeds the worse counts, and unknown is worse than operational", async () => {
		const { send, words } = await feeds({ feeds: [ALERTS, STATUS] });
		await send(STATUS, statusSummaryBody("operational"));
		expect((await words()).get("policy")).toMatchObject({ state: "unknown", feed: "alerts" });
		await send(STATUS, { components: [{ name: "Policy API", status: "major_outage" }] });
		expect((await words()).get("policy")).toMatchObject({ state: "outage", feed: "status" });
	});

	test.each(M365_STATUSES)("an issue that is %s never makes a service healthier than nothing said", async (status) => {
		const { send, words } = await feeds({ feeds: [M365] });
		await send(M365, { value: [m365Issue(status)] });
		const state = (await words()).get("policy")?.state;
		const isOver = /^(?:serviceOperational|.*esolved.*|mitigated.*|serviceRestored|falsePositive|postIncident.*)$/.test(
			status,
		);
		expect(state === "operational").toBe(isOver);
	});
});

describe("a feed's life", () => {
	test("a repeated body that anybody could send again is no sign of it", async () => {
		const { send, clock, states } = await feeds();
		const send1 = () =>
			send(GITHUB, gitHubDeployment(), { headers: { "x-github-event": "deployment" }, provesLife: false });
		await send1();
		clock.advance(HOUR_MS);
		await send1();
		expect((await states()).get("github")).toMatchObject({ lastMessageAt: START, messages: 2 });
	});

	test("what could not be used is counted and its last reason kept", async () => {
		const { send, states } = await feeds();
		await send(CASES, [aCase(), { id: "C-9" }]);
		expect((await states()).get("cases")).toMatchObject({
			state: "live",
			faults: 1,
			lastFault: { at: START, text: "1: tenant is missing" },
		});
	});

	test("a message is in the audit log without what it says of a tenant", async () => {
		const { send, db } = await feeds();
		await send(CASES, aCase({ title: "Secret of Woodgrove" }));
		const rows = [
			...(await db.selectFrom("audit").selectAll().execute()).map((row) => row.action + row.detail),
			...(await db.selectFrom("events").selectAll().execute()).map((row) => row.type + row.data),
		];
		expect(rows.length).toBe(2);
		expect(rows.join()).not.toMatch(/Secret|woodgrove/i);
	});
});
