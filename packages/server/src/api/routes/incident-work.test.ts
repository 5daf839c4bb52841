import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, test, vi } from "vitest";
import { breachOpened, exampleCatalogue, exampleSlo, START } from "../../../testing/catalogue.ts";
import { serveRooms } from "../../../testing/served-rooms.ts";

// A real server and store; on a busy machine they take their time.
vi.setConfig({ testTimeout: 60_000 });

/** INC-1001 and INC-1002 of woodgrove, INC-1003 of city-power, on a real socket. */
async function served() {
	const slos = [exampleSlo("policy-create"), exampleSlo("policy-read")];
	const [kind] = [{ slos: [], sliKinds: ["availability" as const], workloads: [] }];
	const world = await serveRooms({
		catalogue: {
			slos,
			tenants: exampleCatalogue().tenants.map((tenant) => ({ ...tenant, users: 400 })),
			runbooks: [{ name: "fails", displayName: "Calls fail", text: "- [ ] Look.\n", for: kind, notes: {} }],
		},
	});
	await world.claim(breachOpened("woodgrove"));
	await world.claim(breachOpened("woodgrove", { slo: "policy-read" }));
	await world.claim(breachOpened("city-power"));
	const ana = (await world.token("responder", { name: "ana" })).token;
	return {
		...world,
		ana,
		act: (id: string, verb: string, body: unknown = {}, bearer = ana) =>
			world.ask(`/api/v1/incidents/${id}/${verb}`, bearer, { method: "POST", body }),
	};
}

describe("each act answers the incident as it is then", () => {
	test("from a part, a task, a tick and a severity to the review", async () => {
		const { act, ask, ana, clock } = await served();
		expect((await act("INC-1001", "role", { role: "commander", person: "ana" })).body.roles).toEqual([
			{ role: "commander", person: "ana", personDisplayName: "ana", assignedAt: START, assignedBy: "ana" },
		]);
		const { body: tasked } = await act("INC-1001", "tasks", {
			text: "Raise the quota",
			owner: "m-ito",
			dueAt: START + HOUR_MS,
		});
		expect(tasked.tasks).toMatchObject([
			{ text: "Raise the quota", ownerDisplayName: "M. Ito", isOverdue: false, version: 1 },
		]);
		const task = `/api/v1/incidents/INC-1001/tasks/${tasked.tasks[0].id}`;
		const done = await ask(task, ana, { method: "PATCH", body: { done: true } });
		expect(done.body.tasks).toMatchObject([{ doneBy: "ana", version: 2 }]);

		const [runbook] = tasked.runbooks;
		expect(runbook).toMatchObject({
			title: "Calls fail",
			why: "SLIs of availability",
			items: [{ text: "Look.", isDone: false }],
		});
		expect(tasked.runbook).toEqual(["Look."]);
		const ticked = await act("INC-1001", "runbook", { runbook: "fails", item: runbook.items[0].id, done: true });
		expect(ticked.body.runbooks[0].items).toMatchObject([{ isDone: true, changedBy: "ana" }]);

		const severe = await act("INC-1001", "severity", { severity: "1", reason: "the CEO calls" });
		expect(severe.body).toMatchObject({
			severity: { key: "1" },
			severityDetail: {
				ground: { key: "2.5" },
				derived: { key: "2.5" },
				override: { by: "ana", reason: "the CEO calls" },
			},
		});
		expect((await act("INC-1001", "severity", { severity: null })).body.severity.key).toBe("2.5");

		expect((await act("INC-1001", "review")).status).toBe(409);
		await act("INC-1001", "mitigate");
		const resolved = await act("INC-1001", "resolve", { verdict: "real-impact" });
		expect(resolved.body).toMatchObject({ state: "resolved", canReopenUntil: START + HOUR_MS });
		clock.advance(10 * MINUTE_MS);
		expect((await act("INC-1001", "reopen", { reason: "it fails again" })).body).toMatchObject({
			state: "investigating",
			reopenedAt: START + 10 * MINUTE_MS,
			canReopenUntil: null,
		});
		await act("INC-1001", "mitigate");
		await act("INC-1001", "resolve", { verdict: "real-impact" });
		expect((await act("INC-1001", "review", { finding: "The quota was set back." })).body).toMatchObject({
			state: "reviewed",
			reviewedBy: "ana",
		});
		expect((await act("INC-1001", "reopen")).status).toBe(409);
	});
	test("merged, linked and put under a parent", async () => {
		const { act, claim } = await served();
		await claim(breachOpened("", { slo: "policy-read", scope: "platform", detectedAt: START + 20 * MINUTE_MS }));
		expect((await act("INC-1002", "merge", { into: "INC-1001" })).body).toMatchObject({
			mergedInto: "INC-1001",
			verdict: "duplicate",
			links: [{ kind: "merged-into", id: "INC-1001" }],
		});
		expect((await act("INC-1001", "merge", { into: "INC-1003" })).status).toBe(409);
		expect((await act("INC-1003", "link", { other: "INC-1001" })).body.links).toMatchObject([
			{ kind: "related", id: "INC-1001" },
		]);
		expect((await act("INC-1003", "unlink", { other: "INC-1001" })).body.links).toEqual([]);
		expect((await act("INC-1003", "parent", { parent: "INC-1004" })).body.parent).toBe("INC-1004");
		expect((await act("INC-1003", "parent", { parent: null })).body.parent).toBeNull();
	});
});

