import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { FeedPullStatus } from "#api";
import { feedStates, listChanges, listPlatformHealth, platformWords } from "#incidents";
import { exampleCatalogue } from "../../testing/catalogue.ts";
import { at, exampleFeed, gitHubDeployment, statusIncident, statusSummaryBody } from "../../testing/feed-messages.ts";
import { type FeedPage, feedPage } from "../../testing/feed-page.ts";
import { ALL, openRooms } from "../../testing/rooms.ts";
import { createFeedKeeping } from "./feed-keeping.ts";
import type { PulledFeed } from "./feed-puller.ts";
import { FeedPulls } from "./feed-pulls.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

const EVERY_MS = MINUTE_MS;

/** A feed that asks a real server, with the real store behind it; time stands still until a test lets a turn begin. */
async function pulling(page: FeedPage, overrides: Partial<PulledFeed> = {}, pull: Partial<PulledFeed["pull"]> = {}) {
	const feed: PulledFeed = {
		...exampleFeed({ components: { "policy api": ["policy"] }, expectEveryMs: 3 * EVERY_MS, ...overrides }),
		pull: {
			urls: [`${page.url}/api/v2/summary.json`],
			everyMs: EVERY_MS,
			auth: { kind: "none" },
			timeoutMs: 2_000,
			maxResponseBytes: 200_000,
			subscriptions: [],
			...pull,
		},
	};
	const catalogue = exampleCatalogue({ feeds: [feed] });
	const rooms = await openRooms(catalogue);
	const { store, clock, deps } = rooms;
	// The messages tell of this morning.
	clock.advance(at(2, 45) - clock.now());
	let diskFreeBytes = 1e9;
	let status: FeedPullStatus | undefined;
	let wake = () => {};
	let onSleep: (ms: number) => void = () => {};
	const nextSleep = () => new Promise<number>((resolve) => (onSleep = resolve));
	const pulls = new FeedPulls({
		clock,
		random: () => 0,
		sleep: (ms, signal) =>
			new Promise((resolve) => {
				wake = resolve;
				signal.addEventListener("abort", () => resolve(), { once: true });
				onSleep(ms);
			}),
		keep: createFeedKeeping({
			store,
			bus: deps.bus,
			catalogue: deps.catalogue,
			diskFreeBytes: async () => diskFreeBytes,
		}),
		onStatus: (told) => {
			status = told;
		},
		env: { FEED_TOKEN: "s3cret-token-of-the-page" },
	});
	onTestFinished(async () => {
		await pulls.stop();
		await rooms.remove();
	});
	const started = nextSleep();
	await pulls.configure([feed], [page.host]);
	await started;
	return {
		feed,
		pulls,
		/** Resolves when the feed waits for its first turn again. */
		async configure(allow: readonly string[]): Promise<void> {
			const asleep = nextSleep();
			await pulls.configure([feed], allow);
			await asleep;
		},
		clock,
		store,
		rooms,
		status: () => status as FeedPullStatus,
		setDiskFree: (bytes: number) => {
			diskFreeBytes = bytes;
		},
		/** Lets the time pass that it wants to wait, or `ms`, and asks once; returns what it wants to wait then. */
		async turn(ms = 0): Promise<number> {
			clock.advance(ms);
			const asleep = nextSleep();
			wake();
			return asleep;
		},
		word: async () => (await platformWords(store.db, ALL, catalogue, clock.now())).get("policy"),
		state: async () => (await feedStates(store.db, ALL, catalogue, clock.now()))[0],
		statements: async () => (await listPlatformHealth(store.db, ALL, catalogue)).items,
		changes: async () => (await listChanges(store.db, ALL)).items,
	};
}

const summary = (status: string, incidents: readonly unknown[] = []) => ({
	...statusSummaryBody(status, incidents),
	components: statusSummaryBody(status).components,
});

