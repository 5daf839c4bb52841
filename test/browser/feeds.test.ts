import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, eventually, type RunningServer, request, serve, temporaryFolder } from "../support/server.ts";
import { LOOKS, launch, screenshot, signIn, type Visitor } from "./browser.ts";
import { CATALOGUE, sendHour } from "./fleet-hour.ts";

/** What side feeds add to the console: the platform's own word, what changed, cases. */

const FEEDS = [
	["status", "kind: status-json, auth: bearer"],
	["changes", "kind: json, gives: changes, auth: bearer"],
	["cases", "kind: json, gives: cases, auth: bearer"],
] as const;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let server: RunningServer;
let browser: Browser;
let admin: Visitor;
let incident = "";

async function post(feed: string, body: unknown): Promise<void> {
	const answer = await request(`${server.url}/api/v1/feeds/${feed}`, {
		method: "POST",
		json: body,
		headers: { authorization: `Bearer token-of-${feed}` },
	});
	if (answer.status !== 200) throw new Error(`${feed} was answered ${answer.status}: ${answer.text}`);
}

beforeAll(async () => {
	browser = await launch();
	const catalogue = temporaryFolder();
	cpSync(CATALOGUE, catalogue, { recursive: true });
	mkdirSync(join(catalogue, "feeds"));
	const documents = FEEDS.map(
		([name, spec]) =>
			`apiVersion: bellwether/v1\nkind: Feed\nmetadata: { name: ${name}, displayName: The ${name} feed }\nspec: { ${spec}, secret: "\${env:FEED_${name.toUpperCase()}}" }\n`,
	);
	writeFileSync(join(catalogue, "feeds/all.yaml"), documents.join("---\n"));
	const env = Object.fromEntries(FEEDS.map(([name]) => [`FEED_${name.toUpperCase()}`, `token-of-${name}`]));
	server = await serve({ catalogue, data: temporaryFolder(), args: ["--demo"], env });
	const now = Date.now();
	await sendHour(server, { down: { woodgrove: "policy.creates" } }, now);
	const components = [
		{ name: "policy", status: "degraded_performance", updated_at: new Date(now - 9 * MINUTE).toISOString() },
		{ name: "sign-in", status: "operational" },
		{ name: "mail", status: "major_outage" },
		{ name: "devices", status: "under_maintenance" },
	];
	await post("status", { page: { url: "https://status.vendor.example" }, components });
	const change = (id: string, agoMs: number, more: object) => ({
		id,
		startedAt: now - agoMs,
		kind: "deployment",
		...more,
	});
	await post("changes", [
		change("d-1", 9 * MINUTE, {
			title: "Policy service 4.2.17 to ring 2",
			state: "succeeded",
			workload: "policy",
			ring: "ring-2",
			region: "westeurope",
			build: "4.2.17",
			actor: "release-bot",
			link: "https://ci.vendor.example/runs/7",
		}),
		change("f-1", 3 * HOUR, { title: "Flag new-evaluator on", state: "enabled", kind: "flag", tenant: "woodgrove" }),
	]);
	await post("cases", [
		{
			id: "SR-20417",
			title: "Policies that we create do not appear",
			tenant: "woodgrove",
			workload: "policy",
			severity: "A",
			escalated: true,
			openedAt: now - 2 * MINUTE,
			link: "https://support.vendor.example/SR-20417",
		},
		{
			id: "SR-20101",
			title: "Sign-in was down for our branch",
			tenant: "city-power",
			workload: "sign-in",
			openedAt: now - 5 * HOUR,
		},
	]);
	const found = await eventually("the incident", async () => {
		const { items } = await server.read<{ items: { id: string }[] }>("/api/v1/incidents?tenant=woodgrove");
		return items[0];
	});
	incident = found.id;
	await eventually("the causes", async () => {
		const { causes } = await server.read<{ causes: { ranked: unknown[] } | null }>(`/api/v1/incidents/${incident}`);
		return causes !== null && causes.ranked.length > 0;
	});
	admin = await signIn(browser, server);
});

afterAll(async () => {
	await browser?.close();
	await cleanUp();
});

const PAGES = {
	"feeds-platform": { path: () => "/fleet?cell=%2Fpolicy", ready: ".platform-word" },
	"feeds-incident": { path: () => `/incidents/${incident}`, ready: ".cause-list li" },
	"feeds-program": { path: () => "/reports/program", ready: ".steps li" },
} as const;
const VIEWS = [
	["feeds-platform", "light"],
	["feeds-platform", "dark"],
	["feeds-platform", "phone"],
	["feeds-incident", "light"],
	["feeds-incident", "dark"],
	["feeds-incident", "phone"],
	["feeds-program", "phone"],
] as const;

const open = (name: keyof typeof PAGES, look: keyof typeof LOOKS) => admin.open(PAGES[name].path(), LOOKS[look]);

describe("what feeds add", () => {
	it.each(VIEWS)("%s, %s: is accessible, keeps to its policy and fits the screen", (name, look) =>
		admin.inspect(name, PAGES[name], look),
	);

	it("the platform's word stands beside our own measure and changes none", async () => {
		const page = await open("feeds-platform", "light");
		const part = page.locator(".platform-word");
		await part.waitFor();
		expect(await part.textContent()).toMatch(
			/The status feed says: degraded since .*Our measure for all customers: healthy/,
		);
		expect(
			await page.locator('.platform .cell[data-cell="/policy"].state-healthy').getAttribute("aria-label"),
		).toContain("platform says degraded");
		await page.context().close();
	});

	it("the incident says which change fits best and how likely it is, and how severe it may be called", async () => {
		const page = await open("feeds-incident", "light");
		const first = page.locator(".cause-list li").first();
		await first.waitFor();
		expect(await first.textContent()).toMatch(
			/^deployed build 4\.2\.17 to westeurope \d+ min before the onset · \d.*%Policy service 4\.2\.17 to ring 2/,
		);
		await screenshot(page, "feeds-severity-light");
		expect(await page.locator(".facts").first().textContent()).toMatch(
			/Severity, derivedSev 2(\.5)?: .*tier; .* of events are hit; for /,
		);
		await page.context().close();
	});

	it("the incident says what changed, how long before, and which case is open, with links that tell nothing", async () => {
		const page = await open("feeds-incident", "light");
		await page.locator(".all-changes summary").click();
		const lines = page.locator(".feed-list li");
		await lines.first().waitFor();
		const texts = await lines.allTextContents();
		expect(texts).toEqual([
			expect.stringMatching(/before onset.*Policy service 4\.2\.17 to ring 2 · done.*ring-2 · westeurope · 4\.2\.17/),
			expect.stringMatching(/before onset.*Flag new-evaluator on/),
			expect.stringMatching(/SR-20417 Policies that we create do not appear.*severity A · escalated/),
		]);
		expect(await page.locator(".feed-list a").first().getAttribute("rel")).toBe("noreferrer");
		await page.context().close();
	});
});
