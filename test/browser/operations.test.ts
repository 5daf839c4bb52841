import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attribute, nanos, sendJson } from "../support/otlp.ts";
import { cleanUp, eventually, type RunningServer, request, serve, temporaryFolder } from "../support/server.ts";
import { accessibilityFaults, LOOKS, launch, screenshot, signIn, type Visitor, views } from "./browser.ts";
import { CATALOGUE, sendHour } from "./fleet-hour.ts";

/** What those who run the system look at: sources, ids without a tenant, its own health, a tenant's workload over time. */

const SETTINGS = `apiVersion: bellwether/v1
kind: Settings
spec:
  organisation: Demo Cloud
  egress: { allow: ["127.0.0.1:9"] }
`;

/** Nobody listens on port 9, so it fails; what sends OTLP is declared and sends OTLP. */
const SOURCES = `apiVersion: bellwether/v1
kind: Source
metadata: { name: metrics-store, displayName: Metrics store }
spec: { kind: prometheus, url: "http://127.0.0.1:9", queries: [{ slo: mail-delivery }] }
---
apiVersion: bellwether/v1
kind: Source
metadata: { name: otlp, displayName: Services of the shop }
spec: { kind: otlp }
---
apiVersion: bellwether/v1
kind: Source
metadata: { name: old-writer, displayName: Old writer }
spec: { kind: remote-write }
`;

const FEED = `apiVersion: bellwether/v1
kind: Feed
metadata: { name: changes, displayName: Deployments }
spec: { kind: json, gives: changes, auth: bearer, secret: "\${env:FEED_CHANGES}" }
`;

const REFUSED = { code: "forbidden", message: "Refused here.", remedy: "Ask an administrator.", requestId: "req_1" };

let catalogue: string;
let server: RunningServer;
let browser: Browser;
let admin: Visitor;

async function sendUnused(at: number): Promise<void> {
	const point = (minutesAgo: number, more: object = {}) => ({
		startTimeUnixNano: nanos(at - minutesAgo * 60_000 - 60_000),
		timeUnixNano: nanos(at - minutesAgo * 60_000),
		asInt: "5",
		attributes: [attribute("result", "ok")],
		...more,
	});
	const sum = (dataPoints: object[]) => ({ aggregationTemporality: 1, isMonotonic: true, dataPoints });
	const metrics = [
		{ name: "mail.delays", sum: sum([point(1)]) },
		// One of five hours ago: beyond the lateness limit.
		{ name: "policy.creates", sum: sum([point(300)]) },
	];
	await sendJson(server, {
		resourceMetrics: [
			{ resource: { attributes: [attribute("tenant.id", "Adatum Ltd.")] }, scopeMetrics: [{ metrics }] },
		],
	});
}

beforeAll(async () => {
	browser = await launch();
	catalogue = temporaryFolder();
	cpSync(CATALOGUE, catalogue, { recursive: true });
	for (const folder of ["feeds", "sources"]) mkdirSync(join(catalogue, folder));
	writeFileSync(join(catalogue, "bellwether.yaml"), SETTINGS);
	writeFileSync(join(catalogue, "sources/all.yaml"), SOURCES);
	writeFileSync(join(catalogue, "feeds/changes.yaml"), FEED);
	const delay = readFileSync(join(CATALOGUE, "slos/mail-delivery.yaml"), "utf8")
		.replaceAll("mail-delivery", "mail-delay")
		.replaceAll("Mail delivery", "Mail delay")
		.replaceAll("mail.messages", "mail.delay");
	writeFileSync(join(catalogue, "slos/mail-delay.yaml"), delay);
	server = await serve({ catalogue, data: temporaryFolder(), env: { FEED_CHANGES: "token-of-changes" } });
	const now = Date.now();
	await sendHour(server, { down: { woodgrove: "policy.creates" }, silent: ["first-up-consultants"] }, now);
	await sendUnused(now);
	const changes = [10, 31].map((minutesAgo) => ({
		id: `d-${minutesAgo}`,
		startedAt: now - minutesAgo * 60_000,
		kind: "deployment",
		title: `Policy service 4.2.${minutesAgo} to ring 2`,
		state: "succeeded",
		workload: "policy",
		ring: "ring-2",
	}));
	await request(`${server.url}/api/v1/feeds/changes`, {
		method: "POST",
		json: changes,
		headers: { authorization: "Bearer token-of-changes" },
	});
	await eventually("the incident", async () => {
		const { items } = await server.read<{ items: object[] }>("/api/v1/incidents?tenant=woodgrove");
		return items.length > 0;
	});
	await eventually("the failing source", async () => {
		const { items } = await server.read<{ items: { state: string }[] }>("/api/v1/sources");
		return items.some(({ state }) => state === "failing");
	});
	admin = await signIn(browser, server);
});

afterAll(async () => {
	await browser?.close();
	await cleanUp();
});

const open = (path: string, options?: BrowserContextOptions) => admin.open(path, options);