describe("a status page that is asked", () => {
	test("is the platform's word, in the same rows as one that sends", async () => {
		const page = await feedPage(() => summary("partial_outage"));
		const it = await pulling(page);
		expect(await it.turn()).toBe(EVERY_MS);
		expect(await it.word()).toMatchObject({ state: "degraded", why: "said", heardAt: it.clock.now() });
		expect(it.status()).toMatchObject({ state: "ok", requests: 1, misses: 0, error: undefined });
		const rows = await it.statements();
		await it.turn(EVERY_MS);
		expect(await it.statements()).toEqual(rows);
		expect(await it.state()).toMatchObject({ messages: 2, facts: rows.length, lastMessageAt: it.clock.now() });
	});

	test("that says it is as before is heard, without being sent again", async () => {
		const page = await feedPage(({ headers }, response) => {
			response.setHeader("etag", '"v1"');
			if (headers["if-none-match"] !== '"v1"') return summary("operational");
			response.writeHead(304).end();
			return undefined;
		});
		const it = await pulling(page);
		await it.turn();
		await it.turn(EVERY_MS);
		await it.turn(EVERY_MS);
		expect(it.status()).toMatchObject({ requests: 3, unchanged: 2, state: "ok" });
		expect(await it.word()).toMatchObject({ state: "operational", heardAt: it.clock.now() });
	});

	test("that cannot be read for three turns is unknown, and well again when it answers", async () => {
		const page = await feedPage(() => summary("operational"));
		const it = await pulling(page);
		await it.turn();
		page.answer = (_, response) => {
			response.statusCode = 502;
			return "<html>Bad gateway</html>";
		};
		expect(await it.turn(EVERY_MS)).toBe(5_000);
		expect(await it.word()).toMatchObject({ state: "operational" });
		expect(await it.turn(EVERY_MS)).toBe(10_000);
		expect(await it.turn(EVERY_MS + 1)).toBe(20_000);
		expect(await it.word()).toMatchObject({ state: "unknown", why: "stale" });
		expect(it.status()).toMatchObject({
			state: "failing",
			misses: 3,
			failures: { failed: 3 },
			error: { reason: "failed", message: `${page.host} answered 502: <html>Bad gateway</html>` },
		});
		page.answer = () => summary("operational");
		await it.turn(20_000);
		expect(await it.word()).toMatchObject({ state: "operational", why: "said" });
		expect(it.status()).toMatchObject({ state: "ok", misses: 0, error: undefined });
	});

	test("that never answered is unknown", async () => {
		const page = await feedPage((_, response) => void response.destroy());
		const it = await pulling(page);
		await it.turn();
		expect(await it.word()).toMatchObject({ state: "unknown", why: "never-heard" });
		expect(it.status()).toMatchObject({ state: "failing", lastSuccessAt: undefined });
	});

	test("whose incident is gone from the page has ended; a page with a part that cannot be read ends nothing", async () => {
		const page = await feedPage(() => summary("operational", [statusIncident()]));
		const it = await pulling(page);
		await it.turn();
		const open = async () => (await it.statements()).filter(({ id, endedAt }) => /^incident/.test(id) && !endedAt);
		expect(await open()).not.toEqual([]);
		page.answer = () => summary("operational", [{ id: "another" }]);
		await it.turn(EVERY_MS);
		expect(await open()).not.toEqual([]);
		expect(await it.state()).toMatchObject({ faults: 1 });
		page.answer = () => summary("operational");
		await it.turn(EVERY_MS);
		expect(await open()).toEqual([]);
	});

	test("whose component is gone from the page says nothing of it any more", async () => {
		const page = await feedPage(() => summary("major_outage"));
		const it = await pulling(page);
		await it.turn();
		expect(await it.word()).toMatchObject({ state: "outage" });
		page.answer = () => ({ ...summary("operational"), components: [] });
		await it.turn(EVERY_MS);
		expect(await it.word()).toMatchObject({ state: "unknown", why: "not-mentioned" });
	});
});

describe("Alertmanager that is asked", () => {
	const alert = (alertname: string, severity: string) => ({
		labels: { alertname, service: "policy", severity },
		annotations: { summary: alertname },
		startsAt: "2026-11-22T02:06:03.157Z",
		endsAt: "2026-11-22T02:36:03.157Z",
		updatedAt: "2026-11-22T02:32:03.157Z",
		fingerprint: alertname,
		status: { state: "active", silencedBy: [], inhibitedBy: [] },
		receivers: [{ name: "all" }],
	});
	const alertmanager = { kind: "alertmanager", components: {}, componentLabel: "service" } as const;

	test("tells what fires, until it does not name it any more", async () => {
		const page = await feedPage(() => [alert("PolicyDown", "critical")]);
		const it = await pulling(page, alertmanager);
		await it.turn();
		expect(await it.word()).toMatchObject({ state: "outage", title: "PolicyDown" });
		page.answer = () => [];
		await it.turn(EVERY_MS);
		expect(await it.word()).toMatchObject({ state: "operational", why: "no-problem-open" });
	});

	test("without the alert that always fires is not believed to be well, but its alerts are", async () => {
		const page = await feedPage(() => [alert("Watchdog", "none"), alert("PolicyDown", "critical")]);
		const it = await pulling(page, alertmanager, { expectAlert: "Watchdog" });
		await it.turn();
		page.answer = () => [];
		for (let k = 0; k < 4; k++) await it.turn(EVERY_MS);
		expect(await it.word()).toMatchObject({ state: "unknown", why: "stale", title: "PolicyDown" });
		expect(it.status()).toMatchObject({ state: "failing", error: { reason: "partial" } });
		page.answer = () => [alert("PolicySlow", "warning")];
		await it.turn(EVERY_MS);
		expect((await it.statements()).filter(({ endedAt }) => endedAt === null || endedAt === undefined)).toHaveLength(3);
	});
});

