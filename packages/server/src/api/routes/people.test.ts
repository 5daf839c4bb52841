import { HOUR_MS } from "@bellwether/model";
import { expect, test, vi } from "vitest";
import { breachOpened } from "../../../testing/catalogue.ts";
import { serveRooms } from "../../../testing/served-rooms.ts";

// A real server and store; on a busy machine they take their time.
vi.setConfig({ testTimeout: 60_000 });

test("test pages to one person are refused beyond sixty an hour, whoever asks for them", async () => {
	const { token, ask, clock, context, sent, deliver } = await serveRooms();
	const [person] = context.catalogue().people;
	const contact = person?.contacts[0];
	const own = (await token("responder", { name: person?.name ?? "" })).token;
	const admin = (await token("admin")).token;
	const asked = { method: "POST", body: {} };
	const mine = `/api/v1/me/contacts/${contact?.name ?? contact?.channel}/test`;
	for (let n = 0; n < 60; n++) expect(await ask(mine, own, asked)).toMatchObject({ status: 202 });
	expect((await ask(mine, own, asked)).status).toBe(429);
	expect((await ask(mine.replace("me", `people/${person?.name}`), admin, asked)).status).toBe(429);
	const byPerson = { method: "POST", body: { person: person?.name } };
	expect((await ask("/api/v1/page-tests", admin, byPerson)).status).toBe(429);
	await deliver();
	expect(sent).toHaveLength(60);
	clock.advance(HOUR_MS + 1);
	expect((await ask(mine, own, asked)).status).toBe(202);
});

test("a private incident that waits for somebody's next page is not named to others", async () => {
	const { token, ask, claim } = await serveRooms();
	await claim(breachOpened("woodgrove"));
	await claim(breachOpened("city-power"));
	const seenBy = async (name: string) => (await ask("/api/v1/people", (await token("viewer", { name })).token)).text;
	expect(await seenBy("leo")).toContain("INC-1002");
	const { token: root } = await token("admin", { name: "root" });
	const hidden = { method: "POST", body: { readers: ["lead"] } };
	expect((await ask("/api/v1/incidents/INC-1002/readers", root, hidden)).status).toBe(200);
	expect(await seenBy("leo")).not.toContain("INC-1002");
	expect(await seenBy("lead")).toContain("INC-1002");
});