describe("two people at once", () => {
	test("whoever decides on what has changed meanwhile is told so", async () => {
		const { act, url, ana } = await served();
		await act("INC-1001", "severity", { severity: "2" });
		const answer = await fetch(`${url}/api/v1/incidents/INC-1001/severity`, {
			method: "POST",
			headers: { authorization: `Bearer ${ana}`, "content-type": "application/json", "if-match": '"1"' },
			body: JSON.stringify({ severity: "3" }),
		});
		expect(answer.status).toBe(412);
		expect(answer.headers.get("etag")).toBe('"2"');
	});
	test("a task sent twice with one key is one task; changed meanwhile it is refused", async () => {
		const { url, ana, ask } = await served();
		const send = (path: string, method: string, header: Record<string, string>, body: unknown) =>
			fetch(`${url}${path}`, {
				method,
				headers: { authorization: `Bearer ${ana}`, "content-type": "application/json", ...header },
				body: JSON.stringify(body),
			});
		const path = "/api/v1/incidents/INC-1001/tasks";
		for (let k = 0; k < 2; k++)
			expect((await send(path, "POST", { "idempotency-key": "k-1" }, { text: "once" })).status).toBe(200);
		const { tasks } = (await ask("/api/v1/incidents/INC-1001", ana)).body;
		expect(tasks).toHaveLength(1);
		const task = `${path}/${tasks[0].id}`;
		expect((await send(task, "PATCH", { "if-match": '"1"' }, { text: "more" })).status).toBe(200);
		expect((await send(task, "PATCH", { "if-match": '"1"' }, { text: "less" })).status).toBe(412);
		expect((await send(`${path}/tsk_none`, "PATCH", {}, { done: true })).status).toBe(404);
	});
});

test("a viewer reads and changes nothing; bodies that make no sense are refused", async () => {
	const { act, token, ask } = await served();
	const { token: viewer } = await token("viewer");
	expect((await act("INC-1001", "severity", { severity: "1" }, viewer)).status).toBe(403);
	expect((await ask("/api/v1/incidents/INC-1001", viewer)).status).toBe(200);
	for (const [verb, body] of [
		["severity", { severity: "5" }],
		["role", { role: "king", person: "ana" }],
		["tasks", { text: 5 }],
		["merge", {}],
		["readers", { readers: "ana" }],
	] as const)
		expect((await act("INC-1001", verb, body)).status, verb).toBe(400);
});