describe("what is kept", () => {
	test("of changes is what the hooks would have told, once", async () => {
		const status = (id: number, state: string, time: string) => ({ id, state, created_at: time, updated_at: time });
		const page = await feedPage(({ url }) => {
			if (url.endsWith("/statuses"))
				return [status(1, "in_progress", "2026-11-22T02:01:00Z"), status(2, "success", "2026-11-22T02:04:00Z")];
			const { deployment } = gitHubDeployment();
			const base = `${page.url}/repos/vendor/policy-api`;
			const old = { ...deployment, id: 1, created_at: "2026-11-01T02:00:00Z" };
			return [{ ...deployment, statuses_url: `${base}/deployments/145988746/statuses`, repository_url: base }, old];
		});
		const it = await pulling(
			page,
			{ kind: "github", gives: "changes", components: { "vendor/policy-api": ["policy"] } },
			{ urls: [`${page.url}/repos/vendor/policy-api/deployments`] },
		);
		await it.turn();
		await it.turn(EVERY_MS);
		expect(await it.changes()).toMatchObject([
			{
				id: "deployment:vendor/policy-api:145988746",
				workload: "policy",
				state: "succeeded",
				ring: "ring-2",
				endedAt: at(2, 4),
			},
		]);
		expect(page.asked).toHaveLength(4);
	});

	test("is what answered, when one of several addresses does not; what is well is then not known", async () => {
		const page = await feedPage(({ url }, response) => {
			if (url !== "/b") return summary("major_outage");
			response.statusCode = 500;
			return "no";
		});
		const it = await pulling(page, {}, { urls: [`${page.url}/a`, `${page.url}/b`] });
		await it.turn();
		expect(await it.word()).toMatchObject({ state: "outage" });
		expect(it.status()).toMatchObject({ state: "failing", misses: 1 });
		for (let k = 0; k < 4; k++) await it.turn(EVERY_MS);
		expect(await it.word()).toMatchObject({ state: "unknown", why: "stale" });
	});

	test("waits for room on the disk, which is no fault of the feed", async () => {
		const page = await feedPage(() => summary("operational"));
		const it = await pulling(page);
		it.setDiskFree(1_000);
		expect(await it.turn()).toBe(60_000);
		expect(await it.state()).toMatchObject({ state: "waiting" });
		expect(it.status()).toMatchObject({
			misses: 0,
			failures: {},
			error: { message: "the answer could not be kept: the disk of the data folder has 1000 bytes left" },
		});
		it.setDiskFree(1e9);
		await it.turn(60_000);
		expect(await it.word()).toMatchObject({ state: "operational" });
	});

	test("is told again each hour, for an alert that is not told for a day fades", async () => {
		const page = await feedPage(() => summary("degraded_performance"));
		const it = await pulling(page, { expectEveryMs: 2 * HOUR_MS });
		const toldAt = async () =>
			Math.max(
				...(await it.store.db.selectFrom("platform_health").select("received_at").execute()).map(
					(row) => row.received_at,
				),
			);
		await it.turn();
		const first = await toldAt();
		await it.turn(EVERY_MS);
		expect(await toldAt()).toBe(first);
		await it.turn(HOUR_MS);
		expect(await toldAt()).toBe(it.clock.now());
	});
});

describe("the schedule", () => {
	test("keeps to Retry-After, but for a day at most", async () => {
		const page = await feedPage((_, response) => {
			response.writeHead(429, { "retry-after": "120" }).end();
			return undefined;
		});
		const it = await pulling(page);
		expect(await it.turn()).toBe(120_000);
		page.answer = (_, response) => {
			response.writeHead(503, { "retry-after": "999999999" }).end();
			return undefined;
		};
		expect(await it.turn(120_000)).toBe(24 * HOUR_MS);
		expect(it.status()).toMatchObject({ failures: { throttled: 2 } });
	});

	test("is each feed's own: a change of one leaves the others what they know of their last answer", async () => {
		const page = await feedPage((_, response) => {
			response.setHeader("etag", '"v1"');
			return summary("operational");
		});
		const it = await pulling(page);
		await it.turn();
		await it.pulls.configure([it.feed], [page.host]);
		await it.turn(EVERY_MS);
		expect(page.asked.at(-1)?.headers).toMatchObject({ "if-none-match": '"v1"' });
		// With another address that may be reached it is another feed: it begins anew.
		await it.configure([page.host, "127.0.0.1:9"]);
		await it.turn(EVERY_MS);
		expect(page.asked.at(-1)?.headers["if-none-match"]).toBeUndefined();
	});
});
