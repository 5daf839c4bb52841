import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import type { RunningServer } from "../support/server.ts";

const CHROMIUM = process.env.BELLWETHER_CHROMIUM ?? "/usr/bin/chromium";
const SCREENSHOTS = fileURLToPath(new URL("../output/screenshots/", import.meta.url));

/** Without motion: axe and pictures must not meet a colour on its way. */
const still = { reducedMotion: "reduce" } as const;

/** The looks in which every page is looked at. */
export const LOOKS = {
	light: { ...still, viewport: { width: 1440, height: 900 }, colorScheme: "light" },
	dark: { ...still, viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
	/** A screen of 1440 × 900 at 200 %. */
	zoomed: { ...still, viewport: { width: 720, height: 450 }, colorScheme: "light" },
	phone: { ...still, viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true, isMobile: true },
	narrow: { ...still, viewport: { width: 320, height: 640 }, colorScheme: "dark" },
} as const satisfies Record<string, BrowserContextOptions>;

/** Starts the system's Chromium with a fresh profile; it asks nothing of any other machine. */
export async function launch(): Promise<Browser> {
	if (!existsSync(CHROMIUM)) {
		throw new Error(
			`The browser tests need Chromium and ${CHROMIUM} does not exist: install the package "chromium" or set BELLWETHER_CHROMIUM to its path.`,
		);
	}
	return chromium.launch({
		executablePath: CHROMIUM,
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-quic",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
		],
	});
}

/** What the page complained of: errors and warnings of its console, which include refusals by the content security policy. */
export function complaintsOf(page: Page): string[] {
	const complaints: string[] = [];
	page.on("console", (message) => {
		if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
	});
	page.on("pageerror", (error) => complaints.push(String(error)));
	return complaints;
}

/** What fades in has not yet the colours that it will have; what turns for ever is not waited for. */
const AT_REST = `Promise.allSettled(
	document.getAnimations()
		.filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
		.map(({ finished }) => finished),
).then(() => undefined)`;

/** Violations of WCAG 2.2 A and AA that axe finds, one line each with the first places. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
	await page.evaluate(axe.source);
	await page.evaluate(AT_REST);
	return page.evaluate(async () => {
		const runner = (globalThis as unknown as { axe: typeof axe }).axe;
		const { violations } = await runner.run({
			runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
		});
		return violations.map(
			({ id, help, nodes }) =>
				`${id}: ${help}: ${nodes
					.slice(0, 3)
					.map((n) => n.html)
					.join(" | ")}`,
		);
	});
}

export async function screenshot(page: Page, name: string): Promise<void> {
	mkdirSync(SCREENSHOTS, { recursive: true });
	await page.screenshot({ path: `${SCREENSHOTS}${name}.png` });
}

/** Where a page is, and what shows that it is there whole. */
export interface PlaceInConsole {
	readonly path: string | (() => string);
	readonly ready: string;
}

/** Somebody who is signed in. */
export interface Visitor {
	/** A page without an address yet, in a browser context of its own: close that. */
	newPage(options?: BrowserContextOptions): Promise<Page>;
	/** In a browser context of its own as well. */
	open(path: string, options?: BrowserContextOptions): Promise<Page>;
	/** Looks at a page as a whole: it is accessible, complains of nothing and is no wider than the screen. */
	inspect(name: string, place: PlaceInConsole, look: keyof typeof LOOKS): Promise<void>;
}

/** Signs in with the link that the server printed when it started. */
export async function signIn(browser: Browser, server: RunningServer): Promise<Visitor> {
	return visitor(browser, server.url, await signedIn(browser, server));
}

/** Cookies of an administrator, for contexts that a test opens itself. */
export async function signedIn(browser: Browser, server: RunningServer): Promise<StorageState> {
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(server.adminLink);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.getByRole("grid").waitFor();
	const storageState = await context.storageState();
	await context.close();
	return storageState;
}

export type StorageState = Awaited<ReturnType<BrowserContext["storageState"]>>;

function visitor(browser: Browser, url: string, storageState: StorageState): Visitor {
	const newPage = async (options: BrowserContextOptions = LOOKS.light): Promise<Page> => {
		const context = await browser.newContext({ ...options, storageState, timezoneId: "Europe/Berlin" });
		return context.newPage();
	};
	return {
		newPage,
		async open(path, options) {
			const page = await newPage(options);
			await page.goto(`${url}${path}`);
			return page;
		},
		async inspect(name, { path, ready }, look) {
			const page = await newPage(LOOKS[look]);
			const complaints = complaintsOf(page);
			await page.goto(`${url}${typeof path === "string" ? path : path()}`);
			// The table behind a chart is there too, but closed.
			await page.locator(ready).filter({ visible: true }).first().waitFor();
			await page.evaluate("document.fonts.ready.then(() => 0)");
			await screenshot(page, `${name}-${look}`);
			expect(await accessibilityFaults(page)).toEqual([]);
			expect(complaints).toEqual([]);
			expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
			await page.context().close();
		},
	};
}

/** Each page in each look. */
export function views<P extends string>(
	pages: Readonly<Record<P, PlaceInConsole>>,
	looks: readonly (keyof typeof LOOKS)[],
): (readonly [P, keyof typeof LOOKS])[] {
	return looks.flatMap((look) => (Object.keys(pages) as P[]).map((page) => [page, look] as const));
}
