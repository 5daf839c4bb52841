import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTicketReceiver, type TicketReceiver } from "../../packages/server/testing/tickets/receiver.ts";
import { SECRETS } from "../../packages/server/testing/tickets/secrets.ts";
import {
	cleanUp,
	eventually,
	onCleanUp,
	type RunningServer,
	request,
	serve,
	temporaryFolder,
} from "../support/server.ts";
import {
	accessibilityFaults,
	complaintsOf,
	LOOKS,
	launch,
	type StorageState,
	screenshot,
	signedIn,
} from "./browser.ts";
import { CATALOGUE, sendHour } from "./fleet-hour.ts";

/** A breach becomes a ticket in a system of record, what is done there is done here, and the page shows the proof. */

let server: RunningServer;
let catalogue: string;
let receiver: TicketReceiver;
let browser: Browser;
let admin: StorageState;

beforeAll(async () => {
	browser = await launch();
	receiver = await openTicketReceiver("servicenow");
	onCleanUp(() => receiver.close());
	catalogue = temporaryFolder();
	cpSync(CATALOGUE, catalogue, { recursive: true });
	writeFileSync(
		join(catalogue, "bellwether.yaml"),
		`apiVersion: bellwether/v1
kind: Settings
spec:
  organisation: Demo Cloud
  egress: { allow: ["${receiver.host}"] }
`,
	);
	mkdirSync(join(catalogue, "integrations"), { recursive: true });
	writeFileSync(
		join(catalogue, "integrations/servicenow.yaml"),
		`apiVersion: bellwether/v1
kind: Integration
metadata: { name: servicenow }
spec:
  kind: servicenow
  url: ${receiver.url}
  auth: { basic: { user: bellwether, password: "\${env:SERVICENOW_PASSWORD}" } }
  inbound: { auth: bearer, secret: "\${env:SERVICENOW_TOKEN}" }
---
apiVersion: bellwether/v1
kind: Integration
metadata: { name: icm }
spec: { kind: icm, url: "http://${receiver.host}", auth: { bearer: "\${env:ICM_TOKEN}" }, when: { severity: 1 } }
`,
	);
	const env = { SERVICENOW_PASSWORD: SECRETS.password, SERVICENOW_TOKEN: "token-of-servicenow" };
	server = await serve({ catalogue, data: temporaryFolder(), env });
	await sendHour(server, { down: { woodgrove: "policy.creates" }, silent: [] }, Date.now());
	await eventually("the ticket", async () => receiver.tickets.length === 1);
	admin = await signedIn(browser, server);
});

afterAll(async () => {
	await browser?.close();
	await cleanUp();
});

describe("a breach", () => {
	it("is one ticket, which people there can take and thereby take the incident", async () => {
		const { items } = await server.read<{ items: { id: string; tenant: string }[] }>(
			"/api/v1/incidents?tenant=woodgrove",
		);
		const id = items[0]?.id ?? "";
		expect(receiver.tickets).toMatchObject([
			{ title: expect.stringContaining(`[${id}] Woodgrove Bank`), severity: "2/1" },
		]);
		const [ticket] = receiver.tickets;
		const json = { id: "e1", event: "acknowledged", sys_id: ticket?.id, correlation_id: ticket?.key, by: "Ana Ruiz" };
		const headers = { authorization: "Bearer token-of-servicenow" };
		const answer = await request(`${server.url}/api/v1/integrations/servicenow/events`, {
			method: "POST",
			json,
			headers,
		});
		expect(answer.json).toEqual({ status: "taken", outcomes: ["taken"] });
		const detail = await server.read<{ acknowledgedBy: string; tickets: object[] }>(`/api/v1/incidents/${id}`);
		expect(detail.acknowledgedBy).toBe("ServiceNow: Ana Ruiz");
		expect(detail.tickets).toMatchObject([{ system: "ServiceNow", name: "INC001", theirState: "acknowledged" }]);
	});
});

describe("the page of integrations", () => {
	it.each(["light", "dark", "phone"] as const)(
		"%s: is accessible, keeps to its policy and fits the screen",
		async (look) => {
			const context = await browser.newContext({ ...LOOKS[look], storageState: admin, timezoneId: "Europe/Berlin" });
			const page = await context.newPage();
			const complaints = complaintsOf(page);
			await page.goto(`${server.url}/admin/integrations`);
			await page.locator(".card").first().waitFor();
			await page.evaluate("document.fonts.ready.then(() => 0)");
			await screenshot(page, `integrations-${look}`);
			expect(await accessibilityFaults(page)).toEqual([]);
			expect(complaints).toEqual([]);
			expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
			await context.close();
		},
	);

	it("shows the proof of the last delivery, and tests now with a ticket that is closed again", async () => {
		const context = await browser.newContext({ ...LOOKS.light, storageState: admin });
		const page = await context.newPage();
		await page.goto(`${server.url}/admin/integrations`);
		const card = page.getByRole("region", { name: "ServiceNow" });
		expect(await card.textContent()).toMatch(/Delivers.*HTTP 20\d from 127\.0\.0\.1:\d+, INC001/);
		await card.getByRole("button", { name: "Test ServiceNow now" }).press("Enter");
		await card.getByText(/^Done in .*: ticket INC002 was made and closed\.$/).waitFor();
		expect(receiver.tickets[1]).toMatchObject({ title: "[Test] Bellwether can create tickets here", state: "6" });
		const icm = page.getByRole("region", { name: "ICM" });
		await icm.getByRole("button", { name: "Check ICM only" }).click();
		await icm
			.getByText(/the secret \$\{env:ICM_TOKEN\} is missing/)
			.first()
			.waitFor();
		await screenshot(page, "integrations-tested-light");
		await page.goto(`${server.url}/admin/health`);
		const part = page.locator('[data-part="integrations"]');
		await part.waitFor();
		expect(await part.textContent()).toContain("Tickets that could not be carried yet: ICM");
		await context.close();
	});

	it("lets an administrator let go of what a removed integration left behind", async () => {
		rmSync(join(catalogue, "integrations/servicenow.yaml"));
		const left = () => server.read<{ items: object[] }>("/api/v1/integrations");
		await eventually("the change of the catalogue", async () => (await left()).items.length === 0);
		const { items } = await server.read<{ items: { id: string }[] }>("/api/v1/incidents?tenant=woodgrove");
		await server.call(`/api/v1/incidents/${items[0]?.id}/mitigate`, { method: "POST" });
		const context = await browser.newContext({ ...LOOKS.phone, storageState: admin });
		const page = await context.newPage();
		await page.goto(`${server.url}/admin/integrations`);
		const note = page.getByRole("note").filter({ hasText: "servicenow" });
		await note.waitFor();
		await screenshot(page, "integrations-left-phone");
		expect(await accessibilityFaults(page)).toEqual([]);
		await note.getByRole("button", { name: "Let go of the tickets in servicenow" }).press("Enter");
		await page.getByRole("dialog").getByRole("button", { name: "Let go of them" }).click();
		await note.waitFor({ state: "detached" });
		await context.close();
	});
});
