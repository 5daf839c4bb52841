import { createHmac, randomUUID } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { minutesBefore, sendMinutes } from "./support/otlp.ts";
import {
	type Answer,
	cleanUp,
	eventually,
	type RunningServer,
	request,
	serve,
	temporaryFolder,
} from "./support/server.ts";

/** Side feeds from the network to the pages' data, with the product as a process of its own. */

const key = (text: string) => `whsec_${Buffer.from(text.padEnd(24, "0")).toString("base64")}`;
const SECRETS = {
	CASES_SECRET: key("cases"),
	FLAGS_SECRET: key("flags"),
	STATUS_TOKEN: "status-token-1",
	GITHUB_SECRET: "a secret of two words",
};

const feed = (name: string, spec: string) =>
	`apiVersion: bellwether/v1\nkind: Feed\nmetadata: { name: ${name}, displayName: The ${name} feed }\nspec: { ${spec} }\n`;
const secret = (name: string) => `secret: "\${env:${name}}"`;
const FEEDS = [
	feed("cases", `kind: json, gives: cases, ${secret("CASES_SECRET")}`),
	feed("flags", `kind: cloudevents, gives: changes, ${secret("FLAGS_SECRET")}`),
	feed("status", `kind: status-json, auth: bearer, ${secret("STATUS_TOKEN")}, components: { Mail API: mail }`),
	feed("github", `kind: github, ${secret("GITHUB_SECRET")}, components: { vendor/mail: mail }`),
	feed("unset", `kind: github, ${secret("NOWHERE_SECRET")}`),
	feed("pulled", "kind: m365-health"),
].join("---\n");

const BEGIN = Date.now();
const iso = (agoMs: number) => new Date(BEGIN - agoMs).toISOString();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let server: RunningServer;
const data = temporaryFolder();
const catalogue = writeCatalogue({
	...catalogueFiles({ slos: ["send"], tenants: [{ name: "woodgrove" }, { name: "tailspin" }] }),
	"feeds/all.yaml": FEEDS,
});

beforeAll(async () => {
	server = await serve({ catalogue, data, env: SECRETS });
});
afterAll(cleanUp);

function post(name: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	return request(`${server.url}/api/v1/feeds/${name}`, {
		method: "POST",
		body: text,
		headers: { "content-type": "application/json", ...headers },
	});
}

function signed(secretKey: string, body: unknown, { id = randomUUID(), sentAt = Date.now() } = {}) {
	return {
		"webhook-id": id,
		"webhook-timestamp": String(Math.floor(sentAt / 1000)),
		"webhook-signature": new Webhook(secretKey).sign(id, new Date(sentAt), JSON.stringify(body)),
	};
}

const aCase = (id: string, tenant: string, agoMs: number, title = `Case ${id}`) => ({
	id,
	title,
	tenant,
	workload: "mail",
	severity: "A",
	openedAt: iso(agoMs),
	updatedAt: iso(agoMs),
});
const sendCases = (body: unknown, more: Parameters<typeof signed>[2] = {}) =>
	post("cases", body, signed(SECRETS.CASES_SECRET, body, more));
const aFlag = (subject: string, agoMs: number, tenants: readonly string[]) => ({
	specversion: "1.0",
	id: randomUUID(),
	source: "https://flags.vendor.example",
	type: "vendor.flag.changed",
	subject,
	time: iso(agoMs),
	data: { title: `Flag ${subject} on`, workload: "mail", tenants },
});

