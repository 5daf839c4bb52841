import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { catalogueFiles, idOf, writeCatalogue } from "./support/catalogue.ts";
import { BELLWETHER, cleanUp, type RunningServer, run, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

const HOUR_MS = 3_600_000;

const start = () => ({
	catalogue: writeCatalogue(catalogueFiles({ tenants: [{ name: "woodgrove" }, { name: "adatum" }] })),
	data: temporaryFolder(),
});

async function total(server: RunningServer, tenant: string, slo: string, sinceMs: number): Promise<string> {
	const now = Date.now();
	const from = Math.floor((now - sinceMs) / HOUR_MS) * HOUR_MS;
	const { windows } = await server.read<{ windows: { good: number; total: number }[] }>(
		`/api/v1/tenants/${tenant}/slis/${slo}/windows?from=${from}&to=${now + HOUR_MS}&resolutionMs=${HOUR_MS}`,
	);
	const sum = (of: "good" | "total") => windows.reduce((all, window) => all + window[of], 0);
	return `${sum("good")} of ${sum("total")}`;
}

describe("events that a program sends by itself", () => {
	const post = (server: RunningServer, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
		server.call("/api/v1/events", {
			method: "POST",
			headers: { "content-type": "application/json", ...headers },
			body,
		});

	it("count once under their key, through a kill, and what is wrong with one is told", async () => {
		const options = start();
		let server = await serve(options);
		const at = Date.now() - 20_000;
		const events = [
			{ tenant: "woodgrove", slo: "send", at, good: true, count: 98 },
			{ attributes: { "tenant.id": idOf("woodgrove") }, slo: "send", at, good: false, count: 2 },
			{ tenant: "woodgrove", slo: "sned", at, good: true },
			{ tenant: "woodgrove", slo: "queue", at, value: 7 },
		];
		const key = { "idempotency-key": "batch-1" };
		const first = await post(server, JSON.stringify(events), key);
		expect(first.status).toBe(200);
		expect(first.json).toEqual({
			received: 4,
			counted: 3,
			duplicate: 0,
			ignored: 0,
			rejected: 1,
			errors: [{ index: 2, reason: "no_sli", message: 'slo "sned" is unknown', remedy: "write the name of an SLO" }],
		});
		await server.stop("SIGKILL");
		server = await serve(options);
		expect((await post(server, JSON.stringify(events), key)).json).toEqual(first.json);
		expect(await post(server, JSON.stringify(events.slice(1)), key)).toMatchObject({
			status: 409,
			json: { error: { code: "conflict", remedy: "Use a new Idempotency-Key for another body." } },
		});
		expect(await total(server, "woodgrove", "send", HOUR_MS)).toBe("98 of 100");
		expect(await total(server, "~fleet", "send", HOUR_MS)).toBe("98 of 100");
		expect(await total(server, "woodgrove", "queue", HOUR_MS)).toBe("1 of 1");
		expect(await server.stop()).toBe(0);
	});

	it("come as NDJSON and gzip; a body that cannot be taken says what to send", async () => {
		const server = await serve(start());
		const lines = ["a", "b", "a"].map((id) => JSON.stringify({ tenant: "adatum", slo: "send", good: true, id }));
		const ndjson = { "content-type": "application/x-ndjson", "content-encoding": "gzip" };
		const answer = await post(server, Uint8Array.from(gzipSync(lines.join("\n"))), ndjson);
		expect(answer.json).toMatchObject({ received: 3, counted: 2, duplicate: 1 });
		const refusals = [
			await post(server, "[", {}),
			await post(server, '[{"slo": "send", "good": true}]', {}),
			await post(server, "[]", { "content-type": "text/plain" }),
			await post(server, "[]", { "idempotency-key": "k".repeat(201) }),
			await post(server, "[]", { authorization: "Bearer bw_wrong" }),
			await server.call("/api/v1/events"),
		];
		expect(refusals.map((each) => each.status)).toEqual([400, 400, 415, 400, expect.any(Number), 405]);
		const told = { message: expect.any(String), remedy: expect.stringMatching(/\.$/) };
		for (const { status, json } of refusals) {
			const places = status === 400 ? { details: [{ place: expect.any(String), ...told }] } : {};
			if (status >= 400) expect(json.error).toEqual({ code: expect.any(String), ...told, ...places });
		}
		expect(await total(server, "adatum", "send", HOUR_MS)).toBe("2 of 2");
		expect(await server.stop()).toBe(0);
	});
});

describe("history from a file", () => {
	const DAYS = 40;
	const rows = (tenant: string) =>
		Array.from({ length: DAYS * 24 }, (_, hour) => {
			const at = new Date(Math.floor(Date.now() / HOUR_MS - DAYS * 24 + hour) * HOUR_MS).toISOString();
			return `${tenant};send;${at};${90 + (hour % 10)};100;comment ${hour}`;
		});
	const csv = () =>
		`Customer;SLO;When;Good;Total;Note\n${[...rows("woodgrove"), ...rows("adatum"), ...rows("")].join("\n")}\n`;
	const map = ["--map", "customer=tenant", "when=at", "note=-"];

	it("is checked, imported, and counts nothing when the command is run again", async () => {
		const server = await serve(start());
		const file = join(temporaryFolder(), "history.csv");
		writeFileSync(file, csv());
		const call = (...more: string[]) =>
			run(["import", "events", file, ...map, "--json", ...more], {
				BELLWETHER_URL: server.url,
				BELLWETHER_TOKEN: server.adminToken,
			});
		const count = DAYS * 24 * 3;
		expect(JSON.parse((await call("--dry-run")).text)).toMatchObject({
			status: "checked",
			rows: count,
			slos: ["send"],
		});
		expect(await total(server, "woodgrove", "send", 50 * 24 * HOUR_MS)).toBe("0 of 0");
		for (const _ of ["first", "again"]) {
			const { exitCode, text } = await call();
			expect(JSON.parse(text)).toMatchObject({ status: "imported", rows: count, counted: count });
			expect(exitCode).toBe(0);
		}
		const good = DAYS * 24 * 94.5;
		expect(await total(server, "woodgrove", "send", 50 * 24 * HOUR_MS)).toBe(`${good} of ${DAYS * 2400}`);
		expect(await total(server, "~fleet", "send", 50 * 24 * HOUR_MS)).toBe(`${good * 3} of ${DAYS * 7200}`);
		expect(await server.stop()).toBe(0);
	});

	it("goes on where it was stopped", async () => {
		const server = await serve(start());
		const file = join(temporaryFolder(), "history.ndjson");
		const count = 60_000;
		const now = Date.now();
		const line = (k: number) =>
			JSON.stringify({ tenant: "woodgrove", slo: "send", at: now - HOUR_MS - (k % 1000) * 10_000, good: k % 10 !== 0 });
		writeFileSync(file, Array.from({ length: count }, (_, k) => line(k)).join("\n"));
		const env = { BELLWETHER_URL: server.url, BELLWETHER_TOKEN: server.adminToken };
		const child = spawn(process.execPath, [BELLWETHER, "import", "events", file], {
			env: { ...process.env, ...env },
			stdio: "ignore",
		});
		const ended = new Promise((resolve) => child.once("exit", resolve));
		// As soon as anything is stored; it may be done by then on a quick machine, which is fine too.
		while (child.exitCode === null && (await total(server, "woodgrove", "send", 24 * HOUR_MS)) === "0 of 0")
			await new Promise((resolve) => setTimeout(resolve, 20));
		child.kill("SIGKILL");
		await ended;
		const { exitCode, text } = await run(["import", "events", file], env);
		expect(text).toBe(`${count} of ${count} rows are counted, in 6 chunks.\n`);
		expect(exitCode).toBe(0);
		expect(await total(server, "woodgrove", "send", 24 * HOUR_MS)).toBe(`${count * 0.9} of ${count}`);
		expect(await server.stop()).toBe(0);
	});
});
