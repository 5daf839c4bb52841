import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { TicketContent } from "#incidents";
import { createEgressReader } from "#platform";
import { integrationTo, SECRET_ENV } from "../../testing/tickets/integration.ts";
import { ticketSystemOf } from "../app/ticket-systems.ts";
import { openTicketDesk } from "./ticket-desk.ts";

beforeAll(() => void Object.assign(process.env, SECRET_ENV));
afterAll(() => {
	for (const name of Object.keys(SECRET_ENV)) delete process.env[name];
});

const CONTENT: TicketContent = {
	title: "[INC-1001] <b>Woodgrove</b>",
	text: "94 % & less",
	link: "",
	severity: "2.5",
	state: "open",
	resolution: "",
	facts: {
		key: "k",
		title: "[INC-1001] <b>Woodgrove</b>",
		text: "94 % & less",
		link: "",
		tenantName: "Woodgrove Bank",
		workloadName: "Policy",
		severity: "2.5",
		state: "open",
	},
};

test("the demo's desk speaks the contract for ICM, shows tickets as text, and tells what is done there", async () => {
	const desk = await openTicketDesk("token-of-the-desk");
	onTestFinished(() => desk.close());
	const told: { readonly proof: string | undefined; readonly body: unknown }[] = [];
	const bellwether = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			told.push({ proof: request.headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) });
			response.end("{}");
		});
	});
	await new Promise<void>((resolve) => bellwether.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => void bellwether.close());
	const system = ticketSystemOf(
		integrationTo({ kind: "icm", url: desk.url }),
		createEgressReader({ allow: [new URL(desk.url).host] }),
	);
	expect(await system.find("k")).toMatchObject({ status: "done", refs: [] });
	const made = await system.create("k", CONTENT);
	if (made.status !== "done") throw new Error(made.detail);
	expect(made.ref).toMatchObject({ name: "DESK-1", url: `${desk.url}/incidents/1`, state: "open" });
	// The same key again is the same ticket.
	expect(await system.create("k", CONTENT)).toMatchObject({ ref: { id: "1" } });
	const note = { seq: 1, marker: "m", text: "n.patel: <i>hello</i>", mayBeThere: false };
	expect(await system.note(made.ref, "k", note)).toMatchObject({ status: "done" });
	const page = await (await fetch(`${desk.url}/incidents/1`)).text();
	expect(page).toContain("DESK-1: [INC-1001] &lt;b&gt;Woodgrove&lt;/b&gt;");
	expect(page).toContain("&lt;i&gt;hello&lt;/i&gt;");

	desk.tellTo(`http://127.0.0.1:${(bellwether.address() as AddressInfo).port}/`);
	const foreign = { method: "POST", headers: { origin: "https://elsewhere.example" } };
	for (const path of ["/incidents/1/resolve", "/incidents/1/notes", "/incidents/1", "/incidents"]) {
		const body = JSON.stringify({ correlationId: "forged", text: "forged", fields: { Title: "forged" } });
		expect((await fetch(`${desk.url}${path}`, { ...foreign, body })).status).toBe(403);
	}
	expect(await (await fetch(`${desk.url}/incidents/1`)).text()).not.toContain("forged");
	expect(await system.find("forged")).toMatchObject({ refs: [] });
	const own = { method: "POST", headers: { origin: desk.url } };
	expect((await fetch(`${desk.url}/incidents/1/acknowledge`, own)).status).toBe(200);
	expect(told).toMatchObject([
		{ proof: "Bearer token-of-the-desk", body: { event: "acknowledged", correlationId: "k" } },
	]);
	expect(await system.find("k")).toMatchObject({ refs: [{ state: "acknowledged" }] });
});
