import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, eventually, type RunningServer, serve, temporaryFolder } from "../support/server.ts";
import { accessibilityFaults, LOOKS, launch, screenshot, signIn, type Visitor, views } from "./browser.ts";
import { CATALOGUE, sendHour, sendOutage } from "./fleet-hour.ts";

interface Incident {
	readonly id: string;
	readonly tenant: string;
	readonly state: string;
}

let server: RunningServer;
let browser: Browser;
let admin: Visitor;
/** Of the tenant whose incident people look at, and of the one that is acknowledged without script. */
let woodgrove: string;
let cityPower: string;

const openIncidents = async () => (await server.read<{ items: Incident[] }>("/api/v1/incidents?state=open")).items;
const stateOf = async (id: string) => (await server.read<Incident>(`/api/v1/incidents/${id}`)).state;

beforeAll(async () => {
	browser = await launch();
	server = await serve({ catalogue: CATALOGUE, data: temporaryFolder(), args: ["--demo"] });
	const down = { woodgrove: "policy.creates", "city-power": "signin.attempts" } as const;
	await sendHour(server, { down, silent: ["first-up-consultants"] }, Date.now());
	const found = await eventually("two incidents", async () => {
		const open = await openIncidents();
		return open.length >= 2 && open;
	});
	woodgrove = found.find((incident) => incident.tenant === "woodgrove")?.id ?? "";
	cityPower = found.find((incident) => incident.tenant === "city-power")?.id ?? "";
	admin = await signIn(browser, server);
});

afterAll(async () => {
	await browser?.close();
	await cleanUp();
});

const open = (path: string, options?: BrowserContextOptions) => admin.open(path, options);

const PAGES = {
	fleet: { path: () => "/fleet", ready: '[role="grid"] .state-breach' },
	cell: { path: () => "/fleet?cell=woodgrove%2Fpolicy", ready: ".drawer table" },
	"no-match": { path: () => "/fleet?q=nobody", ready: ".notice-box" },
	incidents: { path: () => "/incidents", ready: "tbody a" },
	incident: { path: () => `/incidents/${woodgrove}`, ready: ".chart canvas" },
	program: { path: () => "/reports/program", ready: "tbody tr:nth-child(6)" },
	pager: { path: () => `/p/${woodgrove}`, ready: "button" },
} as const;

describe("every page", () => {
	it.each(views(PAGES, Object.keys(LOOKS) as (keyof typeof LOOKS)[]))(
		"%s, %s: is accessible, keeps to its policy and fits the screen",
		(name, look) => admin.inspect(name, PAGES[name], look),
	);
});

describe("the fleet page", () => {
	it("says in its first line what the platform does not show", async () => {
		const page = await open("/fleet");
		const line = page.getByRole("heading", { level: 1 });
		await expect.poll(() => line.textContent()).toContain("Platform healthy");
		expect(await line.textContent()).toContain("2 of 50 key tenants in breach.");
		expect(await page.title()).toBe("(2) Fleet");
		expect(await page.locator(".cell.ring").count()).toBe(2);
		expect(await page.locator('.platform .cell[data-cell="/policy"].state-healthy').count()).toBe(1);
		await page.context().close();
	});

	it.each(["light", "zoomed", "phone", "narrow"] as const)(
		"keeps what a cell says inside the cell: %s",
		async (look) => {
			const page = await open("/fleet", LOOKS[look]);
			await page.locator(".cell.state-breach").first().waitFor();
			const tooWide = await page.evaluate<string[]>(
				"[...document.querySelectorAll('.cell')].filter((c) => c.scrollWidth > c.clientWidth).map((c) => c.textContent)",
			);
			expect(tooWide).toEqual([]);
			await page.context().close();
		},
	);

	it("is one tab stop; arrows move, Enter opens the details, Esc gives the focus back", async () => {
		const page = await open("/fleet");
		const focused = () => page.evaluate<string>("document.activeElement.getAttribute('aria-label') ?? ''");
		await page.locator(".cell.state-breach").first().waitFor();
		const inGrid = () => page.evaluate<boolean>("document.activeElement.closest('[role=grid]') !== null");
		for (let tabs = 0; tabs < 30 && !(await inGrid()); tabs++) await page.keyboard.press("Tab");
		expect(await inGrid()).toBe(true);
		await page.keyboard.press("Control+Home");
		expect(await page.evaluate<string>("document.activeElement.textContent")).toContain("Platform");
		const key = (await page.locator(".cell.state-breach").first().getAttribute("data-cell")) ?? "";
		const column = Number(await page.locator(".cell.state-breach").first().getAttribute("data-column"));
		await page.keyboard.press("ArrowDown");
		for (let i = 0; i < column; i++) await page.keyboard.press("ArrowRight");
		expect(await focused()).toContain("Breach");
		await page.keyboard.press("Enter");
		await page.locator(".drawer").waitFor();
		expect(new URL(page.url()).searchParams.get("cell")).toBe(key);
		expect(await page.evaluate<string>("document.activeElement.tagName")).toBe("H2");
		await page.keyboard.press("Escape");
		await expect.poll(() => page.locator(".drawer").count()).toBe(0);
		expect(await focused()).toContain("Breach");
		await page.keyboard.press("Tab");
		expect(await inGrid()).toBe(false);
		await page.context().close();
	});

	it("does nothing on single letters while a field has the focus or while they are switched off", async () => {
		const page = await open("/fleet");
		await page.getByRole("grid").waitFor();
		await page.keyboard.press("/");
		await page.keyboard.type("gig?");
		expect(new URL(page.url()).pathname).toBe("/fleet");
		await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("gig?");
		expect(new URL(page.url()).pathname).toBe("/fleet");
		await page.keyboard.press("Escape");
		await page.keyboard.press("?");
		await page.getByRole("switch", { name: "Single-letter keys" }).click();
		await page.keyboard.press("Escape");
		await page.keyboard.press("g");
		await page.keyboard.press("i");
		expect(new URL(page.url()).pathname).toBe("/fleet");
		await page.context().close();
	});

	it("says that it is not live when the stream is gone for 45 s, and hatches the cells", async () => {
		const page = await admin.newPage();
		await page.clock.install();
		await page.route("**/api/v1/stream", (route) => route.abort());
		await page.goto(`${server.url}/fleet`);
		await page.getByRole("grid").waitFor();
		expect(await page.locator(".cell.hatched").count()).toBe(0);
		await page.clock.fastForward(46_000);
		await page.locator(".live-stale").waitFor();
		await expect.poll(() => page.locator(".cell.hatched").count()).toBeGreaterThan(200);
		await screenshot(page, "fleet-not-live");
		await page.context().close();
	});
});