describe("who may tell", () => {
	it("takes nothing that its sender cannot prove, and tells strangers nothing of which feeds there are", async () => {
		const body = aCase("C-0", "woodgrove", HOUR);
		const good = signed(SECRETS.CASES_SECRET, body);
		const answers = await Promise.all([
			post("cases", body, {}),
			post("cases", body, signed(SECRETS.FLAGS_SECRET, body)),
			post("cases", { ...body, tenant: "tailspin" }, good),
			post("cases", body, { authorization: `Bearer ${server.adminToken}` }),
			post("nosuch", body, good),
			post("pulled", body, good),
			post("flags", body, good),
		]);
		expect(answers.map((answer) => answer.status)).toEqual(Array(7).fill(401));
		expect(new Set(answers.map((answer) => answer.json.error.message)).size).toBe(1);
		expect((await server.read<{ items: unknown[] }>("/api/v1/cases")).items).toEqual([]);
		expect(server.log()).toContain("a message of a feed was refused");
	});

	it("refuses an old message with its age, one without JSON, one too large, and waits for a missing secret", async () => {
		const body = aCase("C-0", "woodgrove", HOUR);
		const old = await sendCases(body, { sentAt: Date.now() - 6 * MINUTE });
		expect([old.status, old.json.error.message]).toEqual([
			401,
			expect.stringMatching(/signature is good, but .* s old/),
		]);
		const bearer = { authorization: `Bearer ${SECRETS.STATUS_TOKEN}` };
		expect((await post("status", "no json", bearer)).status).toBe(400);
		expect((await post("status", "{}", { ...bearer, "content-type": "text/xml" })).status).toBe(415);
		expect((await post("status", "{}", bearer)).json.error).toMatchObject({
			code: "invalid_request",
			message: expect.stringContaining("components"),
		});
		expect((await post("status", `"${"x".repeat(1_048_577)}"`, bearer)).status).toBe(413);
		const unset = await post("unset", {}, {});
		expect([unset.status, unset.headers.get("retry-after")]).toEqual([503, "60"]);
		expect(unset.text).not.toContain("NOWHERE_SECRET");
	});

	it("takes a message once, also after a restart", async () => {
		const body = aFlag("once", 3 * HOUR, []);
		const headers = { ...signed(SECRETS.FLAGS_SECRET, body), "content-type": "application/cloudevents+json" };
		expect((await post("flags", body, headers)).json).toMatchObject({ status: "taken", new: 1 });
		await server.stop("SIGKILL");
		server = await serve({ catalogue, data, env: SECRETS });
		expect((await post("flags", body, headers)).json).toMatchObject({ status: "duplicate" });
		const { items } = await server.read<{ items: { id: string }[] }>("/api/v1/changes");
		expect(items.map((item) => item.id)).toEqual(["once"]);
	});
});

