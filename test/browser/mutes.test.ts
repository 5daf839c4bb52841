import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, eventually, type RunningServer, serve, temporaryFolder } from "../support/server.ts";
import { launch, signIn, type Visitor, views } from "./browser.ts";
import { CATALOGUE, sendHour } from "./fleet-hour.ts";

/** What holds pages back, made and ended by hand, and a workload with who does what. */

let server: RunningServer;
let browser: Browser;
let admin: Visitor;
let incident: string;

beforeAll(async () => {
	browser = await launch();
	server = await serve({ catalogue: CATALOGUE, data: temporaryFolder() });
	await sendHour(server, { down: { woodgrove: "policy.creates" }, silent: [] }, Date.now());
	await eventually("the incident", async () => {
		const { items } = await server.read<{ items: { id: string }[] }>("/api/v1/incidents?tenant=woodgrove");
		incident = items[0]?.id ?? "";
		return items.length > 0;
	});
	admin = await signIn(browser, server);
});

afterAll(async () => {
	await browser?.close();
	await cleanUp();
});

describe("a mute", () => {
	it("is made from the incident by keyboard, ends what pages, is shown and counted, and ends by hand", async () => {
		const page = await admin.open(`/incidents/${incident}`);
		const mute = page.getByRole("link", { name: "Mute what is like this…" });
		await mute.focus();
		await page.keyboard.press("Enter");
		const dialog = page.getByRole("dialog", { name: "Mute pages" });
		await dialog.getByText("Matches 1 key tenant and 1 SLO; 1 open incident now.").waitFor();
		expect(await dialog.getByLabel("Matchers").inputValue()).toBe('tenant="woodgrove", slo="policy-create"');
		await dialog.getByLabel("Reason").focus();
		await page.keyboard.type("The tenant tests its fail-over.");
		await page.keyboard.press("Tab");
		await page.keyboard.press("Enter");
		await page.getByText("1 incident’s page is held back now; 1 mute holds").waitFor();
		await page.goto(`${server.url}/incidents/${incident}`);
		await page.getByText("No page: muted until").first().waitFor();
		await page.goto(`${server.url}/fleet`);
		await page.getByText(`${incident} · no page: muted until`).first().waitFor();
		await page.goto(`${server.url}/incidents`);
		await page.getByRole("cell", { name: /No page: muted until/ }).waitFor();
		await page.getByRole("button", { name: "Page held back 1" }).press("Enter");
		await page.waitForURL("**/incidents?show=held");
		await page.getByRole("link", { name: `${incident} ` }).waitFor();
		for (const look of ["light", "dark", "phone"] as const) {
			await admin.inspect("incidents-held", { path: "/incidents?show=held", ready: "tbody .held" }, look);
		}
		await page.goto(`${server.url}/mutes`);
		await page.getByRole("button", { name: /^End the mute of/ }).click();
		await page.getByText("The incident that it holds back pages if it still burns.").waitFor();
		await page.getByRole("dialog").getByRole("button", { name: "End the mute" }).click();
		await page.getByText("No page is held back now; no mute holds").waitFor();
		await page.goto(`${server.url}/incidents?show=held`);
		await page.getByText("No incident’s page is held back now.").waitFor();
		await page.goto(`${server.url}/mutes`);
		await page.getByRole("link", { name: "Show those that ended" }).click();
		await page.getByRole("cell", { name: "1 incident" }).waitFor();
		await page.context().close();
	});

	it("that matches nothing, or has no reason, is not made", async () => {
		const page = await admin.open("/mutes");
		await page.getByRole("heading", { level: 1, name: "Mutes" }).waitFor();
		await page.keyboard.press("n");
		const dialog = page.getByRole("dialog", { name: "Mute pages" });
		await dialog.getByLabel("Matchers").fill('tenant="nobody"');
		await dialog.getByText("Matches 0 key tenants and 0 SLOs").waitFor();
		expect(await dialog.getByRole("button", { name: "Make the mute" }).isDisabled()).toBe(true);
		await dialog.getByLabel("Reason").fill("x");
		await dialog.getByRole("button", { name: "Make the mute" }).click();
		await dialog.getByText(/Nothing changed: .*matches no incident that could open/).waitFor();
		await page.context().close();
	});
});

describe("a workload's page", () => {
	it("tells how every tenant stands, who does what, what was noise, and what is planned", async () => {
		const page = await admin.open("/workloads");
		await page.getByRole("link", { name: "Policy", exact: true }).click();
		await page.getByRole("heading", { level: 1, name: "Policy" }).waitFor();
		const text = (await page.locator("main").textContent()) ?? "";
		expect(text).toMatch(/1 of 36 key tenants is in breach, 1 incident is open\. Owner: Data protection team\./);
		expect(text).toContain(
			"Data protection team; paged by the escalation policy engineering, takes what is handed over within 30 min",
		);
		expect(await page.getByRole("row", { name: /^respond/ }).textContent()).toBe("respondRIRA");
		await page.goto(`${server.url}/workloads/devices`);
		await page.getByText("Monthly device patches").waitFor();
		await page.context().close();
	});
});

describe("an incident", () => {
	it("is handed to who answers for the workload, who must take it in time", async () => {
		const page = await admin.open(`/incidents/${incident}`);
		await page.getByLabel("What they are to do").fill("Roll the last build back.");
		await page.getByRole("button", { name: "Hand it over" }).click();
		await page
			.getByText(/handed it to Data protection team, to be taken by .*: Roll the last build back\./)
			.first()
			.waitFor();
		await page.getByRole("button", { name: "Take it for Data protection team" }).click();
		await page
			.getByText(/took it for Data protection team/)
			.first()
			.waitFor();
		await page.context().close();
	});
});

const PAGES = {
	mutes: { path: "/mutes", ready: "h1" },
	"mute-form": { path: '/mutes?make=tenant%3D"woodgrove"', ready: "dialog" },
	workload: { path: "/workloads/policy", ready: "tbody tr" },
} as const;

describe("every page of what holds pages back, and of workloads", () => {
	it.each(views(PAGES, ["light", "phone"]))(
		"%s, %s: is accessible, keeps to its policy and fits the screen",
		(name, look) => admin.inspect(name, PAGES[name], look),
	);
});
