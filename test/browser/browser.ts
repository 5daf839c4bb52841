import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

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

/** Violations of WCAG 2.2 A and AA that axe finds, one line each with the first places. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
	await page.evaluate(axe.source);
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