describe("what they tell", () => {
	it("stands beside the incident and the fleet: changes before the onset, open cases, the platform's own word", async () => {
		await sendMinutes(
			server,
			["woodgrove", "tailspin", undefined].flatMap((tenant) =>
				minutesBefore(Date.now(), 60, (minutesAgo) => {
					const isBad = tenant === "woodgrove" && minutesAgo < 6;
					const count = tenant === undefined ? 5_000_000 : 500;
					return { tenant, good: isBad ? 0 : count, bad: isBad ? count : 0 };
				}),
			),
		);
		await eventually(
			"the incident",
			async () => (await server.call("/api/v1/incidents/INC-1001")).status === 200,
			40_000,
		);

		const deployment = {
			deployment: {
				id: 7,
				environment: "production",
				created_at: iso(20 * MINUTE),
				ref: "main",
				sha: "f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
				creator: { login: "octo" },
			},
			repository: { full_name: "vendor/mail", html_url: "https://github.com/vendor/mail" },
		};
		const signature = createHmac("sha256", SECRETS.GITHUB_SECRET).update(JSON.stringify(deployment)).digest("hex");
		const hook = { "x-github-event": "deployment", "x-hub-signature-256": `sha256=${signature}` };
		expect((await post("github", deployment, hook)).json).toMatchObject({ status: "taken", new: 1 });
		expect((await post("github", deployment, hook)).json).toMatchObject({ status: "duplicate" });

		const flags = [
			aFlag("theirs", 30 * MINUTE, ["Woodgrove Ltd"]),
			aFlag("others", 25 * MINUTE, ["tailspin"]),
			aFlag("long-ago", 30 * HOUR, []),
		];
		const batch = { "content-type": "application/cloudevents-batch+json" };
		await post("flags", flags, { ...signed(SECRETS.FLAGS_SECRET, flags), ...batch });
		await sendCases([
			aCase("C-1", "id-of-woodgrove", 2 * MINUTE),
			aCase("C-2", "tailspin", 2 * HOUR, "Secret of Tailspin"),
			{ ...aCase("C-3", "woodgrove", 2 * HOUR), closedAt: iso(HOUR) },
		]);
		const status = { components: [{ name: "Mail API", status: "degraded_performance" }] };
		await post("status", status, { authorization: `Bearer ${SECRETS.STATUS_TOKEN}` });

		const incident = await server.call("/api/v1/incidents/INC-1001");
		const { changes, openCases, platformSays, onsetAt } = incident.json;
		expect(changes.map((change: { id: string }) => change.id)).toEqual(["deployment:vendor/mail:7", "theirs", "once"]);
		expect(changes[0].beforeOnsetMs).toBe(onsetAt - Date.parse(iso(20 * MINUTE)));
		expect(openCases.map((each: { id: string }) => each.id)).toEqual(["C-1"]);
		expect(platformSays).toMatchObject({ state: "degraded", why: "said", feedDisplayName: "The status feed" });
		expect(incident.text).not.toContain("Tailspin");

		const judged = await eventually("the causes", async () => {
			const { causes } = (await server.call("/api/v1/incidents/INC-1001")).json;
			return causes?.ranked.length > 0 && causes;
		});
		const ids = judged.ranked.map((each: { change: { id: string } }) => each.change.id);
		expect(ids.every((id: string) => ["deployment:vendor/mail:7", "theirs", "once"].includes(id))).toBe(true);
		expect(ids).not.toContain("others");
		expect(judged.silentFeeds).toEqual(["The unset feed"]);
		expect(incident.json.suggestedSeverity.severity.key).toMatch(/^2(\.5)?$/);
		expect(incident.json.severity.key).toBe("2.5");

		const fleet = await eventually("the word on the fleet page", async () => {
			const view = await server.read<{ platform: { cells: { state: string; platformSays?: { state: string } }[] } }>(
				"/api/v1/fleet",
			);
			return view.platform.cells[0]?.platformSays?.state === "degraded" && view;
		});
		expect(fleet.platform.cells[0]).toMatchObject({
			platformSays: { workload: "mail", sourceStatus: "degraded_performance" },
		});

		const health = await server.read<{ workloads: unknown[]; items: unknown[] }>(
			"/api/v1/platform-health?workload=mail",
		);
		expect([health.workloads, health.items]).toMatchObject([[{ state: "degraded" }], [{ workloads: ["mail"] }]]);
	});

	it("blames the tenant's own change minutes before, late as it is told, and says so once in the timeline", async () => {
		const onsetAt = (await server.read<{ onsetAt: number }>("/api/v1/incidents/INC-1001")).onsetAt;
		const edit = aFlag("mail/new-router", BEGIN - onsetAt + 3 * MINUTE, ["woodgrove"]);
		await post("flags", edit, {
			...signed(SECRETS.FLAGS_SECRET, edit),
			"content-type": "application/cloudevents+json",
		});
		const incident = await eventually("the blame", async () => {
			const { json } = await server.call("/api/v1/incidents/INC-1001");
			const [first] = json.causes?.ranked ?? [];
			return first?.isBlamed && first.change.id === "mail/new-router" && json;
		});
		expect(incident.causes.ranked[0]).toMatchObject({
			change: { id: "mail/new-router", tenant: "woodgrove" },
			says: "Flag mail/new-router on 3 min before the onset",
		});
		const told = incident.timeline
			.map(({ text }: { text: string }) => text)
			.filter((text: string) => text.includes("mail/new-router"));
		expect(told).toEqual([expect.stringMatching(/ \(\d+ %\): Flag mail\/new-router on 3 min before the onset\.$/)]);
		expect(incident.severity.key).toBe("2.5");
	});

	it("counts a case that no incident stands behind as a missed detection", async () => {
		const { items } = await server.read<{ items: { id: string; detection: string; incident: string | null }[] }>(
			"/api/v1/cases",
		);
		expect(Object.fromEntries(items.map((each) => [each.id, each.detection]))).toEqual({
			"C-1": items.find((each) => each.id === "C-1")?.detection,
			"C-2": "missed",
			"C-3": "missed",
		});
		expect(items.find((each) => each.id === "C-1")?.incident).toBe("INC-1001");
		const report = await server.read<{ missed: { id: string }[]; numbers: { key: string; n: number }[] }>(
			"/api/v1/reports/program",
		);
		expect(report.missed.map((each) => each.id).sort()).toEqual(["C-2", "C-3"]);
		expect(report.numbers.find((number) => number.key === "auto-detected-share")).toMatchObject({ value: 0, n: 2 });
	});

	it("pages through lists, and says of each feed when it was heard", async () => {
		const first = await server.read<{ items: { id: string }[]; next: string }>("/api/v1/changes?limit=2");
		const second = await server.read<{ items: { id: string }[]; next: string | null }>(
			`/api/v1/changes?limit=2&after=${first.next}`,
		);
		expect([...first.items, ...second.items].map((each) => each.id)).toEqual([
			"mail/new-router",
			"deployment:vendor/mail:7",
			"others",
			"theirs",
		]);
		expect((await server.call("/api/v1/changes?after=x")).status).toBe(400);
		expect((await request(`${server.url}/api/v1/cases`)).status).toBe(401);
		const { items } = await server.read<{ items: { name: string; state: string; duplicates: number }[] }>(
			"/api/v1/feeds",
		);
		expect(items.map((each) => [each.name, each.state])).toEqual([
			["cases", "live"],
			["flags", "live"],
			["github", "live"],
			["pulled", "waiting"],
			["status", "live"],
			["unset", "waiting"],
		]);
	});
});
