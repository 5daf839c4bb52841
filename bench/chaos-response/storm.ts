import { ManualClock } from "@bellwether/model";
import { temporaryControlStore } from "../../packages/server/src/adapters/sqlite/control-store-temporary.ts";
import { NO_ROUTING } from "../../packages/server/src/catalogue/index.ts";
import { createDispatcher, type Message } from "../../packages/server/src/platform/index.ts";
import { DEFAULT_PAGES_PER_HOUR, recordPageOutcome } from "../../packages/server/src/response/index.ts";
import { START } from "../../packages/server/testing/catalogue.ts";
import { route } from "../../packages/server/testing/routing.ts";
import { catalogueOf, person, wire } from "./world.ts";

const BREACHES = 1_000;
const WITHIN_MS = 10_000;
const HOUR_MS = 3_600_000;

const GROUPED = route("default", "", { groupWaitMs: 10_000, groupIntervalMs: 300_000, groupBy: ["workload"] });
const TOLD = { pages: false, tell: [{ channel: "other", address: "https://a.example/platform" }] };

/** With one cause the platform's incident speaks for all, unless its route only tells: then each pages by itself. */
export const STORMS = [
	{ name: "one cause", isShared: true, mostPaging: 3 },
	{ name: "many causes", isShared: false },
	{ name: "one cause, grouped by routes", isShared: true, mostPaging: 3, root: GROUPED },
	{ name: "many causes, grouped by routes", isShared: false, root: GROUPED },
	{
		name: "one cause, of which routes only tell",
		isShared: true,
		root: route("default", "", { groupWaitMs: 0, routes: [route("platform", 'scope="platform"', TOLD)] }),
	},
] as const;

/** A thousand breaches in ten seconds, then an hour in which nobody acknowledges; one person is on call, one leads. */
export async function runStorm({ isShared, ...rules }: (typeof STORMS)[number]) {
	const clock = new ManualClock(START);
	const temporary = await temporaryControlStore(clock);
	const { store } = temporary;
	const people = [person("ana", "https://a.example/ana"), person("lead", "https://a.example/lead")];
	const policy = {
		repeatEveryMs: 300_000,
		steps: [
			{ afterMs: 0, notify: { person: "ana" } },
			{ afterMs: 900_000, notify: { person: "lead" } },
		],
	};
	const plain = catalogueOf(BREACHES, people, policy, [], DEFAULT_PAGES_PER_HOUR);
	const catalogue = "root" in rules ? { ...plain, routing: { ...NO_ROUTING, root: rules.root } } : plain;
	const errors: string[] = [];
	const { open, timers, deps } = wire(store, clock, catalogue, (error) => errors.push(String(error)));
	const told = new Set<string>();
	const sent: { readonly at: number; readonly message: Message }[] = [];
	const dispatcher = createDispatcher({
		store,
		clock,
		senders: () => ({
			async send(message) {
				if (message.payload.data.type === "incident.told") for (const name of namesOf(message)) told.add(name);
				else sent.push({ at: clock.now(), message });
				return { status: "sent", detail: "taken" };
			},
		}),
		onOutcome: (tx, message, outcome) => recordPageOutcome(tx, deps, message, outcome),
		onError: (error) => errors.push(String(error)),
	});
	const began = performance.now();
	let firstWallMs = Number.NaN;
	const step = async (ms: number) => {
		clock.advance(ms);
		while ((await timers.runDue(clock.now())) > 0);
		await dispatcher.runDue(clock.now());
		if (Number.isNaN(firstWallMs) && sent.length > 0) firstWallMs = performance.now() - began;
	};
	for (let k = 0; k < BREACHES; k++) {
		// With one cause the first two look like their own, until the detector sees the others.
		await open(`t${k}`, isShared && k >= 2 ? "platform" : "tenant");
		if (k % 100 === 99) await step(WITHIN_MS / 10);
	}
	const stormWallMs = performance.now() - began;
	for (let passed = 0; passed < HOUR_MS; passed += 10_000) await step(10_000);
	const incidents = await store.db.selectFrom("incidents").selectAll().execute();
	// Those that no other speaks for: they stand by themselves, or are routed by themselves.
	const routed = await store.db.selectFrom("routed").select("incident_id").where("state", "!=", "over").execute();
	const byThemselves = new Set(routed.map((row) => row.incident_id));
	const unspoken = incidents.filter(({ id, parent_id }) => parent_id === null || byThemselves.has(id));
	const named = new Set(sent.flatMap(({ message }) => namesOf(message)));
	// The text of a page names those that share it; their own timelines say whose it is.
	const sharing = await store.db
		.selectFrom("routed")
		.select(["incident_id", "lead_id"])
		.where("lead_id", "is not", null)
		.execute();
	for (const { incident_id, lead_id } of sharing) if (named.has(lead_id ?? "")) named.add(incident_id);
	const recorded = await store.db.selectFrom("waiting_pages").select("incident_id").execute();
	const known = new Set([...named, ...told, ...recorded.map((row) => row.incident_id)]);
	const firstNamed = sent.map(({ message }) => namesOf(message));
	const result = {
		breaches: BREACHES,
		incidents: incidents.length,
		pagingIncidents: named.size,
		firstPageMs: (sent[0]?.at ?? Number.POSITIVE_INFINITY) - START,
		firstPageWallMs: Math.round(firstWallMs),
		stormWallMs: Math.round(stormWallMs),
		allNamedAfterMs: whenAllNamed(sent, new Set(sent.flatMap(({ message }) => namesOf(message))).size) - START,
		pages: sent.length,
		told: told.size,
		sharing: sharing.length,
		mostNamedByOne: Math.max(...firstNamed.map((names) => names.length)),
		mostInAnHour: mostInAnHour(sent),
		cap: DEFAULT_PAGES_PER_HOUR,
		unrecorded: unspoken.filter(({ id }) => !known.has(id)).length,
		errors: errors.slice(0, 5),
	};
	await temporary.remove();
	return result;
}

function namesOf(message: Message): readonly string[] {
	const { incident, incidents } = message.payload.data as { incident: string; incidents?: readonly string[] };
	return incidents ?? [incident];
}

function whenAllNamed(sent: readonly { readonly at: number; readonly message: Message }[], count: number): number {
	const named = new Set<string>();
	for (const { at, message } of sent) {
		for (const name of namesOf(message)) named.add(name);
		if (named.size >= count) return at;
	}
	return Number.POSITIVE_INFINITY;
}

function mostInAnHour(sent: readonly { readonly at: number; readonly message: Message }[]): number {
	return Math.max(
		0,
		...sent.map(
			({ at, message }) =>
				sent.filter((each) => each.message.address === message.address && each.at >= at && each.at < at + HOUR_MS)
					.length,
		),
	);
}
