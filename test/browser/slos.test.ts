import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, eventually, type RunningServer, serve, temporaryFolder } from "../support/server.ts";
import { accessibilityFaults, launch, screenshot, signIn, type Visitor, views } from "./browser.ts";
import { CATALOGUE, sendHour } from "./fleet-hour.ts";

/** What is promised and what watches it: SLOs, their budgets and spread, monitors; and the way to anything by its name. */

const DAY_MS = 86_400_000;

const BURN_RATE = `apiVersion: bellwether/v1
kind: Monitor
metadata: { name: burn-rate }
spec: { severity: "2.5" }
`;

/** One more that is live, one in each other mode. */
const MONITORS = `apiVersion: bellwether/v1
kind: Monitor
metadata: { name: mail-fails }
spec: { detector: threshold, slos: [mail-delivery], threshold: { value: 0.05, for: 5m, minutes: 3 } }
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: policy-strict }
spec: { detector: threshold, slos: [policy-create], mode: shadow, severity: "3", threshold: { value: 0.02, for: 2m } }
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: sign-in-next }
spec: { slos: [signin-success], mode: draft }
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: stopped }
spec: { detector: absence, pause: { until: "2099-01-01T08:00Z", reason: Collector moves., owner: M. Ito } }
`;

const REFUSED = { code: "forbidden", message: "Refused here.", remedy: "Ask an administrator.", requestId: "req_1" };

let server: RunningServer;
let browser: Browser;
let admin: Visitor;

/** Four weeks of policy creations, with three days without any for one tenant; a good part of whose budget is spent. */
async function importHistory(now: number): Promise<void> {
	const lines = ["woodgrove", "city-power", "northwind-traders", "adatum"].flatMap((tenant, k) =>
		Array.from({ length: 27 * 4 }, (_, step) => {
			const at = now - DAY_MS - step * 6 * 3_600_000;
			const isGap = tenant === "city-power" && step >= 40 && step < 52;
			return isGap ? "" : JSON.stringify({ tenant, slo: "policy-create", at, good: 1_000 - k, total: 1_000 });
		}).filter(Boolean),
	);
	const answer = await server.call("/api/v1/import", {
		method: "POST",
		body: lines.join("\n"),
		headers: { "content-type": "application/x-ndjson", "idempotency-key": "history" },
	});
	expect(answer.status).toBe(200);
}

beforeAll(async () => {
	browser = await launch();
	const catalogue = temporaryFolder();
	cpSync(CATALOGUE, catalogue, { recursive: true });
	rmSync(join(catalogue, "monitors"), { recursive: true });
	mkdirSync(join(catalogue, "monitors"));
	writeFileSync(join(catalogue, "monitors/burn-rate.yaml"), BURN_RATE);
	writeFileSync(join(catalogue, "monitors/more.yaml"), MONITORS);
	server = await serve({ catalogue, data: temporaryFolder() });
	const now = Date.now();
	await importHistory(now);
	await sendHour(server, { down: { woodgrove: "policy.creates" }, silent: ["first-up-consultants"] }, now);
	await eventually("the incident", async () => {
		const { items } = await server.read<{ items: object[] }>("/api/v1/incidents?tenant=woodgrove");
		return items.length > 0;
	});
	admin = await signIn(browser, server);
});

afterAll(async () => {
	await browser?.close();
	await cleanUp();
});

const open = (path: string, options?: BrowserContextOptions) => admin.open(path, options);

const PAGES = {
	slos: { path: "/slos", ready: "tbody tr" },
	slo: { path: "/slos/policy-create?tenant=city-power", ready: ".chart canvas" },
	monitors: { path: "/monitors", ready: "tbody tr" },
	monitor: { path: "/monitors/burn-rate", ready: "tbody tr" },
} as const;

describe("every page of what is promised", () => {
	it.each(views(PAGES, ["light", "phone", "narrow"]))(
		"%s, %s: is accessible, keeps to its policy and fits the screen",
		(name, look) => admin.inspect(name, PAGES[name], look),
	);
});

describe("an SLO's page", () => {
	it("says what is promised, how the key tenants stand, who set the objectives, and where it is written", async () => {
		const page = await open("/slos");
		await page.getByRole("link", { name: "Policy creation" }).click();
		await page.getByRole("heading", { level: 1, name: "Policy creation" }).waitFor();
		const text = (await page.locator("main").textContent()) ?? "";
		expect(text).toContain("Of the policy creations of a tenant, 99.9% succeed, over any 28 days.");
		expect(text).toMatch(/\d of \d+ key tenants ha(s|ve) overspent .*1 is in breach now\./);
		expect(text).toContain("Of 1 key tenant nothing is known in this period.");
		expect(text).toContain("slos/policy-create.yaml, line 1");
		expect(text).toContain("policy.creates where result = ok");
		await page.getByRole("img", { name: /^Budget left of \d+ key tenants: .* 1 unknown\.$/ }).waitFor();
		await page.context().close();
	});

	it("shows by keyboard how another tenant's budget was spent; steps without events are gaps, not zero", async () => {
		const page = await open("/slos/policy-create");
		await page.getByRole("searchbox").waitFor();
		await page.keyboard.press("/");
		await page.keyboard.type("city");
		await page.getByRole("button", { name: /Show budget of City Power/ }).waitFor();
		await page.keyboard.press("Tab");
		await page.keyboard.press("Tab");
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { name: "How the budget of City Power was spent" }).waitFor();
		expect(new URL(page.url()).searchParams.get("tenant")).toBe("city-power");
		await page.getByText(/\d+ steps have no events: they are gaps in the line, not zero\./).waitFor();
		await page.getByText("Show as table").click();
		expect(await page.locator(".chart-table").getByText("no events").count()).toBeGreaterThanOrEqual(12);
		await page.getByLabel("Key tenant", { exact: true }).selectOption({ label: "Platform, all customers" });
		await page.getByRole("heading", { name: "How the budget of Platform was spent" }).waitFor();
		await page.context().close();
	});

	it("of an SLO that is not there, or when it cannot be read, says so", async () => {
		const page = await open("/slos/nothing");
		await page.getByRole("heading", { name: "There is no such SLO" }).waitFor();
		await page.route("**/api/v1/slos", (route) => route.fulfill({ status: 403, json: { error: REFUSED } }));
		await page.goto(`${server.url}/slos`);
		await page.getByText("The list of SLOs could not be loaded").waitFor();
		await page.unroute("**/api/v1/slos");
		await page.route("**/api/v1/slos", (route) => route.fulfill({ json: { items: [] } }));
		await page.reload();
		await page.getByRole("heading", { name: "No SLO yet" }).waitFor();
		await page.context().close();
	});
});

