import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, type RunningServer, serve, temporaryFolder } from "../support/server.ts";
import {
	accessibilityFaults,
	complaintsOf,
	LOOKS,
	launch,
	type StorageState,
	screenshot,
	signedIn,
} from "./browser.ts";

/** Who is on call, one schedule, the hand-over; and that a schedule is changed with the keyboard alone. */

const DEMO = fileURLToPath(new URL("../../examples/demo", import.meta.url));
const HOUR_MS = 3_600_000;

/** A second schedule that promises 24x7 and leaves every night empty. */
const WITH_GAPS = `apiVersion: bellwether/v1
kind: Schedule
metadata: { name: desk, displayName: Service desk }
spec:
  coverage: 24x7
  layers:
    - name: day
      times: [{ from: 06:00, to: 22:00 }]
      rotation: { every: day, startsAt: 2026-01-05T06:00, people: [m-ito, s-haas] }
`;

let server: RunningServer;
let browser: Browser;
let admin: StorageState;

beforeAll(async () => {
	browser = await launch();
	const catalogue = temporaryFolder();
	cpSync(DEMO, catalogue, { recursive: true });
	rmSync(join(catalogue, "tests"), { recursive: true, force: true });
	writeFileSync(join(catalogue, "oncall/desk.yaml"), WITH_GAPS);
	server = await serve({ catalogue, data: temporaryFolder() });
	admin = await signedIn(browser, server);
});

afterAll(async () => {
	await browser?.close();
	await cleanUp();
});

async function open(path: string): Promise<Page> {
	const context = await browser.newContext({ ...LOOKS.light, storageState: admin, timezoneId: "Europe/Berlin" });
	const page = await context.newPage();
	await page.goto(`${server.url}${path}`);
	return page;
}

const PAGES = {
	oncall: { path: "/oncall", ready: ".uncovered li" },
	schedule: { path: "/oncall/schedules/desk", ready: ".shift-bar" },
	handover: { path: "/oncall/handover", ready: ".card textarea" },
} as const;
const VIEWS = (["light", "narrow"] as const).flatMap((look) =>
	(Object.keys(PAGES) as (keyof typeof PAGES)[]).map((page) => [page, look] as const),
);

describe("every page of on-call", () => {
	it.each(VIEWS)("%s, %s: is accessible, keeps to its policy and fits the screen", async (name, look) => {
		const context = await browser.newContext({ ...LOOKS[look], storageState: admin, timezoneId: "Europe/Berlin" });
		const page = await context.newPage();
		const complaints = complaintsOf(page);
		await page.goto(`${server.url}${PAGES[name].path}`);
		await page.locator(PAGES[name].ready).first().waitFor();
		await page.evaluate("document.fonts.ready.then(() => 0)");
		await screenshot(page, `${name}-${look}`);
		expect(await accessibilityFaults(page)).toEqual([]);
		expect(complaints).toEqual([]);
		expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
		await context.close();
	});
});

it("uncovered time comes first, in the reader's zone and UTC", async () => {
	const page = await open("/oncall");
	const gap = page.getByRole("list", { name: "Uncovered time" }).getByRole("listitem").first();
	await gap.waitFor();
	expect(await gap.textContent()).toMatch(/^Service desk: nobody is primary from .* UTC\) to .*\(06:00 UTC\), /);
	const text = (await page.locator("main").textContent()) ?? "";
	expect(text.indexOf("nobody is primary")).toBeLessThan(text.indexOf("Now and next"));
	expect(text).toContain("although 24x7 is promised");
	await page.context().close();
});

/** Goes on with Tab until what has the focus is called so. */
async function tabTo(page: Page, name: string): Promise<void> {
	for (let press = 0; press < 80; press++) {
		await page.keyboard.press("Tab");
		const focused = await page.evaluate<string>(
			"((e) => e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent || '')(document.activeElement)",
		);
		if (focused.trim() === name) return;
	}
	throw new Error(`Tab never came to ${name}`);
}

describe("with the keyboard alone", () => {
	it("an override is made, and ended again", async () => {
		const page = await open("/oncall/schedules/cre-primary");
		await page.getByRole("button", { name: "Make an override" }).waitFor();
		await tabTo(page, "Make an override");
		await page.keyboard.press("Enter");
		await page.getByRole("dialog").waitFor();
		// The first field has the focus: a letter chooses.
		await page.keyboard.type("Y");
		await tabTo(page, "Reason");
		await page.keyboard.type("Dentist");
		await tabTo(page, "Make the override");
		await page.keyboard.press("Enter");
		const line = page.getByText(/Y\. Tanaka for everybody, primary/);
		await line.waitFor();
		const made = await server.read<{
			overrides: { people: { name: string }[]; reason: string; from: number; to: number }[];
		}>("/api/v1/oncall/schedules/cre-primary");
		expect(made.overrides).toMatchObject([{ people: [{ name: "y-tanaka" }], reason: "Dentist" }]);
		expect((made.overrides[0]?.to ?? 0) - (made.overrides[0]?.from ?? 0)).toBe(8 * HOUR_MS);
		await tabTo(page, "End it");
		await page.keyboard.press("Enter");
		await page.getByRole("dialog").waitFor();
		await page.keyboard.press("Enter");
		await page.getByText("ended by").waitFor();
		await page.context().close();
	});

	it("a swap is asked for, and taken", async () => {
		const page = await open("/oncall/schedules/cre-primary");
		await page.getByRole("button", { name: "Ask for a swap" }).waitFor();
		await tabTo(page, "Ask for a swap");
		await page.keyboard.press("Enter");
		await page.getByRole("dialog").waitFor();
		await page.keyboard.type("S");
		await tabTo(page, "Reason");
		await page.keyboard.type("Concert");
		await tabTo(page, "Ask for the swap");
		await page.keyboard.press("Enter");
		await page.getByText(/S\. Haas asks to be relieved/).waitFor();
		await tabTo(page, "Take it");
		await page.keyboard.press("Enter");
		await page.getByRole("dialog", { name: "Who takes it?" }).waitFor();
		await page.keyboard.type("K");
		await tabTo(page, "Take the duty");
		await page.keyboard.press("Enter");
		await page.getByText("taken by K. Abara (lead)").waitFor();
		await page.context().close();
	});
});

it("a note for the hand-over is written, and is there for whoever comes", async () => {
	const page = await open("/oncall/handover");
	await page.getByLabel("Note for whoever comes").fill("Purview is slow since noon.");
	await page.getByRole("button", { name: "Write the note" }).click();
	await page.getByText("Purview is slow since noon.").waitFor();
	await page.reload();
	await page.getByText("Purview is slow since noon.").waitFor();
	await page.context().close();
});
