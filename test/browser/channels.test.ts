// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "../support/catalogue.ts";
import {
	cleanUp,
	eventually,
	onCleanUp,
	type RunningServer,
	request,
	run,
	serve,
	temporaryFolder,
} from "../support/server.ts";
import { accessibilityFaults, LOOKS, launch, screenshot, signIn, type Visitor } from "./browser.ts";

/** The ways out, end to end: real messages to receivers that answer as the providers do, and the page that tells of them. */

const SID = `SM${"0".repeat(32)}`;
const ENV = {
	TEAMS_URL: "",
	SLACK_URL: "",
	SLACK_SECRET: "secret-of-slack",
	TWILIO_TOKEN: "token-of-twilio",
};

interface Received {
	readonly path: string;
	readonly body: string;
}

/** Teams, Slack and the provider in one; Slack is down. */
async function receivers(): Promise<{ readonly host: string; readonly received: Received[] }> {
	const received: Received[] = [];
	const server = createServer((incoming, response) => {
		let body = "";
		incoming.on("data", (chunk) => {
			body += chunk;
		});
		incoming.on("end", () => {
			const path = incoming.url ?? "";
			received.push({ path, body });
			if (path.startsWith("/workflows")) response.writeHead(202).end();
			else if (path.startsWith("/2010-04-01"))
				response.writeHead(201, { "content-type": "application/json" }).end(`{"sid":"${SID}","status":"queued"}`);
			else response.writeHead(404).end("no_service");
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onCleanUp(() => {
		server.closeAllConnections();
		server.close();
	});
	return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

function catalogue(host: string): string {
	const files = catalogueFiles({ slos: ["send"], tenants: [{ name: "woodgrove" }] });
	const provider = `{ kind: twilio, account: AC1, from: "+15550001234", token: "\${env:TWILIO_TOKEN}", url: "http://${host}" }`;
	const channel = (name: string, spec: string) =>
		`apiVersion: bellwether/v1\nkind: Channel\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
	return writeCatalogue({
		...files,
		"bellwether.yaml": `apiVersion: bellwether/v1
kind: Settings
spec:
  organisation: Scenario Cloud
  publicUrl: https://cre.example.com
  egress: { allow: ["${host}"] }
`,
		"notify/channels.yaml": [
			channel("cre-team", '{ kind: teams, url: "${env:TEAMS_URL}" }'),
			channel("cre-chat", '{ kind: slack, url: "${env:SLACK_URL}", secret: "${env:SLACK_SECRET}" }'),
			channel("texts", `{ kind: sms, provider: ${provider} }`),
		].join("---\n"),
		"oncall/cre.yaml": (files["oncall/cre.yaml"] ?? "").replace(
			"{ channel: phone-panel }",
			'{ channel: phone-panel }, { channel: cre-team }, { channel: cre-chat }, { channel: texts, address: "+447700900123" }',
		),
	});
}

let server: RunningServer;
let browser: Browser;
let received: Received[];
let admin: Visitor;

beforeAll(async () => {
	browser = await launch();
	const receiver = await receivers();
	received = receiver.received;
	const env = {
		...ENV,
		TEAMS_URL: `http://${receiver.host}/workflows/1?sig=hunter2`,
		SLACK_URL: `http://${receiver.host}/services/x`,
	};
	server = await serve({ catalogue: catalogue(receiver.host), data: temporaryFolder(), env });
	admin = await signIn(browser, server);
});

afterAll(async () => {
	await browser?.close();
	await cleanUp();
});

const PLACE = { path: "/admin/channels", ready: "[aria-label=cre-team]" } as const;
async function open(): Promise<Page> {
	const page = await admin.open(PLACE.path);
	await page.locator(PLACE.ready).waitFor();
	return page;
}
const pageTest = (...args: string[]) =>
	run(["page", "test", ...args], { BELLWETHER_URL: server.url, BELLWETHER_TOKEN: server.adminToken });

describe("bellwether page test", () => {
	it("sends by each method and tells what each receiver said", async () => {
		const { exitCode, text } = await pageTest("ada");
		expect(exitCode).toBe(1);
		expect(text).toMatch(/^Test pages to Ada:$/m);
		expect(text).toMatch(/phone-panel +sent in \d+ ms: on the phone panel/);
		expect(text).toMatch(/cre-team +sent in \d+ ms: HTTP 202: the Workflow took the card/);
		expect(text).toMatch(/cre-chat +failed after 1 attempt: HTTP 404/);
		expect(text).toMatch(/texts +sent in \d+ ms: taken by the provider as SM0+ \(queued\)/);
		expect(text).not.toContain("hunter2");
		const teams = received.find(({ path }) => path.startsWith("/workflows"));
		expect(teams?.body).toContain("This is a test page to Ada");
	});

	it("by one channel succeeds with 0", async () => {
		expect((await pageTest("ada", "--channel", "texts")).exitCode).toBe(0);
	});
});

it("what the provider tells of a message afterwards is kept as proof", async () => {
	const form = new URLSearchParams(received.find(({ path }) => path.startsWith("/2010-04-01"))?.body);
	const callback = new URL(form.get("StatusCallback") ?? "");
	expect(callback.origin).toBe("https://cre.example.com");
	const signature = createHmac("sha1", ENV.TWILIO_TOKEN).update(`${callback}MessageStatusdelivered`).digest("base64");
	const tell = (proof: string) =>
		request(`${server.url}${callback.pathname}${callback.search}`, {
			method: "POST",
			headers: { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": proof },
			body: "MessageStatus=delivered",
		});
	expect((await tell("A".repeat(27).concat("="))).status).toBe(401);
	expect((await tell(signature)).status).toBe(204);
	const tests = await server.read<{ items: { receipts: { state: string }[] }[] }>(
		`/api/v1/page-tests?ids=${callback.searchParams.get("message")}`,
	);
	expect(tests.items[0]?.receipts).toMatchObject([{ state: "delivered" }]);
});

it("the figures of each channel are at /metrics for whoever has a token, without an address", async () => {
	const text = await eventually("the watch", async () => {
		const answer = await server.call("/metrics");
		return answer.text.includes('bellwether_channel_up{channel="cre-team"} 1') ? answer.text : undefined;
	});
	expect(text).toContain('bellwether_channel_up{channel="cre-chat"} 0');
	expect(text).toContain('bellwether_channel_failures{channel="cre-chat"} 1');
	expect(text).not.toMatch(/hunter2|7700900123/);
});

describe("the channels page", () => {
	it.each(["dark", "phone"] as const)("%s: is accessible, keeps to its policy and fits", (look) =>
		admin.inspect("channels", PLACE, look),
	);

	it("says of each channel how it fares, with the receiver's answer as proof", async () => {
		const page = await open();
		await page.getByText(/1 channel fails; the last message by 3 of 5 channels was taken\./).waitFor();
		const team = page.getByRole("region", { name: "cre-team" });
		expect(await team.textContent()).toMatch(
			/Delivers.*Microsoft Teams.*HTTP 202: the Workflow took the card.*Reaches.*Ada/,
		);
		const chat = page.getByRole("region", { name: "cre-chat" });
		expect(await chat.textContent()).toMatch(/Failed last.*Last failure.*HTTP 404/);
		expect(await page.getByRole("region", { name: "mail" }).textContent()).toMatch(
			/Never used.*there is no mail server/i,
		);
		await team.getByText("Show days").click();
		expect(await team.getByRole("row").count()).toBe(15);
		await page.context().close();
	});

	it("tests a channel by keyboard alone and shows what came back", async () => {
		const page = await open();
		const before = received.length;
		await page.getByRole("region", { name: "cre-chat" }).getByRole("button", { name: "Test cre-chat now" }).focus();
		await page.keyboard.press("Enter");
		await page.getByText("Failed: HTTP 404").waitFor();
		await page.getByRole("region", { name: "cre-team" }).getByRole("button", { name: "Test cre-team now" }).focus();
		await page.keyboard.press("Enter");
		await page.getByText(/^Sent in .*: HTTP 202/).waitFor();
		expect(received.length).toBeGreaterThanOrEqual(before + 2);
		await screenshot(page, "channels-tested-light");
		expect(await accessibilityFaults(page)).toEqual([]);
		await page.context().close();
	});

	it("shows a viewer the states without the answers, and no tests", async () => {
		const made = await server.call("/api/v1/tokens", { method: "POST", json: { name: "vic", role: "viewer" } });
		const context = await browser.newContext(LOOKS.light);
		const page = await context.newPage();
		await page.goto(`${server.url}/sign-in?next=/admin/channels`);
		await page.getByLabel("Token").fill(made.json.token);
		await page.getByRole("button", { name: "Sign in" }).click();
		const team = page.getByRole("region", { name: "cre-team" });
		await team.waitFor();
		expect(await team.textContent()).not.toContain("HTTP 202");
		expect(await page.getByRole("button", { name: /^Test / }).count()).toBe(0);
		await context.close();
	});
});
