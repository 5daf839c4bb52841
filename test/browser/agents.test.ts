import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, type RunningServer, request, serve, temporaryFolder } from "../support/server.ts";
import {
	accessibilityFaults,
	complaintsOf,
	LOOKS,
	launch,
	type StorageState,
	screenshot,
	signedIn,
} from "./browser.ts";
import { CATALOGUE } from "./fleet-hour.ts";

/** What agents propose, and who and what has access. */

let server: RunningServer;
let browser: Browser;
let admin: StorageState;
let incident: string;

beforeAll(async () => {
	browser = await launch();
	server = await serve({ catalogue: CATALOGUE, data: temporaryFolder() });
	admin = await signedIn(browser, server);

	const json = { tenant: "woodgrove", workload: "policy", reportedBy: "customer", text: "No policy can be created." };
	incident = (await server.call("/api/v1/incidents", { method: "POST", json })).json.id;
	const bot = await token({ name: "desk-bot", role: "agent", tenants: ["woodgrove"] });
	await propose(bot, "propose_note", { text: "Only region eu-1 fails.\n<b>Since build 41.</b>" });
	await propose(bot, "propose_mute", { minutes: 30 });
	await propose(bot, "propose_acknowledge", {});
	const flows = await token({ name: "flows", role: "responder", ttlMs: 86_400_000 });
	const subscription = { event: "incident.opened", callbackUrl: "https://flows.example.com/x?sig=secret" };
	await request(`${server.url}/api/v1/subscriptions`, {
		method: "POST",
		headers: { authorization: `Bearer ${flows}` },
		json: subscription,
	});
});

afterAll(async () => {
	await browser?.close();
	await cleanUp();
});

async function token(json: object): Promise<string> {
	const answer = await server.call("/api/v1/tokens", { method: "POST", json });
	expect(answer.status).toBe(201);
	return answer.json.token;
}

async function propose(bot: string, name: string, more: object): Promise<void> {
	const given = { incident, reason: "Two other tenants of that region show the same", ...more };
	const answer = await request(`${server.url}/mcp`, {
		method: "POST",
		headers: { authorization: `Bearer ${bot}`, accept: "application/json, text/event-stream" },
		json: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: given } },
	});
	expect(answer.json.result.isError, answer.text).toBeFalsy();
}

async function open(path: string, options: BrowserContextOptions): Promise<Page> {
	const context = await browser.newContext({ ...options, storageState: admin, timezoneId: "Europe/Berlin" });
	const page = await context.newPage();
	await page.goto(server.url + path);
	await page
		.getByRole("heading", { name: path.startsWith("/admin") ? "Subscriptions" : "Proposals of agents" })
		.waitFor();
	return page;
}

describe("proposals of agents", () => {
	it("are shown whole on the incident, on a screen and on a phone", async () => {
		for (const look of ["dark", "phone"] as const) {
			const page = await open(`/incidents/${incident}`, LOOKS[look]);
			const complaints = complaintsOf(page);
			const card = page.getByRole("region", { name: "Proposals of agents" });
			await card.getByText("<b>Since build 41.</b>").waitFor();
			await card.scrollIntoViewIfNeeded();
			await screenshot(page, `proposals-${look}`);
			expect(await accessibilityFaults(page), look).toEqual([]);
			expect(complaints).toEqual([]);
			await page.context().close();
		}
	});

	it("are confirmed and rejected with the keyboard, and go away with that", async () => {
		const page = await open(`/incidents/${incident}`, LOOKS.light);
		const read = () => server.read<{ state: string; acknowledgedBy: string | null }>(`/api/v1/incidents/${incident}`);
		expect((await read()).state).toBe("detected");
		await page.getByRole("button", { name: "Reject: Hold its pages back" }).press("Enter");
		await page.getByText("Pages of this SLO, for 30 min").waitFor({ state: "detached" });
		await page.getByRole("button", { name: "Confirm: Acknowledge the incident" }).press("Enter");
		await expect.poll(async () => (await read()).acknowledgedBy).toBe("admin");
		await page.getByRole("button", { name: "Confirm: Acknowledge the incident" }).waitFor({ state: "detached" });
		await page.context().close();
	});
});

describe("the access page", () => {
	it("tells who may do what, and which system is told, on a screen and on a phone", async () => {
		for (const look of ["dark", "phone"] as const) {
			const page = await open("/admin/access", LOOKS[look]);
			const complaints = complaintsOf(page);
			await page.getByText("desk-bot").first().waitFor();
			await page.getByText("flows.example.com").waitFor();
			expect(await page.content()).not.toContain("sig=secret");
			await screenshot(page, `access-${look}`);
			expect(await accessibilityFaults(page), look).toEqual([]);
			expect(complaints).toEqual([]);
			await page.context().close();
		}
	});

	it("revokes a token after asking, with the keyboard alone", async () => {
		const page = await open("/admin/access", LOOKS.light);
		await page.getByRole("button", { name: "Revoke the token desk-bot" }).press("Enter");
		await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).press("Enter");
		await page.getByRole("button", { name: "Revoke the token desk-bot" }).waitFor({ state: "detached" });
		const { items } = await server.read<{ items: { name: string; state: string }[] }>("/api/v1/tokens");
		expect(items.find(({ name }) => name === "desk-bot")?.state).toBe("revoked");
		await page.context().close();
	});
});
