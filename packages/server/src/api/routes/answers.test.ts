import { HOUR_MS } from "@bellwether/model";
import { describe, expect, test, vi } from "vitest";
import type { Catalogue } from "#catalogue";
import { breachOpened, exampleCatalogue } from "../../../testing/catalogue.ts";
import { serveRooms } from "../../../testing/served-rooms.ts";

vi.setConfig({ testTimeout: 60_000 });

const MAIL = "m.ito@vendor.example";
const catalogue: Partial<Catalogue> = {
	people: exampleCatalogue().people.map((person) =>
		person.name === "m-ito" ? { ...person, contacts: [{ channel: "mail", address: MAIL }] } : person,
	),
};

/** An incident that paged M. Ito by mail, and the path of the link in that mail. */
async function paged() {
	const rooms = await serveRooms({ catalogue });
	await rooms.open(breachOpened("woodgrove"));
	await rooms.deliver();
	const mail = rooms.sent.find(({ address, kind }) => address === MAIL && kind === "page");
	const link = mail?.payload.card?.acknowledge?.url ?? "";
	const token = mail?.payload.card?.acknowledge?.token ?? "";
	const visit = (path: string, method = "GET") => fetch(rooms.url + path, { method, redirect: "manual" });
	return {
		...rooms,
		visit,
		token,
		path: link.slice(link.indexOf("/a/")),
		state: async () => (await rooms.incident("INC-1001"))?.state,
	};
}

describe("the link of a mail", () => {
	test("opening it, as often as mail scanners do, changes nothing; its form acknowledges as the person it went to", async () => {
		const { visit, path, state, incident } = await paged();
		for (let k = 0; k < 3; k++) {
			const page = await visit(path);
			expect(page.status).toBe(200);
			expect(page.headers.get("cache-control")).toBe("no-store");
			expect(page.headers.get("referrer-policy")).toBe("same-origin");
			expect(await page.text()).toContain("Acknowledge INC-1001");
		}
		await visit(path, "HEAD");
		expect(await state()).toBe("detected");
		const done = await visit(path, "POST");
		expect(done.status).toBe(303);
		expect(await state()).toBe("acknowledged");
		expect((await incident("INC-1001"))?.acknowledgedBy).toBe("m-ito");
		expect(await (await visit(path)).text()).toContain("Paging stopped.");
	});

	test("a changed token, another purpose and an old one acknowledge nothing and tell nothing", async () => {
		const { visit, path, state, clock } = await paged();
		const changed = `${path.slice(0, -3)}abc`;
		expect((await visit(changed, "POST")).status).toBe(404);
		const answer = await visit(changed);
		expect(answer.status).toBe(404);
		expect(await answer.text()).not.toContain("INC-1001");
		clock.advance(24 * HOUR_MS);
		expect((await visit(path, "POST")).status).toBe(410);
		expect(await state()).toBe("detected");
	});

	test("a card's token does the same by the API, without a session", async () => {
		const { url, token, state } = await paged();
		const act = async (given: string) =>
			(
				await fetch(`${url}/api/v1/actions/acknowledge`, {
					method: "POST",
					headers: { "content-type": "application/json" },
					body: JSON.stringify({ token: given }),
				})
			).json();
		expect(await act("a1.x.y")).toMatchObject({ status: "refused", incidents: [] });
		expect(await act(token)).toMatchObject({ status: "acknowledged", incidents: ["INC-1001"], by: "m-ito" });
		expect(await act(token)).toMatchObject({ status: "already", by: "m-ito" });
		expect(await state()).toBe("acknowledged");
	});
});

describe("how a person is paged", () => {
	test("a test page is sent, delivered, and proven when the person says so; a new address is unproven", async () => {
		const rooms = await serveRooms({ catalogue });
		const { token } = await rooms.token("viewer", { name: "m-ito" });
		const before = await rooms.ask("/api/v1/me", token);
		expect(before.body.person.contacts).toMatchObject([
			{ name: "mail", address: "m…@vendor.example", state: "untested" },
		]);
		expect(before.body.person.warnings[0].says).toContain("no way of reaching M. Ito has been confirmed");
		const asked = await rooms.ask("/api/v1/me/contacts/mail/test", token, { method: "POST" });
		expect(asked.status).toBe(202);
		await rooms.deliver();
		expect((await rooms.ask("/api/v1/me", token)).body.person.contacts).toMatchObject([{ state: "delivered" }]);
		const link = rooms.sent.at(-1)?.payload.card?.acknowledge?.url ?? "";
		await fetch(link);
		expect((await rooms.ask("/api/v1/me", token)).body.person.contacts).toMatchObject([{ state: "delivered" }]);
		await fetch(link, { method: "POST" });
		const after = (await rooms.ask("/api/v1/me", token)).body.person;
		expect(after.contacts).toMatchObject([{ state: "confirmed" }]);
		expect(after.warnings.map(({ says }: { says: string }) => says)).toEqual([
			"M. Ito has one way to be reached: when mail fails, nobody is.",
		]);
		const known = rooms.deps.catalogue();
		const moved = known.people.map((person) =>
			person.name === "m-ito" ? { ...person, contacts: [{ channel: "mail", address: "new@vendor.example" }] } : person,
		);
		rooms.setCatalogue({ ...known, people: moved });
		expect((await rooms.ask("/api/v1/me", token)).body.person.contacts).toMatchObject([{ state: "untested" }]);
	});

	test("only administrators test the contacts of others; who has no Person is told so", async () => {
		const rooms = await serveRooms({ catalogue });
		const { token } = await rooms.token("responder");
		expect((await rooms.ask("/api/v1/me", token)).body).toMatchObject({ name: "responder", person: null });
		const path = "/api/v1/people/m-ito/contacts/mail/test";
		expect((await rooms.ask(path, token, { method: "POST" })).status).toBe(403);
		const admin = await rooms.token("admin");
		expect((await rooms.ask(path, admin.token, { method: "POST" })).status).toBe(202);
		const missing = await rooms.ask("/api/v1/people/m-ito/contacts/fax/test", admin.token, { method: "POST" });
		expect(missing.status).toBe(404);
		const everybody = await rooms.ask("/api/v1/people", admin.token);
		expect(everybody.body.people).toHaveLength(3);
	});
});
