import { expect, onTestFinished, test } from "vitest";
import type { Source } from "#catalogue";
import { exampleCatalogue } from "../../testing/catalogue.ts";
import { settings } from "../../testing/engine.ts";
import { exampleFeed } from "../../testing/feed-messages.ts";
import { type FeedPage, feedPage } from "../../testing/feed-page.ts";
import type { PulledFacts, PulledFeed } from "./feed-puller.ts";
import { startPullControl } from "./pull-control.ts";

/** A thread takes its time to start on a busy machine. */
const PATIENCE = { timeout: 20_000 };

function pulledFeed(page: FeedPage, displayName: string): PulledFeed {
	const auth = { kind: "none" } as const;
	const pull = {
		urls: [page.url],
		everyMs: 10_000,
		auth,
		timeoutMs: 5_000,
		maxResponseBytes: 10_000,
		subscriptions: [],
	};
	return { ...exampleFeed({ displayName }), pull };
}

/** The real pull thread, with a store that keeps what it is told. */
function controlled(feeds: readonly PulledFeed[], sources: readonly Source[], hosts: readonly string[]) {
	const base = exampleCatalogue();
	const catalogueOf = (given: readonly PulledFeed[]) => ({
		...base,
		settings: { ...base.settings, egress: { allow: [...hosts] } },
		slos: base.slos.slice(0, 1),
		feeds: given,
		sources: [...sources],
	});
	const kept: PulledFacts[] = [];
	const waiting: { readonly count: number; done(): void }[] = [];
	const control = startPullControl({
		catalogue: catalogueOf(feeds),
		telemetry: {
			takePulled: () => new Promise(() => {}),
			pullState: async () => undefined,
		},
		keepFeed: async (facts) => {
			kept.push(facts);
			for (const { count, done } of waiting) if (kept.length >= count) done();
			return { status: "kept" };
		},
		onError: (error) => {
			throw error;
		},
	});
	onTestFinished(() => control.stop());
	return {
		control,
		kept,
		configure: (given: readonly PulledFeed[]) => control.configure(catalogueOf(given)),
		whenKept: (count: number) =>
			new Promise<void>((done) => {
				if (kept.length >= count) done();
				else waiting.push({ count, done });
			}),
	};
}

test("a feed alone starts the pull thread, which parses what it says", async () => {
	const page = await feedPage(() => ({ components: [{ name: "Policy API", status: "major_outage" }] }));
	const { whenKept, kept } = controlled([pulledFeed(page, "Status")], [], [page.host]);
	await whenKept(1);
	expect(kept[0]).toMatchObject({
		feed: "status",
		provesLife: true,
		parsed: { gives: "platform-health", facts: [{ component: ["Policy API"], state: "outage" }] },
	});
});

test("a feed that changes begins anew and breaks off no query of a source; one that goes is told of no more", async () => {
	const page = await feedPage(() => ({ components: [] }));
	const engine = await feedPage(() => undefined);
	const slo = exampleCatalogue().slos[0]?.name ?? "";
	const query = { slo, text: "SELECT 1", columns: { tenant: "tenant", time: "time", good: "good", total: "total" } };
	const pull = settings(engine.url, { queries: [{ ...query, tenantAttribute: "tenant" }], timeoutMs: 60_000 });
	const source: Source = { name: "db", displayName: "DB", kind: "clickhouse", pull };
	const { whenKept, configure, control } = controlled([pulledFeed(page, "Status")], [source], [page.host, engine.host]);
	await whenKept(1);
	await expect.poll(() => engine.asked.length, PATIENCE).toBe(1);
	configure([pulledFeed(page, "Status page")]);
	await whenKept(2);
	expect(engine.asked).toHaveLength(1);
	await expect
		.poll(() => control.feedStatuses(), PATIENCE)
		.toMatchObject([{ feed: "status", state: "ok", requests: 1 }]);
	configure([]);
	expect(control.feedStatuses()).toEqual([]);
});
