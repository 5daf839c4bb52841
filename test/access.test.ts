import { chmodSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { minutesBefore, sendMinutes } from "./support/otlp.ts";
import {
	cleanUp,
	eventually,
	type RunningServer,
	request,
	run,
	serve,
	serveRefused,
	temporaryFolder,
} from "./support/server.ts";

const catalogue = () => writeCatalogue(catalogueFiles({ slos: ["send"], tenants: [{ name: "woodgrove" }] }));

/** A server with one open incident, as every browser and token below meets it. */
async function serverWithIncident(): Promise<RunningServer> {
	const server = await serve({ catalogue: catalogue(), data: temporaryFolder() });
	await sendMinutes(
		server,
		minutesBefore(Date.now(), 60, (minutesAgo) => ({
			tenant: "woodgrove",
			good: minutesAgo < 5 ? 0 : 500,
			bad: minutesAgo < 5 ? 500 : 0,
		})),
	);
	await eventually("the incident", async () => (await server.call("/api/v1/incidents/INC-1001")).status === 200);
	return server;
}

describe("a browser", () => {
	let server: RunningServer;
	beforeAll(async () => {
		server = await serverWithIncident();
	});
	afterAll(cleanUp);

	const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
		request(`${server.url}${path}`, {
			method: "POST",
			headers: {
				"content-type": "application/x-www-form-urlencoded",
				origin: server.url,
				"sec-fetch-site": "same-origin",
				...headers,
			},
			body: new URLSearchParams(fields).toString(),
		});
	const field = (html: string, name: string) =>
		[...html.matchAll(/name="(\w+)" value="([^"]*)"/g)].find((match) => match[1] === name)?.[2] ?? "";

	it("goes from a page's link over the one-time link to the acknowledgement, without any script", async () => {
		const away = await request(`${server.url}/p/INC-1001`);
		expect([away.status, away.headers.get("location")]).toEqual([303, "/sign-in?next=%2Fp%2FINC-1001"]);

		const link = new URL(server.adminLink);
		for (let reading = 0; reading < 3; reading++)
			expect((await request(`${link.href}&next=%2Fp%2FINC-1001`)).status).toBe(200);
		const page = await request(`${link.href}&next=%2Fp%2FINC-1001`);
		const fields = { token: field(page.text, "token"), next: field(page.text, "next") };
		const signedIn = await form("/sign-in", fields);
		expect([signedIn.status, signedIn.headers.get("location")]).toEqual([303, "/p/INC-1001"]);
		expect((await form("/sign-in", fields)).status).toBe(401);

		const cookie = String(signedIn.headers.get("set-cookie")).split(";")[0] as string;
		const pager = await request(`${server.url}/p/INC-1001`, { headers: { cookie } });
		expect([
			pager.status,
			pager.text.includes("Woodgrove Ltd"),
			pager.text.includes("<script"),
			pager.text.length < 30_000,
		]).toEqual([200, true, false, true]);
		expect((await server.read("/api/v1/incidents/INC-1001")).state).toBe("detected");

		const passed = await form("/p/INC-1001/pass", { csrf: field(pager.text, "csrf") }, { cookie });
		expect([passed.status, passed.headers.get("location")]).toEqual([303, "/p/INC-1001?done=passed"]);
		await eventually("the page to the next person", async () => {
			const { items } = await server.read<{ items: { person: string }[] }>("/api/v1/phone");
			return items.some((message) => message.person === "The lead");
		});

		expect((await form("/p/INC-1001/acknowledge", { csrf: "forged" }, { cookie })).status).toBe(403);
		expect(
			(
				await form(
					"/p/INC-1001/acknowledge",
					{ csrf: field(pager.text, "csrf") },
					{ cookie, origin: "https://evil.example", "sec-fetch-site": "cross-site" },
				)
			).status,
		).toBe(403);
		expect((await server.read("/api/v1/incidents/INC-1001")).state).toBe("detected");
		const acknowledged = await form("/p/INC-1001/acknowledge", { csrf: field(pager.text, "csrf") }, { cookie });
		expect([acknowledged.status, acknowledged.headers.get("location")]).toEqual([303, "/p/INC-1001?done=acknowledged"]);
		expect((await server.read("/api/v1/incidents/INC-1001")).acknowledgedBy).toBe("admin");
		expect(
			(await form("/p/INC-1001/pass", { csrf: field(pager.text, "csrf") }, { cookie })).headers.get("location"),
		).toContain("done=settled");
		// A second press of the button, or a second person, is told who was first, and changes nothing.
		expect((await form("/p/INC-1001/acknowledge", { csrf: field(pager.text, "csrf") }, { cookie })).status).toBe(303);
	});

	it("that was led here under a foreign name sees nothing (DNS rebinding)", async () => {
		const { port } = new URL(server.url);
		const status = await new Promise((resolve, reject) => {
			httpRequest(
				{
					host: "127.0.0.1",
					port,
					path: "/api/v1/fleet",
					headers: { host: `evil.example:${port}`, authorization: `Bearer ${server.adminToken}` },
				},
				(response) => {
					response.resume();
					resolve(response.statusCode);
				},
			)
				.on("error", reject)
				.end();
		});
		expect(status).toBe(421);
	});

	it("on another site cannot send telemetry in its user's name", async () => {
		const body = { resourceMetrics: [] };
		const answer = await request(`${server.otlpUrl}/v1/metrics`, {
			method: "POST",
			json: body,
			headers: { origin: "https://evil.example" },
		});
		expect(answer.status).toBe(403);
		expect((await request(`${server.otlpUrl}/v1/metrics`, { method: "POST", json: body })).status).toBe(200);
	});

	it("meets the state of an object that changed meanwhile as a conflict that names both versions", async () => {
		const { version } = await server.read<{ version: number }>("/api/v1/incidents/INC-1001");
		const headers = { "if-match": `"${version}"` };
		expect((await server.call("/api/v1/incidents/INC-1001/investigate", { method: "POST", headers })).status).toBe(200);
		const late = await server.call("/api/v1/incidents/INC-1001/mitigate", { method: "POST", headers });
		expect([late.status, late.headers.get("etag"), late.json.error.code]).toEqual([
			412,
			`"${version + 1}"`,
			"version_conflict",
		]);
		expect(late.json.error.message).toContain(`version ${version}`);
		expect(late.json.error.message).toContain(`version ${version + 1}`);
	});
});

describe("a token", () => {
	let server: RunningServer;
	beforeAll(async () => {
		server = await serverWithIncident();
	});
	afterAll(cleanUp);

	async function tokenFor(role: string): Promise<string> {
		const made = await run(["token", "--url", server.url, "--name", `a ${role}`, "--role", role], {
			BELLWETHER_TOKEN: server.adminToken,
		});
		expect(made.exitCode).toBe(0);
		return made.text.trim();
	}

	it("made on the command line may do what its role says, and nothing else", async () => {
		const allowed: Record<string, string[]> = {
			viewer: ["GET /api/v1/fleet"],
			responder: ["GET /api/v1/fleet", "POST /api/v1/incidents/INC-1001/notes"],
			ingest: [],
			admin: ["GET /api/v1/fleet", "POST /api/v1/incidents/INC-1001/notes", "GET /api/v1/audit"],
		};
		for (const [role, may] of Object.entries(allowed)) {
			const authorization = `Bearer ${await tokenFor(role)}`;
			for (const route of ["GET /api/v1/fleet", "POST /api/v1/incidents/INC-1001/notes", "GET /api/v1/audit"]) {
				const [method, path] = route.split(" ") as [string, string];
				const answer = await server.call(path, {
					method,
					headers: { authorization },
					...(method === "POST" ? { json: { text: "seen" } } : {}),
				});
				expect([role, route, answer.status]).toEqual([role, route, may.includes(route) ? 200 : 403]);
			}
		}
		const { timeline } = await server.read<{ timeline: { type: string; actor: string }[] }>(
			"/api/v1/incidents/INC-1001",
		);
		expect(timeline.filter((entry) => entry.type === "incident.note_added").map((entry) => entry.actor)).toEqual([
			"a responder",
			"a admin",
		]);
	});

	it("stands in no log", async () => {
		expect(server.log()).not.toContain(server.adminToken);
		expect((await server.call("/api/v1/audit")).text).not.toContain(server.adminToken);
	});
});

describe("an address that other machines reach", () => {
	afterEach(cleanUp);

	it("is not bound without authentication; the refusal says what to set", async () => {
		const refused = await serveRefused({
			catalogue: catalogue(),
			data: temporaryFolder(),
			args: ["--host", "0.0.0.0"],
		});
		expect(refused.exitCode).toBe(1);
		expect(refused.text).toContain("--token-file");
	});

	it("is not bound with a token file that others can read, or that holds a guessable token", async () => {
		const path = join(temporaryFolder(), "token");
		writeFileSync(path, "0123456789abcdef0123456789abcdef\n");
		chmodSync(path, 0o644);
		const args = ["--host", "0.0.0.0", "--token-file", path];
		expect((await serveRefused({ catalogue: catalogue(), data: temporaryFolder(), args })).text).toContain("chmod 600");
		writeFileSync(path, "letmein\n");
		chmodSync(path, 0o600);
		expect((await serveRefused({ catalogue: catalogue(), data: temporaryFolder(), args })).text).toContain(
			"at least 32 characters",
		);
	});

	it("is bound with a token file, and then telemetry needs a token as well", async () => {
		const path = join(temporaryFolder(), "token");
		const token = "0123456789abcdef0123456789abcdef";
		writeFileSync(path, `${token}\n`, { mode: 0o600 });
		const server = await serve({
			catalogue: catalogue(),
			data: temporaryFolder(),
			args: ["--host", "0.0.0.0", "--token-file", path],
		});
		expect([server.adminToken, server.adminLink]).toEqual([null, null]);
		const authorization = `Bearer ${token}`;
		expect((await request(`${server.url}/api/v1/fleet`, { headers: { authorization } })).status).toBe(200);
		const body = { method: "POST", json: { resourceMetrics: [] } };
		expect((await request(`${server.otlpUrl}/v1/metrics`, body)).status).toBe(401);
		const made = await run(["token", "--url", server.url, "--name", "collector", "--role", "ingest"], {
			BELLWETHER_TOKEN: token,
		});
		const ingest = `Bearer ${made.text.trim()}`;
		expect(
			(await request(`${server.otlpUrl}/v1/metrics`, { ...body, headers: { authorization: ingest } })).status,
		).toBe(200);
		expect((await request(`${server.url}/api/v1/fleet`, { headers: { authorization: ingest } })).status).toBe(403);
	});
});

describe("the command line", () => {
	const cases: [string, string[], number, string][] = [
		["an unknown command", ["serv"], 2, "serve"],
		["a missing option", ["serve", "--data", "/nowhere"], 2, "--catalogue"],
		["a port that is none", ["serve", "--catalogue", ".", "--data", ".", "--port", "70000"], 2, "65535"],
		["a folder that does not exist", ["validate", "/nonexistent"], 1, "does not exist"],
		["no scenario of that name", ["demo", "--scenario", "none"], 2, "tenant-outage"],
	];
	it.each(cases)("says what is wrong with %s", async (_name, args, exitCode, words) => {
		const result = await run(args);
		expect([result.exitCode, result.text.includes(words), /\bat .*\.ts:\d+/.test(result.text)]).toEqual([
			exitCode,
			true,
			false,
		]);
	});

	it("answers help and version from any folder", async () => {
		expect((await run(["version"])).text).toMatch(/^\d+\.\d+\.\d+\n$/);
		const help = await run(["--help"]);
		expect([help.exitCode, help.text.includes("validate"), help.text.includes("apply")]).toEqual([0, true, true]);
	});
});
