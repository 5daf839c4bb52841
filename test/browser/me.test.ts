import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "../support/catalogue.ts";
import { cleanUp, eventually, type RunningServer, serve, temporaryFolder } from "../support/server.ts";
import { accessibilityFaults, LOOKS, launch, screenshot, signIn, type Visitor } from "./browser.ts";

/** How people are paged: contact methods with their tests, and the page behind a test's link. */

const ANA = `apiVersion: bellwether/v1
kind: Person
metadata: { name: ana, displayName: Ana Ito }
spec:
  contacts: [{ channel: phone-panel }, { name: second, channel: phone-panel, address: ana-2 }]
  rules: { default: [{ notify: phone-panel }, { wait: 2m }, { notify: second }] }
---
apiVersion: bellwether/v1
kind: Schedule
metadata: { name: ana-alone, displayName: Ana alone }
spec: { startsAt: 2026-01-05T09:00, people: [ana] }
`;

let server: RunningServer;
let browser: Browser;
let admin: Visitor;

beforeAll(async () => {
	const files = catalogueFiles({ slos: ["send"], tenants: [{ name: "woodgrove" }] });
	server = await serve({ catalogue: writeCatalogue({ ...files, "oncall/ana.yaml": ANA }), data: temporaryFolder() });
	browser = await launch();
	admin = await signIn(browser, server);
});

afterAll(async () => {
	await browser?.close();
	await cleanUp();
});

describe("the page of contact methods", () => {
	it.each(["light", "dark", "phone"] as const)("is accessible and complains of nothing, %s", (look) =>
		admin.inspect("me", { path: "/me", ready: 'section[aria-label="Ana Ito"] table' }, look),
	);

	it("sends a test by keyboard, and shows it as proven when its link was answered on a phone without JavaScript", async () => {
		const page = await admin.open("/me");
		const card = page.getByRole("region", { name: "Ana Ito" });
		await card.getByText("no way of reaching Ana Ito has been confirmed").waitFor();
		await card.getByRole("button", { name: "Test now: second of Ana Ito" }).press("Enter");
		await card.getByText("A test page to second is on its way").waitFor();
		const link = await eventually("the test page is on the phone panel", async () => {
			const { items } = await server.read<{ items: { body: string }[] }>("/api/v1/phone");
			return items.flatMap(({ body }) => /https?:\S+\/a\/\S+/.exec(body)?.[0] ?? [])[0];
		});
		const look = await browser.newContext(LOOKS.phone);
		const looked = await look.newPage();
		await looked.goto(link);
		expect(await accessibilityFaults(looked)).toEqual([]);
		await look.close();
		const context = await browser.newContext({ ...LOOKS.phone, javaScriptEnabled: false });
		const phone = await context.newPage();
		await phone.goto(link);
		await screenshot(phone, "answer-phone");
		await phone.getByRole("button", { name: "Yes, it arrived" }).click();
		await phone.getByText("This way of reaching Ana Ito works.").waitFor();
		await context.close();
		await card.getByText("Confirmed", { exact: true }).waitFor();
		await page.context().close();
	});
});
