import { HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { mergeIncident } from "#incidents";
import { scopeOf } from "#platform";
import { breachOpened, START } from "../../../testing/catalogue.ts";
import { ALL, OPERATOR, openRooms } from "../../../testing/rooms.ts";
import { inhibition, maintenance, route, routedCatalogue } from "../../../testing/routing.ts";
import { changeMute, endMute, handOff, listMutes, makeMute, routingView, takeHandOff } from "../index.ts";
import { namesOf } from "./words.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

const GROUPED = { root: route("default", "", { groupWaitMs: 10 * SECOND_MS }) };

async function rooms(catalogue: ReturnType<typeof routedCatalogue>) {
	const opened = await openRooms(catalogue);
	onTestFinished(() => opened.remove());
	const { store, deps, clock } = opened;
	const request = () => ({ scope: ALL, principal: OPERATOR, requestId: "r1", now: clock.now() });
	const breach = (tenant: string, slo: string) => opened.open(breachOpened(tenant, { slo, detectedAt: clock.now() }));
	const mute = (matchers: string, lengthMs: number, startsInMs = 0) =>
		store.transaction((tx) =>
			makeMute(tx, deps, request(), {
				matchers: [matchers],
				owner: "n.patel",
				reason: "load test",
				startsAt: clock.now() + startsInMs,
				endsAt: clock.now() + startsInMs + lengthMs,
			}),
		);
	const pages = () => opened.sent.filter((message) => message.kind === "page" && message.address === "m-ito");
	const routing = (id: string) => routingView(store.db, ALL, id);
	const timelineHas = async (id: string, part: string) =>
		expect((await opened.timeline(id)).filter((line) => line.includes(part)).length, `${id}: ${part}`).toBeGreaterThan(
			0,
		);
	return { ...opened, breach, mute, pages, routing, request, timelineHas };
}

test("incidents of one tenant and workload within the wait are one page that names all; taking it takes all", async () => {
	const { breach, pass, pages, acknowledge, incident, timelineHas, routing } = await rooms(routedCatalogue(GROUPED));
	await breach("woodgrove", "policy-create");
	await pass(4 * SECOND_MS, SECOND_MS);
	await breach("woodgrove", "policy-read");
	expect(pages()).toEqual([]);
	await pass(7 * SECOND_MS, SECOND_MS);
	expect(pages().length).toBe(1);
	expect(pages()[0]?.payload.text).toContain("INC-1002");
	expect((await routing("INC-1001"))?.names).toEqual(["INC-1002"]);
	await pass(2 * MINUTE_MS, 10 * SECOND_MS);
	const again = pages().at(-1)?.payload.text;
	expect(again).toContain("Nobody has acknowledged it yet. One page for 2 incidents: INC-1001, INC-1002");
	await timelineHas("INC-1002", "It shares the page of INC-1001");
	await acknowledge("INC-1001");
	expect(await incident("INC-1002")).toMatchObject({ state: "acknowledged", acknowledgedBy: "n.patel" });
	expect((await routing("INC-1002"))?.state).toBe("over");
});

test("a page names twenty of those that share it, and how many more", () => {
	const many = Array.from({ length: 23 }, (_, k) => ({ id: `INC-${k}`, title: "Slow" }));
	expect(namesOf(many)).toMatch(/^INC-0 \(Slow\), .*INC-19 \(Slow\) and 3 more$/);
	expect(namesOf(many.slice(0, 2))).toBe("INC-0 (Slow), INC-1 (Slow)");
});

test("the first page of a group leaves within half a minute; other groups do not wait for it", async () => {
	const { breach, pass, incident } = await rooms(routedCatalogue(GROUPED));
	await breach("woodgrove", "policy-create");
	await breach("woodgrove", "mail-create");
	await breach("city-power", "policy-create");
	await pass(30 * SECOND_MS, SECOND_MS);
	for (const id of ["INC-1001", "INC-1002", "INC-1003"])
		expect((await incident(id))?.pagedAt).toBe(START + 10 * SECOND_MS);
});

test("who comes later joins the page of its group, five minutes after the last one", async () => {
	const { breach, pass, routing, timelineHas, db } = await rooms(routedCatalogue(GROUPED));
	await breach("woodgrove", "policy-create");
	await pass(30 * SECOND_MS);
	await breach("woodgrove", "policy-read");
	expect(await routing("INC-1002")).toMatchObject({ state: "waiting", pageAt: START + 5 * MINUTE_MS + 10 * SECOND_MS });
	await pass(5 * MINUTE_MS);
	expect(await routing("INC-1002")).toMatchObject({ state: "sharing", leadId: "INC-1001" });
	await timelineHas("INC-1001", "The page also names INC-1002");
	const chains = await db.selectFrom("escalations").select("incident_id").where("state", "=", "running").execute();
	expect(chains.map((chain) => chain.incident_id)).toEqual(["INC-1001"]);
});

test("when the incident that led a page is resolved, who shared it gets a chain of its own", async () => {
	const { breach, pass, resolve, routing, db } = await rooms(routedCatalogue(GROUPED));
	await breach("woodgrove", "policy-create");
	await breach("woodgrove", "policy-read");
	await pass(11 * SECOND_MS);
	await resolve("INC-1001", "noise", "a test");
	const chains = await db.selectFrom("escalations").select("incident_id").where("state", "=", "running").execute();
	expect(chains.map((chain) => chain.incident_id)).toEqual(["INC-1002"]);
	expect((await routing("INC-1002"))?.state).toBe("paging");
});

test("an incident that is muted when it opens is recorded, shown and counted, and pages when the mute ends", async () => {
	const { breach, mute, pass, pages, routing, timelineHas, db, clock } = await rooms(routedCatalogue({}));
	const made = await mute('tenant="woodgrove", workload="policy"', 20 * MINUTE_MS);
	expect(made).toMatchObject({ status: "made", mute: { state: "active", heldCount: 0 } });
	await breach("woodgrove", "policy-create");
	await breach("woodgrove", "mail-create");
	await pass(19 * MINUTE_MS, MINUTE_MS);
	expect(new Set(pages().map((page) => page.incidentId))).toEqual(new Set(["INC-1002"]));
	expect(await routing("INC-1001")).toMatchObject({ state: "held", holds: [{ kind: "mute", endedAt: undefined }] });
	await timelineHas("INC-1001", "No page: held back by a mute");
	const [listed] = await listMutes(db, ALL, { now: clock.now() });
	expect(listed).toMatchObject({ heldCount: 1, holding: ["INC-1001"] });
	await pass(MINUTE_MS + SECOND_MS);
	expect(pages().some((page) => page.incidentId === "INC-1001")).toBe(true);
	expect((await listMutes(db, ALL, { now: clock.now(), over: true }))[0]).toMatchObject({ heldCount: 1, holding: [] });
});

test("what no longer burns when its mute ends wakes nobody, and pages when the signal returns", async () => {
	const { breach, mute, close, pass, pages, routing, timelineHas, incident, clock } = await rooms(routedCatalogue({}));
	await mute('tenant="woodgrove"', 10 * MINUTE_MS);
	await breach("woodgrove", "policy-create");
	await pass(MINUTE_MS);
	await close("woodgrove", "policy-create");
	await pass(10 * MINUTE_MS, MINUTE_MS);
	expect(pages()).toEqual([]);
	expect((await incident("INC-1001"))?.state).toBe("detected");
	expect((await routing("INC-1001"))?.state).toBe("quiet");
	await timelineHas("INC-1001", "It no longer burns");
	clock.advance(MINUTE_MS);
	await breach("woodgrove", "policy-create");
	await pass(SECOND_MS);
	expect(pages().map((page) => page.incidentId)).toEqual(["INC-1001"]);
});

test("a mute ends what pages already; ending the mute by hand pages again at once", async () => {
	const { breach, mute, pass, pages, store, deps, request, routing } = await rooms(routedCatalogue({}));
	await breach("woodgrove", "policy-create");
	await pass(SECOND_MS);
	expect(pages().length).toBe(1);
	const made = await mute('slo="policy-create"', HOUR_MS);
	if (made.status !== "made") throw new Error(made.status);
	await pass(20 * MINUTE_MS, MINUTE_MS);
	expect(pages().length).toBe(1);
	expect((await routing("INC-1001"))?.state).toBe("held");
	await store.transaction((tx) => endMute(tx, deps, request(), made.mute.id));
	await pass(SECOND_MS);
	expect(pages().length).toBe(2);
});

test("a mute that begins later holds back from then on, reminds before its end, and can be put off", async () => {
	const { breach, mute, pass, pages, store, deps, request, db, clock } = await rooms(routedCatalogue({}));
	const made = await mute('tenant="woodgrove"', 2 * HOUR_MS, HOUR_MS);
	if (made.status !== "made") throw new Error(made.status);
	expect(made.mute.state).toBe("pending");
	await breach("woodgrove", "policy-create");
	await pass(SECOND_MS);
	expect(pages().length).toBe(1);
	await pass(HOUR_MS, MINUTE_MS);
	const before = pages().length;
	await pass(30 * MINUTE_MS, MINUTE_MS);
	expect(pages().length).toBe(before);
	const endsAt = clock.now() + 5 * HOUR_MS;
	const change = { id: made.mute.id, endsAt, expectedVersion: 1 };
	expect(await store.transaction((tx) => changeMute(tx, deps, request(), change))).toMatchObject({ status: "changed" });
	expect(await store.transaction((tx) => changeMute(tx, deps, request(), change))).toMatchObject({
		status: "conflict",
	});
	await pass(4 * HOUR_MS + MINUTE_MS, 5 * MINUTE_MS);
	const told = await db.selectFrom("events").select("type").where("type", "like", "mute.%").orderBy("seq").execute();
	expect(told.map((event) => event.type)).toEqual(["mute.made", "mute.started", "mute.changed", "mute.ending"]);
	expect(pages().length).toBe(before);
	await pass(HOUR_MS, 5 * MINUTE_MS);
	expect(pages().length).toBeGreaterThan(before);
});

test.each([
	{ name: "no reason", matchers: 'tenant="woodgrove"', reason: " ", lengthMs: HOUR_MS, field: "reason" },
	{ name: "longer than thirty days", matchers: 'tenant="woodgrove"', lengthMs: 31 * 24 * HOUR_MS, field: "endsAt" },
	{ name: "an end in the past", matchers: 'tenant="woodgrove"', lengthMs: -HOUR_MS, field: "endsAt" },
	{ name: "a tenant that is not there", matchers: 'tenant="woodgrov"', lengthMs: HOUR_MS, field: "matchers" },
	{ name: "a label that no incident has", matchers: 'tennant="woodgrove"', lengthMs: HOUR_MS, field: "matchers" },
	{ name: "everything", matchers: 'tenant=~".*"', lengthMs: HOUR_MS, field: "matchers" },
	{ name: "no matcher", matchers: "{}", lengthMs: HOUR_MS, field: "matchers" },
])("a mute with $name is refused", async ({ matchers, reason = "x", lengthMs, field }) => {
	const { store, deps, request, clock } = await rooms(routedCatalogue({}));
	const wanted = { matchers: [matchers], owner: "n.patel", reason, endsAt: clock.now() + lengthMs };
	const outcome = await store.transaction((tx) => makeMute(tx, deps, request(), wanted));
	expect(outcome).toMatchObject({ status: "refused", field });
});

test("during maintenance incidents open, are recorded and page at its end", async () => {
	const windows = [{ from: START - HOUR_MS, until: START + HOUR_MS }];
	const catalogue = routedCatalogue({ maintenance: [maintenance({ workloads: ["policy"], windows })] });
	const { breach, pass, pages, routing } = await rooms(catalogue);
	await breach("woodgrove", "policy-create");
	await pass(50 * MINUTE_MS, 5 * MINUTE_MS);
	expect(pages()).toEqual([]);
	expect(await routing("INC-1001")).toMatchObject({ state: "held", holds: [{ kind: "maintenance", ref: "upgrade" }] });
	await pass(11 * MINUTE_MS, MINUTE_MS);
	expect(pages().length).toBeGreaterThan(0);
});

test("maintenance that the catalogue takes back lets its incidents page within five minutes", async () => {
	const windows = [{ from: START - HOUR_MS, until: START + HOUR_MS }];
	const { breach, pass, pages, setCatalogue } = await rooms(
		routedCatalogue({ maintenance: [maintenance({ workloads: ["policy"], windows })] }),
	);
	await breach("woodgrove", "policy-create");
	await pass(MINUTE_MS);
	setCatalogue(routedCatalogue({}));
	await pass(5 * MINUTE_MS);
	expect(pages().length).toBeGreaterThan(0);
});

test("an incident is inhibited while another of the same tenant burns, and pages when that is over", async () => {
	const rule = inhibition("sign-in first", 'slo="policy-create"', 'workload="mail"', ["tenant"]);
	const { breach, close, pass, pages, routing } = await rooms(routedCatalogue({ inhibitions: [rule] }));
	await breach("woodgrove", "policy-create");
	await breach("woodgrove", "mail-read");
	await breach("city-power", "mail-read");
	await pass(MINUTE_MS);
	expect(new Set(pages().map((page) => page.incidentId))).toEqual(new Set(["INC-1001", "INC-1003"]));
	expect(await routing("INC-1002")).toMatchObject({ state: "held", holds: [{ kind: "inhibition", ref: "INC-1001" }] });
	await close("woodgrove", "policy-create");
	await pass(SECOND_MS);
	expect(pages().some((page) => page.incidentId === "INC-1002")).toBe(true);
});

test("a route that only tells pages nobody; told again, and told when it is over", async () => {
	const root = route("default", "", {
		groupWaitMs: 0,
		routes: [
			route("default/mail", 'workload="mail"', {
				pages: false,
				tell: [{ channel: "hook", address: "https://chat.example/mail" }],
				repeatIntervalMs: HOUR_MS,
			}),
		],
	});
	const { breach, pass, sent, pages, acknowledge, resolve, timelineHas } = await rooms(routedCatalogue({ root }));
	await breach("woodgrove", "mail-read");
	await pass(HOUR_MS + MINUTE_MS, MINUTE_MS);
	expect(pages()).toEqual([]);
	const told = () => sent.filter((message) => message.address === "https://chat.example/mail");
	expect(told().map((message) => message.payload.data.type)).toEqual(["incident.told", "incident.told"]);
	await timelineHas("INC-1001", "pages nobody for it");
	await acknowledge("INC-1001");
	await resolve("INC-1001", "noise", "a test");
	await pass(2 * HOUR_MS, 10 * MINUTE_MS);
	expect(told().map((message) => message.payload.subject.startsWith("Resolved: "))).toEqual([false, false, true]);
});

test("who is told hears of an incident that was acknowledged, or merged, before the message could leave", async () => {
	const tell = [{ channel: "hook", address: "https://chat.example/mail" }];
	const root = route("default", "", { groupWaitMs: 0, groupBy: ["..."], tell });
	const { breach, pass, sent, acknowledge, setAnswer, store, deps, request } = await rooms(routedCatalogue({ root }));
	setAnswer(() => ({ status: "retry", detail: "503" }));
	await breach("woodgrove", "mail-read");
	await breach("woodgrove", "mail-create");
	await pass(SECOND_MS);
	await acknowledge("INC-1001");
	const merge = { ...request(), incidentId: "INC-1002", into: "INC-1001" };
	await store.transaction((tx) => mergeIncident(tx, deps, merge));
	setAnswer(() => ({ status: "sent", detail: "taken" }));
	await pass(5 * MINUTE_MS, 30 * SECOND_MS);
	const told = sent.filter((message) => message.address === "https://chat.example/mail");
	expect(new Set(told.map((message) => message.incidentId))).toEqual(new Set(["INC-1001", "INC-1002"]));
	expect(sent.filter((message) => message.address === "m-ito")).toEqual([]);
});

test("a decision that fails pages, and says so", async () => {
	const catalogue = routedCatalogue(GROUPED);
	const broken = { ...catalogue, routing: { ...catalogue.routing, inhibitions: null } } as unknown as typeof catalogue;
	const { breach, pass, pages, timelineHas } = await rooms(broken);
	await breach("woodgrove", "policy-create");
	await pass(SECOND_MS);
	expect(pages().length).toBe(1);
	await timelineHas("INC-1001", "Routing failed, so it pages all the same");
});

test("every incident that is not settled has its next step: a chain that runs or a look that waits", async () => {
	const { breach, mute, pass, db } = await rooms(routedCatalogue(GROUPED));
	await mute('workload="mail"', HOUR_MS);
	for (const tenant of ["woodgrove", "city-power"])
		for (const slo of ["policy-create", "policy-read", "mail-create", "mail-read"]) await breach(tenant, slo);
	for (let minute = 0; minute < 12; minute++) {
		const open = await db.selectFrom("incidents").select("id").where("state", "=", "detected").execute();
		const timers = await db
			.selectFrom("timers")
			.select(["incident_id", "kind"])
			.where("state", "=", "pending")
			.execute();
		const withStep = new Set(
			timers
				.filter(({ kind }) => kind === "escalation.next" || kind === "routing.look")
				.map((each) => each.incident_id),
		);
		expect(open.filter(({ id }) => !withStep.has(id))).toEqual([]);
		await pass(MINUTE_MS);
	}
});

const OWNED = {
	ownership: [
		{
			name: "policy",
			place: "ownership/policy.yaml:1",
			workload: "policy",
			team: "Policy team",
			parties: [
				{ name: "Engineering" as const, team: "Policy team", escalation: "default", takeWithinMs: 30 * MINUTE_MS },
			],
			steps: [{ step: "respond" as const, parts: [{ party: "Engineering" as const, part: "RA" as const }] }],
		},
	],
};

test("who is handed an incident is paged, and again when it is not taken in time; taking it stops the clock", async () => {
	const { breach, acknowledge, pass, pages, store, deps, request, timelineHas } = await rooms(routedCatalogue(OWNED));
	await breach("woodgrove", "policy-create");
	await acknowledge("INC-1001");
	await pass(MINUTE_MS);
	const asked = () => ({ ...request(), incidentId: "INC-1001" });
	const before = pages().length;
	const wanted = { party: "Engineering" as const, reason: "the last build fails" };
	expect(await store.transaction((tx) => handOff(tx, deps, asked(), wanted))).toMatchObject({
		status: "changed",
		handOff: { state: "waiting", takeBy: request().now + 30 * MINUTE_MS },
	});
	await pass(SECOND_MS);
	expect(pages().length).toBe(before + 1);
	expect(pages().at(-1)?.payload.text).toContain("hands this to Policy team: the last build fails");
	await pass(31 * MINUTE_MS, MINUTE_MS);
	await timelineHas("INC-1001", "Policy team has not taken it within 30 min");
	expect(pages().length).toBe(before + 2);
	expect(await store.transaction((tx) => takeHandOff(tx, deps, asked()))).toMatchObject({
		handOff: { state: "taken" },
	});
	await timelineHas("INC-1001", "took it for Policy team");
});

test("an incident cannot be handed to a party that cannot be paged", async () => {
	const { breach, store, deps, request } = await rooms(routedCatalogue(OWNED));
	await breach("woodgrove", "policy-create");
	const asked = { ...request(), incidentId: "INC-1001" };
	const outcome = await store.transaction((tx) => handOff(tx, deps, asked, { party: "CARE", reason: "x" }));
	expect(outcome).toMatchObject({ status: "refused", remedy: "Choose Engineering." });
});

test("steps of the wall clock neither hold a group's page up nor end a mute early", async () => {
	for (const stepMs of [3 * HOUR_MS, -2 * HOUR_MS]) {
		const { breach, mute, pass, followClock, clock, incident, routing } = await rooms(routedCatalogue(GROUPED));
		await followClock();
		await mute('tenant="city-power"', 10 * HOUR_MS);
		await breach("woodgrove", "policy-create");
		await breach("city-power", "policy-create");
		clock.step(stepMs);
		await followClock();
		await pass(15 * SECOND_MS, SECOND_MS);
		expect((await incident("INC-1001"))?.pagedAt, String(stepMs)).toBeDefined();
		await breach("woodgrove", "policy-read");
		await pass(6 * MINUTE_MS);
		expect((await incident("INC-1003"))?.pagedAt, String(stepMs)).toBeDefined();
		expect((await routing("INC-1002"))?.state).toBe("held");
		await pass(10 * HOUR_MS - stepMs, 10 * MINUTE_MS);
		expect((await routing("INC-1002"))?.state).toBe("paging");
	}
});

test("whoever may see some tenants mutes those alone, and learns of no others", async () => {
	const { breach, store, deps, clock, pages, pass, db } = await rooms(routedCatalogue({}));
	const principal = { name: "ana", role: "responder" as const, tenants: ["woodgrove"] };
	const scope = scopeOf(principal);
	const request = { scope, principal, requestId: "r", now: clock.now() };
	const wanted = { owner: "ana", reason: "x", endsAt: clock.now() + HOUR_MS };
	const make = (matchers: string) =>
		store.transaction((tx) => makeMute(tx, deps, request, { ...wanted, matchers: [matchers] }));
	expect(await make('tenant="city-power"')).toEqual({
		...(await make('tenant="nobody"')),
		message: 'tenant="city-power" matches no incident that could open.',
	});
	expect((await make('slo="policy-create"')).status).toBe("made");
	await breach("woodgrove", "policy-create");
	await breach("city-power", "policy-create");
	await pass(SECOND_MS);
	expect(new Set(pages().map((page) => page.tenant))).toEqual(new Set(["city-power"]));
	const other = scopeOf({ name: "bo", role: "responder", tenants: ["city-power"] });
	expect(await listMutes(db, other, { now: clock.now() })).toEqual([]);
	expect((await listMutes(db, scope, { now: clock.now() }))[0]).toMatchObject({ holding: ["INC-1001"] });
	expect(await routingView(db, other, "INC-1001")).toBeUndefined();
});