describe("the pages of monitors", () => {
	it("hide none, whatever its mode, and say what each mode means", async () => {
		const page = await open("/monitors");
		await page
			.getByText(
				"2 monitors are live. 1 is paused. 1 runs in shadow: it records, and tells nobody. 1 is a draft: it does nothing.",
			)
			.waitFor();
		expect(await page.locator("tbody .mode").allTextContents()).toEqual([
			" Live",
			" Live",
			" Paused",
			" Shadow",
			" Draft",
		]);
		await page.getByRole("link", { name: "stopped" }).click();
		await page.getByText("It claims nothing before 1 Jan 2099").waitFor();
		await page.getByText("M. Ito paused it: Collector moves.").waitFor();
		await page.goto(`${server.url}/tenants/contoso/mail`);
		await page.getByText(/Monitor stopped claims nothing before 1 Jan 2099.* M\. Ito paused it/).waitFor();
		await page.context().close();
	});

	it("say what a monitor watches, its derived factors, whose values hold, and when it fired", async () => {
		const page = await open("/monitors/burn-rate");
		const firing = page.getByRole("row").filter({ hasText: "Woodgrove Bank, Policy creation" });
		expect(await firing.textContent()).toMatch(/were bad \(policy creations that fail\): burn \d+×, limit 13\.4×\./);
		expect(await firing.getByRole("link").textContent()).toMatch(/^INC-\d+$/);
		const rule = page.getByRole("row").filter({ hasText: "Policy creation" }).filter({ hasText: "13.44×" });
		expect(await rule.first().textContent()).toContain("1.34% bad");
		const severity = page.getByRole("row").filter({ hasText: "severity" });
		expect(await severity.textContent()).toContain("this monitor monitors/burn-rate.yaml:");
		await page.context().close();
	});

	it("show of one in shadow what would have fired, and that nobody was told", { timeout: 120_000 }, async () => {
		// Thresholds are judged once in a minute of the clock.
		await eventually(
			"the firing",
			async () => (await server.read<{ firings: object[] }>("/api/v1/monitors/policy-strict")).firings.length > 0,
			75_000,
		);
		const page = await open("/monitors/policy-strict");
		await page.getByRole("heading", { name: "What would have fired" }).waitFor();
		const firing = page.getByRole("row").filter({ hasText: "Woodgrove Bank" });
		await firing.waitFor();
		expect(await firing.textContent()).toContain("Nobody was told");
		await page.context().close();
	});
});

describe("a tenant beside the fleet", () => {
	it("has the band of most key tenants behind its line, on its page and in the drawer, and in the table", async () => {
		const page = await open("/tenants/woodgrove/policy");
		await page.getByText("90% of key tenants (5% to 95%)").waitFor();
		await page.getByText("Show as table").click();
		await page.getByRole("columnheader", { name: "Key tenants, 5%" }).waitFor();
		await page.goto(`${server.url}/fleet?cell=woodgrove%2Fpolicy`);
		const drawer = page.getByRole("region", { name: "Woodgrove Bank, Policy" });
		await drawer.getByText("90% of key tenants (5% to 95%)").waitFor();
		await drawer.locator("canvas").waitFor();
		await screenshot(page, "drawer-band-light");
		await page.context().close();
	});
});

describe("Ctrl K", () => {
	it("goes to a tenant, an SLO or a page by a part of its name, also while a field has the focus", async () => {
		const page = await open("/monitors");
		await page.getByRole("searchbox").focus();
		await page.keyboard.press("Control+k");
		const dialog = page.getByRole("dialog", { name: "Go to" });
		await dialog.getByRole("combobox").waitFor();
		await page.keyboard.type("polic");
		await dialog.getByRole("option", { name: /SLO Policy creation/ }).waitFor();
		await screenshot(page, "palette-light");
		expect(await accessibilityFaults(page)).toEqual([]);
		await page.keyboard.type(" creation");
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { level: 1, name: "Policy creation" }).waitFor();
		await page.keyboard.press("Control+k");
		await page.keyboard.type("nobody has this");
		await dialog.getByText("Nothing matches “nobody has this”.").waitFor();
		await page.keyboard.press("Escape");
		await dialog.waitFor({ state: "hidden" });
		await page.context().close();
	});
});
