import { HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { addNote, type Incident, mergeIncident, publishIncidentFact } from "#incidents";
import { breachOpened, START } from "../../testing/catalogue.ts";
import { ALL, OPERATOR, openRooms } from "../../testing/rooms.ts";
import { inhibition, maintenance, route, routedCatalogue } from "../../testing/routing.ts";
import { acknowledgePage, endMute, heldNow, makeMute, routingView } from "./index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

const AFTER = { remindAfterMs: 30 * MINUTE_MS, escalateAfterMs: 15 * MINUTE_MS };

async function rooms(routing: Parameters<typeof routedCatalogue>[0] = {}, isWatched = false) {
	const plain = routedCatalogue(routing);
	const escalations = plain.escalations.map((each) => (isWatched ? { ...each, afterAcknowledge: AFTER } : each));
	const opened = await openRooms({ ...plain, escalations });
	onTestFinished(() => opened.remove());
	const { store, deps, clock, open, sent, request } = opened;
	const asked = () => ({ scope: ALL, principal: OPERATOR, requestId: "r1", now: clock.now() });
	return {
		...opened,
		breach: (tenant: string, slo: string) => open(breachOpened(tenant, { slo, detectedAt: clock.now() })),
		mute: async (matchers: string, lengthMs = HOUR_MS) => {
			const mute = { matchers: [matchers], owner: "n.patel", reason: "known", endsAt: clock.now() + lengthMs };
			const outcome = await store.transaction((tx) => makeMute(tx, deps, asked(), mute));
			if (outcome.status !== "made") throw new Error(outcome.status);
			return outcome.mute.id;
		},
		unmute: (id: string) => store.transaction((tx) => endMute(tx, deps, asked(), id)),
		take: (id: string) => store.transaction((tx) => acknowledgePage(tx, deps, request(id))),
		note: (id: string) => store.transaction((tx) => addNote(tx, deps, { ...request(id), text: "Looking." })),
		merge: (id: string, into: string) => store.transaction((tx) => mergeIncident(tx, deps, { ...request(id), into })),
		/** How many pages m-ito got for each incident since `from` messages had left. */
		pages: (from = 0) => sent.slice(from).filter((message) => message.kind === "page" && message.address === "m-ito"),
		says: async (id: string, part: string) =>
			expect(
				(await opened.timeline(id)).filter((line) => line.includes(part)).length,
				`${id}: ${part}`,
			).toBeGreaterThan(0),
		held: async (id: string) => (await heldNow(store.db, ALL)).get(id)?.kind,
		state: async (id: string) => (await routingView(store.db, ALL, id))?.state,
	};
}

describe("what begins after the first page stops the paging when the next page is due, and it begins anew at its end", () => {
	test("planned maintenance", async () => {
		const windows = [{ from: START + 5 * MINUTE_MS, until: START + HOUR_MS }];
		const { breach, pass, pages, sent, state, held, says } = await rooms({
			maintenance: [maintenance({ workloads: ["policy"], windows })],
		});
		await breach("woodgrove", "policy-create");
		await pass(8 * MINUTE_MS, 30 * SECOND_MS);
		expect([await state("INC-1001"), await held("INC-1001")]).toEqual(["held", "maintenance"]);
		await says("INC-1001", "No page: held back by planned maintenance");
		const before = sent.length;
		await pass(50 * MINUTE_MS, MINUTE_MS);
		expect(pages(before)).toEqual([]);
		await pass(3 * MINUTE_MS, MINUTE_MS);
		expect(pages(before).length).toBeGreaterThan(0);
		expect(await state("INC-1001")).toBe("paging");
	});

	test("another incident that inhibits it; the page that it shared leads on without it", async () => {
		const rule = inhibition("sign-in first", 'slo="mail-create"', 'slo="policy-create"', ["tenant"]);
		const root = route("default", "", { groupWaitMs: SECOND_MS });
		const { breach, close, pass, pages, sent, state } = await rooms({ root, inhibitions: [rule] });
		await breach("woodgrove", "policy-create");
		await breach("woodgrove", "policy-read");
		await pass(MINUTE_MS, SECOND_MS);
		expect(await state("INC-1002")).toBe("sharing");
		await breach("woodgrove", "mail-create");
		await pass(5 * MINUTE_MS, 10 * SECOND_MS);
		expect([await state("INC-1001"), await state("INC-1002")]).toEqual(["held", "paging"]);
		const before = sent.length;
		await close("woodgrove", "mail-create");
		await pass(2 * MINUTE_MS, 10 * SECOND_MS);
		expect(["paging", "sharing"]).toContain(await state("INC-1001"));
		expect(pages(before).length).toBeGreaterThan(0);
	});

	test("of several that hold, lists name the one that lasts longest", async () => {
		const windows = [{ from: START, until: START + 30 * MINUTE_MS }];
		const { breach, pass, mute, held } = await rooms({
			maintenance: [maintenance({ workloads: ["policy"], windows })],
		});
		await mute('tenant="woodgrove", slo="policy-create"', HOUR_MS);
		await mute('tenant="woodgrove", slo="policy-read"', 10 * MINUTE_MS);
		await breach("woodgrove", "policy-create");
		await breach("woodgrove", "policy-read");
		await pass(SECOND_MS);
		expect([await held("INC-1001"), await held("INC-1002")]).toEqual(["mute", "maintenance"]);
	});

	test("a decision that fails goes on paging", async () => {
		const { breach, pass, pages, sent, setCatalogue, deps } = await rooms();
		await breach("woodgrove", "policy-create");
		await pass(MINUTE_MS);
		const whole = deps.catalogue();
		setCatalogue({ ...whole, routing: { ...whole.routing, maintenance: null } } as unknown as typeof whole);
		const before = sent.length;
		await pass(5 * MINUTE_MS, MINUTE_MS);
		expect(pages(before).length).toBeGreaterThan(0);
	});
});

describe("an incident that somebody has", () => {
	async function forgotten(holdIt: (world: Awaited<ReturnType<typeof rooms>>) => Promise<unknown>) {
		const world = await rooms({}, true);
		await world.breach("woodgrove", "policy-create");
		await world.pass(MINUTE_MS);
		await world.take("INC-1001");
		await holdIt(world);
		return { ...world, before: world.sent.length };
	}

	test("and forgot is not paged anew while a mute holds it, which is shown; at once when the mute ends", async () => {
		let id = "";
		const { pass, pages, before, held, says, unmute, incident } = await forgotten(async ({ mute, pass }) => {
			await pass(31 * MINUTE_MS, MINUTE_MS);
			id = await mute('tenant="woodgrove"', 3 * HOUR_MS);
		});
		await pass(HOUR_MS, MINUTE_MS);
		expect(pages(before)).toEqual([]);
		expect(await held("INC-1001")).toBe("mute");
		await says("INC-1001", "No page: held back by a mute");
		await unmute(id);
		await pass(SECOND_MS);
		expect(pages(before).length).toBe(1);
		expect(pages(before)[0]?.payload.text).toContain("acknowledged this, and nothing has happened for");
		expect(await held("INC-1001")).toBeUndefined();
		expect((await incident("INC-1001"))?.state).toBe("acknowledged");
	});

	test("is not paged when somebody did something while it was held back", async () => {
		const { pass, pages, before, note, held } = await forgotten(async ({ mute, pass }) => {
			await pass(31 * MINUTE_MS, MINUTE_MS);
			await mute('tenant="woodgrove"', HOUR_MS);
		});
		await pass(40 * MINUTE_MS, MINUTE_MS);
		await note("INC-1001");
		await pass(28 * MINUTE_MS, MINUTE_MS);
		expect(pages(before)).toEqual([]);
		expect(await held("INC-1001")).toBeUndefined();
	});

	test("and that pages anew already is held back at once by a mute, and acknowledging it ends that", async () => {
		const { pass, pages, mute, sent, take, held } = await forgotten(({ pass }) => pass(48 * MINUTE_MS, MINUTE_MS));
		await mute('tenant="woodgrove"', 10 * MINUTE_MS);
		expect(await held("INC-1001")).toBe("mute");
		const muted = sent.length;
		await pass(9 * MINUTE_MS, MINUTE_MS);
		expect(pages(muted)).toEqual([]);
		await pass(2 * MINUTE_MS, MINUTE_MS);
		expect(pages(muted).length).toBeGreaterThan(0);
		await take("INC-1001");
		const taken = sent.length;
		await pass(20 * MINUTE_MS, MINUTE_MS);
		expect(pages(taken)).toEqual([]);
	});

	test("whose mitigation did not hold is paged when the maintenance is over, and not during it", async () => {
		const windows = [{ from: START + 10 * MINUTE_MS, until: START + HOUR_MS }];
		const { breach, pass, take, mitigate, close, pages, sent, held } = await rooms(
			{ maintenance: [maintenance({ workloads: ["policy"], windows })] },
			true,
		);
		await breach("woodgrove", "policy-create");
		await pass(MINUTE_MS);
		await take("INC-1001");
		await mitigate("INC-1001");
		await close("woodgrove", "policy-create");
		await pass(20 * MINUTE_MS, MINUTE_MS);
		await breach("woodgrove", "policy-create");
		const before = sent.length;
		await pass(30 * MINUTE_MS, MINUTE_MS);
		expect(pages(before)).toEqual([]);
		expect(await held("INC-1001")).toBe("maintenance");
		await pass(10 * MINUTE_MS, MINUTE_MS);
		expect(pages(before)[0]?.payload.text).toContain("the mitigation did not hold");
	});

	test("and that pages anew is taken again by whoever acknowledges its ticket", async () => {
		const { pass, pages, sent, says, store, deps, incident, clock } = await forgotten(({ pass }) =>
			pass(48 * MINUTE_MS, MINUTE_MS),
		);
		const fact = { type: "ticket.acknowledged_there", data: { integration: "PagerDuty" } };
		const who = { name: "PagerDuty: Jane Doe", role: "responder" } as const;
		const taken = (await incident("INC-1001")) as Incident;
		await store.transaction((tx) => publishIncidentFact(tx, deps, taken, who, clock.now(), fact));
		await says("INC-1001", "Acknowledged again by PagerDuty: Jane Doe.");
		const after = sent.length;
		await pass(20 * MINUTE_MS, MINUTE_MS);
		expect(pages(after)).toEqual([]);
	});

	test("before its own chain ran is asked as well when nothing happens", async () => {
		const { breach, mute, take, pass, pages, sent, says } = await rooms({}, true);
		await mute('tenant="woodgrove"', 10 * MINUTE_MS);
		await breach("woodgrove", "policy-create");
		await take("INC-1001");
		const before = sent.length;
		await pass(50 * MINUTE_MS, MINUTE_MS);
		await says("INC-1001", "the escalation begins anew");
		expect(pages(before).length).toBeGreaterThan(0);
	});

	test("because it shared a page is not asked about while the one that led it is worked on", async () => {
		const root = route("default", "", { groupWaitMs: SECOND_MS });
		const { breach, take, note, pass, pages, sent } = await rooms({ root }, true);
		await breach("woodgrove", "policy-create");
		await breach("woodgrove", "policy-read");
		await pass(MINUTE_MS, SECOND_MS);
		await take("INC-1001");
		const before = sent.length;
		for (let quarter = 0; quarter < 4; quarter++) {
			await pass(20 * MINUTE_MS, MINUTE_MS);
			await note("INC-1001");
		}
		expect(pages(before)).toEqual([]);
	});
});

describe("an incident that pages and is merged into one that is held back", () => {
	test("goes on paging, as the mute does not match it; a mute that does holds both back", async () => {
		const { breach, mute, merge, pass, pages, sent, state, says, close } = await rooms();
		await mute('slo="policy-create"', 4 * HOUR_MS);
		await breach("woodgrove", "policy-create");
		await breach("woodgrove", "policy-read");
		await pass(MINUTE_MS);
		expect([await state("INC-1001"), await state("INC-1002")]).toEqual(["held", "paging"]);
		await merge("INC-1002", "INC-1001");
		const before = sent.length;
		await pass(5 * MINUTE_MS, MINUTE_MS);
		expect(new Set(pages(before).map((page) => page.incidentId))).toEqual(new Set(["INC-1001"]));
		await mute('slo="policy-read"');
		expect(await state("INC-1001")).toBe("held");
		await says("INC-1001", "held back by a mute");
		await close("woodgrove", "policy-read");
		const held = sent.length;
		await pass(2 * HOUR_MS, 5 * MINUTE_MS);
		expect(pages(held)).toEqual([]);
	});

	test("goes on paging where that one is only told, and where it was mitigated", async () => {
		const tell = [{ channel: "hook", address: "https://chat.example/mail" }];
		const told = route("told", 'slo="policy-create"', { pages: false, tell });
		const { breach, merge, pass, pages, sent, state } = await rooms({
			root: route("default", "", { groupWaitMs: 0, routes: [told] }),
		});
		await breach("woodgrove", "policy-create");
		await breach("woodgrove", "policy-read");
		await pass(MINUTE_MS);
		await merge("INC-1002", "INC-1001");
		const before = sent.length;
		await pass(3 * MINUTE_MS, MINUTE_MS);
		expect(await state("INC-1001")).toBe("paging");
		expect(pages(before).length).toBeGreaterThan(0);
		const other = await rooms();
		await other.breach("woodgrove", "policy-create");
		await other.take("INC-1001");
		await other.mitigate("INC-1001");
		await other.breach("woodgrove", "policy-read");
		await other.pass(MINUTE_MS);
		await other.merge("INC-1002", "INC-1001");
		const merged = other.sent.length;
		await other.pass(MINUTE_MS);
		expect((await other.incident("INC-1001"))?.state).toBe("investigating");
		expect(other.pages(merged).length).toBe(1);
	});
});