const PAGES = {
	sources: { path: "/admin/sources", ready: ".card .failure" },
	match: { path: "/admin/match", ready: "tbody tr" },
	health: { path: "/admin/health", ready: "[data-part]" },
	tenant: { path: "/tenants/woodgrove", ready: ".matched li" },
	workload: { path: "/tenants/woodgrove/policy?range=1h", ready: ".chart canvas" },
} as const;

describe("every page of the operators", () => {
	it.each(views(PAGES, ["light", "dark", "phone", "narrow"]))(
		"%s, %s: is accessible, keeps to its policy and fits the screen",
		(name, look) => admin.inspect(name, PAGES[name], look),
	);
});

describe("the sources page", () => {
	it("says of each source how it is, why points were rejected, and what to do", async () => {
		const page = await open("/admin/sources");
		await page.getByText("1 source is in error; 1 of 3 sources gives data.").waitFor();
		const store = page.getByRole("region", { name: "Metrics store" });
		expect(await store.textContent()).toMatch(/Fails.*It has never given data\..*Last error/);
		const shop = page.getByRole("region", { name: "Services of the shop" });
		expect(await shop.textContent()).toMatch(/Gives data.*Last sample.*ago/);
		expect(await shop.textContent()).toContain("They came later than the lateness limit.");
		const old = page.getByRole("region", { name: "Old writer" });
		expect(await old.textContent()).toMatch(/Silent.*Nothing was ever sent\..*Lag.*not known/);
		await page.context().close();
	});

	it("asks a pulled source at once and shows what went wrong", async () => {
		const page = await open("/admin/sources");
		const store = page.getByRole("region", { name: "Metrics store" });
		await store.getByRole("button", { name: "Test Metrics store now" }).click();
		await store.getByText(/^The test failed: /).waitFor();
		await screenshot(page, "sources-tested-light");
		await page.context().close();
	});
});

describe("a page of the operators without data", () => {
	it("says what it will show and what is next, or that the server was not reached", async () => {
		const page = await open("/admin/sources");
		await page.locator(".card").first().waitFor();
		await page.route("**/api/v1/sources", (route) => route.fulfill({ json: { items: [], feeds: [] } }));
		await page.reload();
		await page.getByRole("heading", { name: "Nothing sends yet, and no source is declared" }).waitFor();
		await screenshot(page, "sources-empty-light");
		await page.unroute("**/api/v1/sources");
		await page.route("**/api/v1/sources", (route) => route.fulfill({ status: 403, json: { error: REFUSED } }));
		await page.reload();
		await page.getByText("The list of sources could not be loaded").waitFor();
		await page.getByText("Refused here. Ask an administrator.").waitFor();
		await page.context().close();
	});

	it("shows health without figures when the telemetry thread does not answer, and nothing of it as well", async () => {
		const page = await open("/admin/sources");
		const details = await server.read<Record<string, unknown>>("/api/v1/health/details");
		const parts = [{ key: "disk", state: "unknown", says: "It is not known.", remedy: "Wait." }];
		const json = { ...details, parts, books: null, telemetry: null, storage: null, uncovered: [] };
		await page.route("**/api/v1/health/details", (route) => route.fulfill({ json }));
		await page.goto(`${server.url}/admin/health`);
		await page.getByText("1 part is unknown. 0 of 1 are well.").waitFor();
		await page.getByText("Not known while the telemetry thread does not answer.").waitFor();
		expect(await page.locator(".state-healthy").count()).toBe(0);
		await page.context().close();
	});
});

describe("the match page", () => {
	it("goes on to more ids on demand", async () => {
		const page = await open("/admin/match");
		await page.locator("tbody tr").first().waitFor();
		expect(await page.locator("tbody tr").count()).toBe(50);
		await page.getByRole("button", { name: "Show more ids" }).click();
		await expect.poll(() => page.locator("tbody tr").count()).toBe(51);
		expect(await page.getByRole("button", { name: "Show more ids" }).count()).toBe(0);
		await page.context().close();
	});

	it("makes a key tenant of an id in one click, and says what was written", async () => {
		const page = await open("/admin/match?show=unmatched");
		const line = page.getByRole("row").filter({ hasText: "Adatum Ltd." });
		await line.getByRole("button", { name: "Make key tenant … of tenant.id = Adatum Ltd." }).click();
		const dialog = page.getByRole("dialog");
		expect(await dialog.getByLabel("Display name").inputValue()).toBe("Adatum Ltd.");
		expect(await dialog.getByLabel("Name, for files").inputValue()).toBe("adatum-ltd");
		await screenshot(page, "match-dialog-light");
		expect(await accessibilityFaults(page)).toEqual([]);
		await dialog.getByRole("button", { name: "Make key tenant" }).click();
		await dialog.getByText("The catalogue has one file more: tenants/adatum-ltd.yaml").waitFor();
		expect(readFileSync(join(catalogue, "tenants/adatum-ltd.yaml"), "utf8")).toContain("Adatum Ltd.");
		await dialog.getByRole("link", { name: "Open Adatum Ltd." }).click();
		await page.getByRole("heading", { level: 1, name: "Adatum Ltd." }).waitFor();
		await page.context().close();
	});

	it("says why an id was refused, and keeps what was written", async () => {
		const page = await open("/admin/match?q=somebody");
		await page.getByRole("button", { name: "Make key tenant … of tenant.id = somebody" }).click();
		const dialog = page.getByRole("dialog");
		await dialog.getByLabel("Name, for files").fill("woodgrove");
		await dialog.getByRole("button", { name: "Make key tenant" }).click();
		await dialog.getByText("There is a key tenant called woodgrove already.").waitFor();
		expect(await dialog.getByLabel("Name, for files").inputValue()).toBe("woodgrove");
		await page.context().close();
	});

	it("finds ids by a part of them", async () => {
		const page = await open("/admin/match");
		await page.getByRole("searchbox").waitFor();
		await page.keyboard.press("/");
		await page.keyboard.type("nobody-has-this");
		await page.getByText("No id fits “nobody-has-this”").waitFor();
		await page.context().close();
	});
});

