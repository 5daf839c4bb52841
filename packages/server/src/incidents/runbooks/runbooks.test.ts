import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Catalogue } from "#catalogue";
import { scopeOf } from "#platform";
import { breachOpened, exampleCatalogue, START } from "../../../testing/catalogue.ts";
import { ALL, openRooms } from "../../../testing/rooms.ts";
import { parseRunbook, runbooksOf, tickItem } from "../index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

describe("a runbook's text", () => {
	test("has a checklist of the list items that begin with a box", async () => {
		const { items, html } = await parseRunbook(
			"# Sign-in\n\nFirst:\n\n- [ ] Look at `result`.\n- [x] Done before\n- no item\n\n1. [ ] Numbered **too**\n",
		);
		expect(items).toMatchObject([
			{ text: "Look at result.", heading: "Sign-in", isDone: false },
			{ text: "Done before", isDone: true },
			{ text: "Numbered too", isDone: false },
		]);
		expect(html).toContain(`<li data-item="${items[0]?.id}">Look at <code>result</code>.</li>`);
		expect(html).toContain("<li>no item</li>");
	});
	test("keeps an item's id when other lines change, and tells two equal lines apart", async () => {
		const before = (await parseRunbook("# A\n- [ ] one\n- [ ] two\n")).items;
		const after = (await parseRunbook("Words.\n\n# A\n- [ ] new\n- [ ] two\n- [ ] one\n- [ ] one\n")).items;
		const ids = (list: typeof before, text: string) => list.filter((item) => item.text === text).map(({ id }) => id);
		expect(ids(after, "two")).toEqual(ids(before, "two"));
		expect(ids(after, "one")[0]).toBe(ids(before, "one")[0]);
		expect(new Set(after.map(({ id }) => id)).size).toBe(4);
	});
	test.each([
		["HTML", "<script>alert(1)</script> <img src=x onerror=alert(1)>"],
		["HTML in an item", "- [ ] <b onclick=alert(1)>x</b>"],
		["a link that runs", "[x](javascript:alert(1)) [y](data:text/html;base64,PHNjcmlwdD4=) [z](vbscript:x)"],
		["an image", "![x](https://tracker.example/x.png)"],
		["an autolink that runs", "<javascript:alert(1)>"],
	])("never becomes active: %s", async (_, text) => {
		const { html } = await parseRunbook(text);
		expect(html).not.toMatch(/<(?:script|img|b|iframe)\b/i);
		expect(html).not.toMatch(/<[^>]+(?:javascript|data|vbscript):/i);
		expect(html).not.toMatch(/<[^>]+\son\w+=/i);
	});
	test("may have links, which do not tell where they were", async () => {
		const { html } = await parseRunbook("[wiki](https://wiki.example/dlp)");
		expect(html).toContain('<a href="https://wiki.example/dlp" rel="noopener noreferrer">wiki</a>');
	});
});

function withRunbooks(text = "- [ ] Look.\n- [ ] Mend.\n"): Catalogue {
	const none = { slos: [], sliKinds: [], workloads: [] };
	return exampleCatalogue({
		runbooks: [
			{ name: "kind", displayName: "Calls fail", text, for: { ...none, sliKinds: ["availability"] }, notes: {} },
			{
				name: "policy",
				displayName: "Policy creation",
				text,
				for: { ...none, slos: ["policy-create"] },
				notes: { woodgrove: "A **nightly** job." },
			},
			{ name: "other", displayName: "Other", text, for: { ...none, workloads: ["mail"] }, notes: {} },
		],
	});
}

async function oneIncident() {
	const rooms = await openRooms(withRunbooks());
	onTestFinished(() => rooms.remove());
	await rooms.open(breachOpened("woodgrove"));
	return {
		...rooms,
		read: () => runbooksOf(rooms.db, ALL, { id: "INC-1001" }),
		tick: (runbook: string, item: string, done = true) =>
			rooms.store.transaction((tx) => tickItem(tx, rooms.deps, { ...rooms.request("INC-1001"), runbook, item, done })),
	};
}

describe("an incident's runbooks", () => {
	test("are those that fit, the nearest first, with what is to be known about the tenant", async () => {
		const { read, open, db } = await oneIncident();
		expect(await read()).toMatchObject([
			{ name: "policy", why: "SLO Policy creation", notes: "<p>A <strong>nightly</strong> job.</p>\n", takenAt: START },
			{ name: "kind", why: "SLIs of availability" },
			{ name: "workload.policy", title: "First steps for Policy", items: [{ text: "Look." }] },
		]);
		await open(breachOpened("city-power"));
		expect((await runbooksOf(db, ALL, { id: "INC-1002" }))[0]?.notes).toBeUndefined();
	});
	test("stay as they stood when it opened", async () => {
		const { read, setCatalogue } = await oneIncident();
		const before = await read();
		setCatalogue(withRunbooks("- [ ] Something else.\n"));
		expect(await read()).toEqual(before);
	});
	test("keep who ticked what and when; the same line of another runbook stays open", async () => {
		const { read, tick, clock, timeline } = await oneIncident();
		const item = (await read())[0]?.items[0]?.id ?? "";
		clock.advance(60_000);
		expect((await tick("policy", item)).status).toBe("changed");
		expect(await tick("policy", item)).toMatchObject({ status: "unchanged", by: "n.patel", at: START + 60_000 });
		const [policy, kind] = await read();
		expect(policy?.states.get(item)).toEqual({ isDone: true, changedAt: START + 60_000, changedBy: "n.patel" });
		expect(kind?.items[0]?.id).toBe(item);
		expect(kind?.states.get(item)).toBeUndefined();
		await tick("policy", item, false);
		expect((await timeline("INC-1001")).slice(-2)).toEqual(['n.patel ticked "Look.".', 'n.patel unticked "Look.".']);
	});
	test("refuse what is in none of them, and are not read out of scope", async () => {
		const { tick, db } = await oneIncident();
		expect(await tick("policy", "nothing")).toMatchObject({ reason: "item-unknown" });
		expect(await tick("other", "x")).toMatchObject({ reason: "item-unknown" });
		const scope = scopeOf({ name: "c", role: "viewer", tenants: ["city-power"] });
		expect(await runbooksOf(db, scope, { id: "INC-1001" })).toEqual([]);
	});
});