describe("acknowledging", () => {
	it("that did not reach the server says so, and who is paged next, instead of looking done", async () => {
		const page = await open(`/incidents/${woodgrove}`);
		await page.route("**/acknowledge", (route) => route.abort());
		await page
			.locator("article")
			.getByRole("button", { name: `Acknowledge ${woodgrove}` })
			.click();
		const alert = page.locator("article").getByRole("alert");
		await alert.waitFor();
		expect(await alert.textContent()).toMatch(
			/^Not acknowledged: The server was not reached\. Retrying\. .+ is paged again at \d\d:\d\d/,
		);
		await page.locator("article").getByText("Not acknowledged", { exact: true }).waitFor();
		expect(await stateOf(woodgrove)).toBe("detected");
		await screenshot(page, "not-acknowledged-light");
		await page.context().close();
	});

	it("works by keyboard: a, then Enter; the phone shows who has it", async () => {
		const page = await open(`/incidents/${woodgrove}`);
		const phone = page.getByRole("region", { name: "Phone of the on-call engineer" });
		const button = { name: `Acknowledge ${woodgrove}` };
		await phone.getByRole("button", button).first().waitFor();
		// The incident answers to its key, and may come later than the phone.
		await page.locator("article").getByRole("button", button).waitFor();
		await page.keyboard.press("a");
		await page.getByRole("dialog", { name: `Acknowledge ${woodgrove}?` }).waitFor();
		await page.keyboard.press("Enter");
		await phone.getByText("Acknowledged by").first().waitFor();
		await expect.poll(() => stateOf(woodgrove)).toBe("acknowledged");
		await page.context().close();
	});

	it("works without JavaScript on the pager page, by its form", async () => {
		const page = await open(`/p/${cityPower}`, { ...LOOKS.phone, javaScriptEnabled: false });
		await page.getByRole("button", { name: `Acknowledge ${cityPower}` }).click();
		await page.getByText("Acknowledged by").waitFor();
		expect(await page.getByRole("button").count()).toBe(0);
		expect(await stateOf(cityPower)).toBe("acknowledged");
		await screenshot(page, "pager-acknowledged-phone");
		await page.context().close();
	});
});

describe("the list of incidents", () => {
	it("goes on to older ones on demand, and says that there are more", async () => {
		const page = await open("/incidents");
		const { items } = await server.read<{ items: object[] }>("/api/v1/incidents?limit=1");
		await page.route("**/api/v1/incidents?*", (route) => {
			const isFirst = !new URL(route.request().url()).searchParams.has("after");
			const id = isFirst ? "INC-9002" : "INC-9001";
			return route.fulfill({
				json: { items: [{ ...items[0], id, state: "detected" }], next: isFirst ? "9002" : null },
			});
		});
		await page.reload();
		await page.getByRole("button", { name: "Open 1+" }).waitFor();
		await page.getByRole("button", { name: "Show older incidents" }).click();
		await page.getByRole("link", { name: /^INC-9001/ }).waitFor();
		await page.getByRole("button", { name: "Open 2", exact: true }).waitFor();
		expect(await page.getByRole("button", { name: "Show older incidents" }).count()).toBe(0);
		await page.context().close();
	});
});