describe("a private incident", () => {
	test("answers whoever may not read it exactly as one that does not exist, over every route", async () => {
		const { act, ask, token, url, deliver } = await served();
		await deliver();
		await act("INC-1001", "readers", { readers: ["lead"] });
		const { token: leo } = await token("responder", { name: "leo" });
		const verbs: readonly (readonly [string, unknown])[] = [
			["acknowledge", {}],
			["notes", { text: "x" }],
			["reopen", {}],
			["review", {}],
			["severity", { severity: "1" }],
			["merge", { into: "INC-1002" }],
			["link", { other: "INC-1002" }],
			["parent", { parent: null }],
			["role", { role: "scribe", person: "leo" }],
			["readers", { readers: null }],
			["tasks", { text: "x" }],
			["runbook", { runbook: "x", item: "x", done: true }],
		];
		const same = (text: string) => text.replaceAll(/INC-\d+/g, "INC").replaceAll(/"requestId":"[^"]*"/g, "");
		const { paths: routes } = (await ask("/openapi.json", leo)).body;
		const read = Object.keys(routes).filter((path) => routes[path].get && !path.endsWith("/stream"));
		const ofIncident = read.filter((path) => /^\/api\/v1\/incidents\/\{id\}[^{]*$/.test(path));
		expect(ofIncident.length).toBeGreaterThanOrEqual(3);
		for (const path of ofIncident) {
			const hidden = await ask(path.replace("{id}", "INC-1001"), leo);
			const none = await ask(path.replace("{id}", "INC-9999"), leo);
			expect(hidden.status, path).toBe(404);
			expect(same(hidden.text)).toBe(same(none.text));
		}
		for (const [verb, body] of verbs) {
			const hidden = await act("INC-1001", verb, body, leo);
			expect(hidden.status, verb).toBe(404);
			expect(same(hidden.text)).toBe(same((await act("INC-9999", verb, body, leo)).text));
		}
		expect((await act("INC-1002", "merge", { into: "INC-1001" }, leo)).text).toContain("that you may see");
		// Everything else that can be asked of what the incident is about.
		const names: Record<string, string> = {
			...{ tenant: "woodgrove", slo: "policy-create", workload: "policy", monitor: "burn", name: "policy" },
			...{ person: "m-ito", schedule: "primary", channel: "phone", w: "policy" },
		};
		const lists = read
			.filter((path) => !ofIncident.includes(path))
			.map((path) => path.replaceAll(/\{(\w+)\}/g, (_, key) => names[key] ?? "primary"));
		expect(lists).toEqual(expect.arrayContaining(["/api/v1/fleet", "/api/v1/incidents", "/api/v1/tasks"]));
		for (const path of lists) {
			const answer = await fetch(url + path, { headers: { authorization: `Bearer ${leo}` } });
			expect(await answer.text(), path).not.toContain("INC-1001");
		}
		const { token: admin } = await token("admin", { name: "root" });
		expect((await ask("/api/v1/incidents/INC-1001", admin)).body).toMatchObject({
			isPrivate: true,
			readers: ["ana", "lead", "m-ito"],
		});
		expect((await ask("/api/v1/fleet", admin)).text).toContain("INC-1001");
		expect((await ask("/api/v1/fleet", leo)).text).not.toContain("INC-1001");
	});
});

test("lists are filtered by severity, workload and what is mine; another word is refused", async () => {
	const { act, ask, ana } = await served();
	await act("INC-1003", "role", { role: "scribe", person: "ana" });
	await act("INC-1001", "severity", { severity: "1" });
	const ids = async (query: string) =>
		(await ask(`/api/v1/incidents?${query}`, ana)).body.items.map(({ id }: { id: string }) => id);
	expect(await ids("mine=true")).toEqual(["INC-1003"]);
	expect(await ids("severity=1")).toEqual(["INC-1001"]);
	expect(await ids("severity=1,2.5&workload=policy")).toHaveLength(3);
	expect(await ids("workload=mail")).toEqual([]);
	expect((await ask("/api/v1/incidents?severity=5", ana)).status).toBe(400);
});

test("an overdue task stands first in its owner's list", async () => {
	const { act, ask, ana, clock, fireTimers } = await served();
	await act("INC-1001", "tasks", { text: "later", owner: "ana" });
	await act("INC-1003", "tasks", { text: "soon", owner: "ana", dueAt: START + MINUTE_MS });
	await act("INC-1003", "tasks", { text: "another's", owner: "lead" });
	clock.advance(2 * MINUTE_MS);
	await fireTimers();
	const { items } = (await ask("/api/v1/tasks?owner=me", ana)).body;
	expect(items).toMatchObject([
		{ text: "soon", isOverdue: true, incident: "INC-1003" },
		{ text: "later", isOverdue: false },
	]);
});

test("what it cost says what is not known, and how the rest was made", async () => {
	const { act, ask, ana, clock } = await served();
	await act("INC-1001", "acknowledge");
	clock.advance(20 * MINUTE_MS);
	await act("INC-1001", "mitigate");
	const { body } = await ask("/api/v1/incidents/INC-1001/cost", ana);
	expect(body).toMatchObject({
		isOver: true,
		until: START + 20 * MINUTE_MS,
		affectedEvents: { status: "estimated" },
		userMinutes: { status: "unknown", value: null, rule: "not counted by the minute" },
		responderMs: { status: "known", value: 20 * MINUTE_MS },
		responders: [{ person: "ana", ms: 20 * MINUTE_MS, acts: 2 }],
	});
});

test("a note that is sent again with its Idempotency-Key stands once; other words need another key", async () => {
	const { ask, ana, timeline, token } = await served();
	const note = (text: string, key: string, bearer = ana) =>
		ask("/api/v1/incidents/INC-1001/notes", bearer, {
			method: "POST",
			body: { text },
			headers: { "idempotency-key": key },
		});
	expect([(await note("Seen.", "k1")).status, (await note("Seen.", "k1")).status]).toEqual([200, 200]);
	const other = await note("Unseen.", "k1");
	expect([other.status, other.body.error.message]).toEqual([
		409,
		"Idempotency-Key was sent before, with another note.",
	]);
	// A key is its sender's own.
	const leo = (await token("responder", { name: "leo" })).token;
	expect((await note("Seen too.", "k1", leo)).status).toBe(200);
	expect((await note("Seen.", "a key with spaces")).status).toBe(400);
	expect((await timeline("INC-1001")).filter((text) => text.includes("een"))).toEqual(["ana: Seen.", "leo: Seen too."]);
});