describe("the health page", () => {
	it("says what fails first, and of an SLO without data what came instead", async () => {
		// The catalogue may have been loaded anew since the first time.
		await sendUnused(Date.now());
		const page = await open("/admin/health");
		const first = page.locator("[data-part]").first();
		await first.waitFor();
		expect(await first.getAttribute("data-part")).toBe("sources");
		expect(await first.textContent()).toContain("Sources that fail: Metrics store.");
		expect(await page.locator('[data-part="slos"]').textContent()).toContain("1 of 7 SLOs never saw data");
		await page.getByRole("row").filter({ hasText: "Mail delay" }).getByText("mail.delays").waitFor();
		expect(await page.locator('[data-part="accounting"]').textContent()).toMatch(/received = .* counted \+ /);
		await page.context().close();
	});

	it("shows a part that is unknown as unknown", async () => {
		const page = await open("/admin/health");
		const disk = page.locator('[data-part="disk"]');
		await disk.waitFor();
		expect(await disk.textContent()).toContain("Unknown");
		expect(await disk.locator(".state-no-data").count()).toBe(1);
		await page.context().close();
	});

	it("is not offered to a viewer, who is told who may", async () => {
		const made = await server.call("/api/v1/tokens", { method: "POST", json: { name: "ann", role: "viewer" } });
		const context = await browser.newContext(LOOKS.light);
		const page = await context.newPage();
		await page.goto(`${server.url}/sign-in?next=/admin`);
		await page.getByLabel("Token").fill(made.json.token);
		await page.getByRole("button", { name: "Sign in" }).click();
		await page.getByRole("heading", { name: "Sources", exact: true }).waitFor();
		const tabs = page.getByRole("navigation", { name: "Administration" });
		expect(await tabs.getByRole("link").allTextContents()).toEqual(["Sources", "Match", "Channels"]);
		expect(await page.getByRole("button", { name: /^Test / }).count()).toBe(0);
		await page.goto(`${server.url}/admin/health`);
		await page.getByText("This needs the role responder or admin").waitFor();
		await screenshot(page, "health-forbidden-light");
		await context.close();
	});
});

describe("a tenant's workload", () => {
	it("says how each SLO is, by which id it is known, and what changed", async () => {
		const page = await open("/tenants/woodgrove/policy?range=1h");
		await page.locator(".chart canvas").waitFor();
		expect(await page.locator(".matched").textContent()).toMatch(/tenant\.id = \S+, last .* ago · [\d,]+ points/);
		await page.getByText(/Woodgrove Bank, .* is in breach since/).waitFor();
		await page.getByText("Policy service 4.2.10 to ring 2").waitFor();
		expect(await page.getByRole("img", { name: /now at 0\.0+%, lowest 0\.0+% in this range/ }).count()).toBe(1);
		await page.context().close();
	});

	it("has the same numbers as a table, revised windows among them, and keeps the range in the address", async () => {
		const page = await open("/tenants/woodgrove/policy");
		await page.locator(".chart canvas").first().waitFor();
		await page.getByRole("button", { name: "1 h", exact: true }).click();
		await expect.poll(() => new URL(page.url()).searchParams.get("range")).toBe("1h");
		await page.getByText("1 h, 1").first().waitFor();
		await page.getByText("Show as table").click();
		const rows = page.locator(".chart-table tbody tr");
		await expect.poll(() => rows.count()).toBeGreaterThan(50);
		expect(await rows.first().textContent()).toMatch(/200.*once, .* late/);
		await page.context().close();
	});

	it("is one step from the fleet's cell", async () => {
		const page = await open("/fleet?cell=woodgrove%2Fpolicy");
		await page.getByRole("link", { name: "Open Woodgrove Bank, " }).click();
		await page.locator(".chart canvas").first().waitFor();
		expect(new URL(page.url()).pathname).toBe("/tenants/woodgrove/policy");
		await page.context().close();
	});

	it("of a tenant that is not there says so", async () => {
		const page = await open("/tenants/nobody/policy");
		await page.getByText("There is no such key tenant, or you may not see it").waitFor();
		await page.context().close();
	});
});