describe("the customer's notice", () => {
	it("says what it waits for: without a mail server it cannot be approved", async () => {
		const page = await open(`/incidents/${woodgrove}`);
		const panel = page.getByRole("region", { name: "Notice to the customer" });
		await panel.getByText("Not sent: no mail server").waitFor();
		await panel.getByText("Write smtp in the settings").waitFor();
		expect(await panel.getByRole("button", { name: "Approve and send" }).isDisabled()).toBe(true);
		await page.context().close();
	});

	it("is edited by one person at a time: a conflict shows both texts and lets one choose", async () => {
		const page = await open(`/incidents/${woodgrove}`);
		const { notices } = await server.read<{ notices: { id: string; audience: string; version: number }[] }>(
			`/api/v1/incidents/${woodgrove}`,
		);
		const notice = notices.find((candidate) => candidate.audience === "customer");
		const panel = page.locator(".notice").filter({ hasText: "Notice to the customer" });
		await panel.getByRole("button", { name: "Edit notice" }).click();
		await panel.getByLabel("Subject").fill("Mine");
		const answer = await server.call(`/api/v1/notices/${notice?.id}`, {
			method: "PUT",
			headers: { "if-match": `"${notice?.version}"` },
			json: { subject: "Theirs" },
		});
		expect(answer.status).toBe(200);
		await panel.getByRole("button", { name: "Save notice" }).click();
		const conflict = panel.getByRole("alert");
		await conflict.getByText("Now on the server").waitFor();
		expect(await conflict.textContent()).toContain("Mine");
		expect(await conflict.textContent()).toContain("Theirs");
		await screenshot(page, "notice-conflict-light");
		await conflict.getByRole("button", { name: "Keep mine" }).click();
		await expect
			.poll(async () => (await server.read<{ subject: string }>(`/api/v1/notices/${notice?.id}`)).subject)
			.toBe("Mine");
		await page.context().close();
	});
});

describe("resolving", () => {
	it("asks for a verdict by key and for a reason when it was noise", async () => {
		const page = await open(`/incidents/${cityPower}`);
		await page.getByRole("button", { name: `Resolve ${cityPower}` }).click();
		const dialog = page.getByRole("dialog", { name: `Resolve ${cityPower}` });
		await dialog.waitFor();
		await page.keyboard.press("3");
		await dialog.getByText("The signal has not cleared").waitFor();
		expect(await accessibilityFaults(page)).toEqual([]);
		await screenshot(page, "resolve-light");
		await page.keyboard.press("Escape");
		expect(await page.evaluate<string>("document.activeElement.textContent")).toBe(`Resolve ${cityPower} …`);
		await page.keyboard.press("Enter");
		await dialog.waitFor();
		await page.keyboard.press("3");
		await dialog.getByRole("button", { name: `Resolve ${cityPower}` }).click();
		await dialog.getByText("Say in one line why").waitFor();
		await page.keyboard.type("A test of the sign-in page.");
		await page.keyboard.press("Enter");
		await expect.poll(() => stateOf(cityPower)).toBe("resolved");
		await page.context().close();
	});
});

describe("the stream", () => {
	it("brings a new breach onto the open fleet page, without moving the row under the pointer", async () => {
		const page = await open("/fleet");
		const row = page.getByRole("row").filter({ hasText: "Contoso" }).first();
		await row.hover();
		const top = async () => Math.round((await row.boundingBox())?.y ?? -1);
		const before = await top();
		await sendOutage(server, "northwind-traders", "mail.messages", Date.now());
		await page.locator('.cell.state-breach[data-cell="northwind-traders/mail"]').waitFor();
		await expect.poll(top).toBe(before);
		expect(await page.locator("[aria-live=polite]").textContent()).toContain("Northwind Traders, Mail");
		await page.context().close();
	});
});

describe("somebody who is not signed in", () => {
	it.each(["light", "dark", "phone"] as const)("is told what a used link was, and what to do: %s", async (look) => {
		const context = await browser.newContext(LOOKS[look]);
		const page = await context.newPage();
		await page.goto(server.adminLink);
		await page.getByText("already used").waitFor();
		await page.getByText("restart the server for a new one-time link").waitFor();
		expect(await accessibilityFaults(page)).toEqual([]);
		await screenshot(page, `sign-in-used-${look}`);
		await context.close();
	});

	it("learns on every page of the console how to sign in", async () => {
		const context = await browser.newContext(LOOKS.light);
		const page = await context.newPage();
		await page.goto(`${server.url}/fleet`);
		await page.getByText("Open the sign-in link that the terminal printed").waitFor();
		expect(await accessibilityFaults(page)).toEqual([]);
		await screenshot(page, "sign-in-needed");
		await context.close();
	});
});
