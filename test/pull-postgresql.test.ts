import { afterEach, expect, it } from "vitest";
import { catalogueFiles, idOf, writeCatalogue } from "./support/catalogue.ts";
import { type Postgresql, startPostgresql } from "./support/postgresql.ts";
import { cleanUp, eventually, type RunningServer, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

const MINUTE_MS = 60_000;
const STEP_MS = 10_000;
const TENANTS = ["woodgrove", "tailspin"] as const;

const COUNTING = `SELECT tenant, date_bin({{step}}, at, 'epoch') AS time, count(*) FILTER (WHERE ok) AS good, count(*) AS total
        FROM sends WHERE at >= {{from}} AND at < {{to}} GROUP BY 1, 2`;

function sourceText(name: string, { url, user }: Postgresql, text: string, secret = "PG_PASSWORD", more = ""): string {
	return `apiVersion: bellwether/v1
kind: Source
metadata: { name: ${name} }
spec:
  kind: postgresql
  url: ${url}
  tls: false
  auth: { basic: { user: ${user}, password: "\${env:${secret}}" } }
  interval: 1s
  step: 10s
  delay: 0s
  overlap: 8m
  catchUp: 12m
  maxRange: 1m
  maxQueriesPerMinute: 600${more}
  queries:
    - slo: send
      tenantAttribute: tenant.id
      text: |
        ${text}
`;
}

function catalogue(database: Postgresql, sources: Record<string, string>): string {
	const files = catalogueFiles({ tenants: TENANTS.map((name) => ({ name })), slos: ["send"] });
	return writeCatalogue({
		...files,
		"bellwether.yaml": `apiVersion: bellwether/v1
kind: Settings
spec: { organisation: Scenario Cloud, egress: { allow: ["${database.host}"] } }
`,
		...Object.fromEntries(Object.entries(sources).map(([name, text]) => [`sources/${name}.yaml`, text])),
	});
}

interface SourceItem {
	readonly name: string;
	readonly state: string;
	readonly queue: number;
	readonly rows: number;
	readonly revised: number;
	readonly watermarkAt: number | null;
	readonly error: { readonly reason: string; readonly message: string; readonly remedy: string } | null;
}

async function source(server: RunningServer, name: string): Promise<SourceItem> {
	const { items } = await server.read<{ items: SourceItem[] }>("/api/v1/sources");
	return items.find((item) => item.name === name) as SourceItem;
}

type Counts = [at: number, good: number, total: number][];

async function windowsOf(server: RunningServer, tenant: string, from: number, to: number): Promise<Counts> {
	const { windows } = await server.read<{ windows: { at: number; good: number; total: number }[] }>(
		`/api/v1/tenants/${tenant}/slis/send/windows?from=${from}&to=${to}&resolutionMs=${STEP_MS}`,
	);
	return windows.map(({ at, good, total }) => [at, good, total]);
}

/** The database's own answer, without our query. */
async function countsIn({ run }: Postgresql, tenant: string | undefined): Promise<Counts> {
	const rows = await run(
		`SELECT floor(extract(epoch FROM at) / 10) * 10000 AS at, sum(ok::int) AS good, count(*) AS total
		 FROM sends WHERE $1::text IS NULL OR tenant = $1 GROUP BY 1 ORDER BY 1`,
		[tenant ?? null],
	);
	return rows.map(({ at, good, total }) => [Number(at), Number(good), Number(total)]);
}

it("counts what a real PostgreSQL holds, through a kill and with late rows, and only reads", async () => {
	const database = await startPostgresql();
	const until = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
	const from = until - 10 * MINUTE_MS;
	await database.run("CREATE TABLE sends (tenant text, at timestamptz, ok boolean)");
	await database.run(
		`INSERT INTO sends SELECT CASE k % 5 WHEN 0 THEN $1 WHEN 1 THEN $2 ELSE 'somebody-' || k % 97 END,
		   $3::timestamptz + k * interval '12 milliseconds', k % 7 <> 0
		 FROM generate_series(0, 49999) AS k`,
		[idOf("woodgrove"), idOf("tailspin"), new Date(from).toISOString()],
	);
	const expectEqual = async (server: RunningServer) => {
		for (const tenant of TENANTS)
			expect(await windowsOf(server, tenant, from, until)).toEqual(await countsIn(database, idOf(tenant)));
		expect(await windowsOf(server, "~fleet", from, until)).toEqual(await countsIn(database, undefined));
	};

	const options = {
		catalogue: catalogue(database, {
			sends: sourceText("sends", database, COUNTING),
			writes: sourceText("writes", database, "DELETE FROM sends WHERE at >= {{from}} AND at < {{to}} RETURNING tenant"),
			sleeps: sourceText(
				"sleeps",
				database,
				`SELECT pg_sleep(5), ${"{{from}}, {{to}}"}`,
				"PG_PASSWORD",
				"\n  timeout: 300ms",
			),
			strangers: sourceText("strangers", database, COUNTING, "PG_WRONG"),
		}),
		data: temporaryFolder(),
		env: { PG_PASSWORD: database.password, PG_WRONG: "not the pass word" },
	};
	const first = await serve(options);
	await eventually("some rows are pulled", async () => (await source(first, "sends")).rows > 0);
	await first.stop("SIGKILL");

	const server = await serve(options);
	const complete = async () => {
		const { state, queue, watermarkAt } = await source(server, "sends");
		return state === "ok" && queue === 0 && (watermarkAt ?? 0) >= until;
	};
	await eventually("all is pulled", complete, 30_000);
	await expectEqual(server);

	// Rows that reach the database late correct the buckets that have been counted.
	await database.run(
		"INSERT INTO sends SELECT $1, $2::timestamptz - k * interval '1 second', false FROM generate_series(1, 60) AS k",
		[idOf("woodgrove"), new Date(until).toISOString()],
	);
	await eventually("late rows are seen", async () => (await source(server, "sends")).revised >= 6, 30_000);
	await eventually("late rows are pulled", complete, 30_000);
	await expectEqual(server);

	const writes = await eventually(
		"a write is refused",
		async () => (await source(server, "writes")).error ?? undefined,
	);
	expect(writes).toMatchObject({ reason: "refused", remedy: "write a query that only reads" });
	const sleeps = await eventually(
		"a slow query is given up",
		async () => (await source(server, "sleeps")).error ?? undefined,
	);
	expect(sleeps).toMatchObject({ reason: "timeout" });
	const strangers = await eventually(
		"a wrong password is refused",
		async () => (await source(server, "strangers")).error,
	);
	expect(strangers).toMatchObject({ reason: "denied" });
	const trial = await server.call("/api/v1/sources/sends:test", { method: "POST", json: { slo: "send" } });
	expect(trial.json).toMatchObject({ slo: "send", error: null });
	const said = [JSON.stringify(await server.read("/api/v1/sources")), trial.text, server.log(), first.log()].join("\n");
	expect(said).not.toContain(database.password);
	expect(said).not.toContain("not the pass word");
	expect(await database.run("SELECT count(*)::int AS count FROM sends")).toEqual([{ count: 50_060 }]);
}, 120_000);
