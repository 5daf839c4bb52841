import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, type RunningServer, serve, temporaryFolder } from "../support/server.ts";
import { accessibilityFaults, complaintsOf, LOOKS, launch, screenshot, signIn, type Visitor } from "./browser.ts";
import { CATALOGUE } from "./fleet-hour.ts";

let server: RunningServer;
let browser: Browser;
let admin: Visitor;

beforeAll(async () => {
	browser = await launch();
	server = await serve({ catalogue: CATALOGUE, data: temporaryFolder() });
	admin = await signIn(browser, server);
});

afterAll(async () => {
	await browser?.close();
	await cleanUp();
});

/** Each about another tenant: one of the same would be the same incident. */
async function reported(tenant: string): Promise<string> {
	const json = { tenant, workload: "policy", text: "The customer says that no policy can be created." };
	const answer = await server.call("/api/v1/incidents", { method: "POST", json });
	expect(answer.status).toBe(201);
	return answer.json.id;
}

async function open(id: string, options: BrowserContextOptions = LOOKS.light): Promise<Page> {
	const page = await admin.open(`/incidents/${id}`, options);
	await page.getByRole("heading", { name: "People and tasks" }).waitFor();
	return page;
}

const read = (id: string) => server.read(`/api/v1/incidents/${id}`);

describe("work on an incident", () => {
	it("takes a part, ticks the runbook and does a task with the keyboard alone", async () => {
		const id = await reported("woodgrove");
		const page = await open(id);
		const complaints = complaintsOf(page);
		await page.getByRole("button", { name: "Take the part of Commander" }).press("Enter");
		await expect.poll(async () => (await read(id)).roles).toMatchObject([{ role: "commander", person: "admin" }]);

		const item = page.getByRole("region", { name: "Policy creation fails" }).getByRole("checkbox").first();
		await item.press("Space");
		await expect.poll(() => item.isChecked()).toBe(true);

		await page.locator("summary", { hasText: "Add task" }).press("Enter");
		await page.getByLabel("What is to be done").pressSequentially("Ask for the quota");
		await page.getByLabel("What is to be done").press("Enter");
		const task = page.getByRole("checkbox", { name: "Ask for the quota" });
		await task.press("Space");
		await expect
			.poll(async () => (await read(id)).tasks)
			.toMatchObject([{ text: "Ask for the quota", doneBy: "admin" }]);
		await page.getByText("done by admin").waitFor();
		expect(complaints).toEqual([]);
		await page.context().close();
	});

	it("shows in one browser what somebody does in another, and both versions when they collide", async () => {
		const id = await reported("city-power");
		const [mine, theirs] = [await open(id), await open(id)];
		await theirs.getByRole("button", { name: "Change severity" }).click();
		await theirs.getByRole("radio", { name: "Sev 1", exact: true }).check();
		await theirs.getByLabel("Why (optional)").fill("The whole bank stands still");
		await theirs.getByRole("button", { name: "Set Sev 1" }).click();
		await mine.getByText("Set to Sev 1 by admin").waitFor();

		await mine.getByRole("button", { name: `Resolve ${id}` }).click();
		await theirs.getByRole("button", { name: `Mark ${id} mitigated` }).click();
		await mine.getByText("Mitigated", { exact: true }).waitFor({ state: "attached" });
		await mine.getByRole("radio", { name: /real, customer impact/i }).check();
		await mine
			.getByRole("button", { name: /^Resolve/ })
			.last()
			.click();
		await mine.getByRole("alert").getByText("Mitigated", { exact: false }).first().waitFor();
		await mine.getByRole("button", { name: /keep mine/i }).click();
		await expect.poll(async () => (await read(id)).state).toBe("resolved");
		await theirs.getByRole("button", { name: `Reopen ${id}` }).click();
		await expect.poll(async () => (await read(id)).state).toBe("investigating");
		await mine.context().close();
		await theirs.context().close();
	});

	it.each(["light", "dark", "phone"] as const)("is accessible with its questions open: %s", async (look) => {
		const tenant = { light: "contoso", dark: "fabrikam", phone: "northwind-traders" }[look];
		const id = await reported(tenant);
		const page = await open(id, LOOKS[look]);
		for (const name of ["Change severity", "Make private …", "Link …", "Hand over the part of Scribe"]) {
			await page.getByRole("button", { name }).click();
			await page.getByRole("dialog").waitFor();
			expect(await accessibilityFaults(page), name).toEqual([]);
			await page.keyboard.press("Escape");
		}
		await screenshot(page, `incident-work-${look}`);
		expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
		await page.context().close();
	});
});
