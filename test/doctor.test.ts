import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { attribute, nanos, sendJson } from "./support/otlp.ts";
import { cleanUp, eventually, onCleanUp, type RunningServer, run, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

interface Check {
	readonly name: string;
	readonly state: "ok" | "warn" | "fail";
	readonly says: string;
	readonly remedy: string;
}

async function doctor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
	const { exitCode, text } = await run(["doctor", "--json", ...args], env);
	const { checks } = JSON.parse(text) as { checks: Check[] };
	return { exitCode, checks, of: (name: string) => checks.filter((check) => check.name === name) };
}

function catalogue(more: Readonly<Record<string, string>> = {}): string {
	return writeCatalogue({ ...catalogueFiles({ tenants: [{ name: "woodgrove" }], slos: ["send"] }), ...more });
}

const PORTS = ["--port", "0", "--otlp-port", "0"];

describe("doctor, before a start", () => {
	it("finds nothing that fails in a good catalogue and a folder that is yet to be made", async () => {
		const { exitCode, of } = await doctor([
			"--catalogue",
			catalogue(),
			"--data",
			join(temporaryFolder(), "new"),
			...PORTS,
		]);
		expect([exitCode, of("catalogue")[0]?.state, of("data")[0]?.says]).toEqual([
			0,
			"ok",
			expect.stringContaining("it will be made"),
		]);
	});

	it("tells the first error of a catalogue, a port that is taken, and a folder that others may read", async () => {
		const taken = createServer();
		const port = await new Promise<number>((done) =>
			taken.listen(0, "127.0.0.1", () => done((taken.address() as { port: number }).port)),
		);
		onCleanUp(() => void taken.close());
		const data = temporaryFolder();
		chmodSync(data, 0o755);
		const bad = catalogue({ "slos/bad.yaml": "apiVersion: openslo/v1\nkind: SLO\n" });
		const args = ["--catalogue", bad, "--data", data, "--port", String(port), "--otlp-port", "0"];
		const { exitCode, of } = await doctor(args);
		expect(exitCode).toBe(1);
		expect(of("catalogue")[0]).toMatchObject({ state: "fail", says: expect.stringContaining("slos/bad.yaml:") });
		expect(of("data")[0]).toMatchObject({ state: "warn", remedy: `chmod 700 ${data}` });
		expect(of("port")[0]).toMatchObject({ state: "fail", says: `127.0.0.1:${port} is in use.` });
	});

	it("says with its exit code when nothing was named or the server was not reached", async () => {
		const nothing = await run(["doctor"]);
		expect([nothing.exitCode, nothing.text]).toEqual([2, expect.stringContaining("Name what to look at")]);
		const away = await doctor(["--url", "http://127.0.0.1:1"]);
		expect([away.exitCode, away.of("server")[0]?.state]).toEqual([3, "fail"]);
	});
});

async function send(server: RunningServer, metric: string): Promise<void> {
	const at = Date.now() - 1_000;
	const point = {
		startTimeUnixNano: nanos(at - 1_000),
		timeUnixNano: nanos(at),
		asInt: "3",
		attributes: [attribute("tenant.id", "id-of-woodgrove"), attribute("result", "ok")],
	};
	const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point] };
	await sendJson(server, { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: metric, sum }] }] }] });
}

describe("doctor, at a running server", () => {
	it("names the metric that an SLO waits for and what came instead, and is content when it comes", async () => {
		const data = temporaryFolder();
		const server = await serve({ catalogue: catalogue(), data });
		const asked = ["--url", server.url, "--data", data];
		const env = { BELLWETHER_TOKEN: server.adminToken };
		await send(server, "mail_sends_total");
		const before = await doctor(asked, env);
		expect(before.of("SLO send")[0]).toMatchObject({
			state: "warn",
			says: "It never saw data. It waits for mail.sends. Seen instead: mail_sends_total.",
		});
		expect(before.of("lock")[0]?.says).toContain(`process ${server.pid}`);
		expect([before.of("clock")[0]?.state, before.of("server version")[0]?.state]).toEqual(["ok", "ok"]);

		await send(server, "mail.sends");
		await eventually("the SLO's data", async () => (await doctor(asked, env)).of("SLO send").length === 0);
		const after = await doctor(asked, env);
		expect(after.of("tenants")[0]).toMatchObject({ state: "ok", says: expect.stringContaining("has had data") });
		expect(after.of("last-sample")[0]?.state).toBe("ok");
	});

	it("fails for a source in error, and says what a token lacks", async () => {
		const source = `apiVersion: bellwether/v1
kind: Source
metadata: { name: store }
spec: { kind: prometheus, url: "http://127.0.0.1:9", queries: [{ slo: send }] }
`;
		const settings =
			'apiVersion: bellwether/v1\nkind: Settings\nspec: { organisation: Vendor, egress: { allow: ["127.0.0.1:9"] } }\n';
		const dir = catalogue({ "sources/store.yaml": source });
		writeFileSync(join(dir, "bellwether.yaml"), settings);
		const server = await serve({ catalogue: dir, data: temporaryFolder() });
		await eventually("the source's failure", async () => {
			const { items } = await server.read<{ items: { state: string }[] }>("/api/v1/sources");
			return items.some(({ state }) => state === "failing");
		});
		const { exitCode, of } = await doctor(["--url", server.url], { BELLWETHER_TOKEN: server.adminToken });
		expect([exitCode, of("source store")[0]?.state]).toEqual([1, "fail"]);

		const made = await server.call("/api/v1/tokens", { method: "POST", json: { name: "ann", role: "viewer" } });
		const viewer = await doctor(["--url", server.url], { BELLWETHER_TOKEN: made.json.token });
		expect([viewer.exitCode, viewer.of("token")[0]]).toEqual([
			0,
			expect.objectContaining({ state: "warn", says: expect.stringContaining("needs the role responder or admin") }),
		]);
	});
});
