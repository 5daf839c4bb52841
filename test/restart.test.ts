import { afterEach, describe, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { minutesBefore, sendMinutes } from "./support/otlp.ts";
import { webhookReceiver } from "./support/receivers.ts";
import {
	cleanUp,
	eventually,
	type RunningServer,
	run,
	serve,
	serveRefused,
	temporaryFolder,
} from "./support/server.ts";

afterEach(cleanUp);

const SECRET = `whsec_${Buffer.from("a secret of thirty-two bytes, ok").toString("base64")}`;

const outage = (until: number) => [
	...minutesBefore(until, 60, () => ({ tenant: undefined, good: 100_000, bad: 1 })),
	...minutesBefore(until, 60, (minutesAgo) => ({
		tenant: "woodgrove",
		good: minutesAgo < 5 ? 0 : 500,
		bad: minutesAgo < 5 ? 500 : 0,
	})),
];

/** Everything that a crash must not change. */
async function facts(server: RunningServer, until: number) {
	const windows = (tenant: string) =>
		server.read(
			`/api/v1/tenants/${tenant}/slis/send/windows?from=${until - 7_200_000}&to=${until + 60_000}&resolutionMs=60000`,
		);
	const { items: incidents } = await server.read<{
		items: { id: string; detectedAt: number; state: string; onsetAt: number }[];
	}>("/api/v1/incidents");
	const { items: timers } = await server.read<{ items: { id: string; kind: string }[] }>("/api/v1/timers");
	return {
		woodgrove: await windows("woodgrove"),
		fleet: await windows("~fleet"),
		accounting: await server.read("/api/v1/ingest/accounting"),
		incidents,
		deadlines: timers.filter((timer) => timer.kind.includes("deadline")),
	};
}

describe("a server that is killed", () => {
	it("comes back with every counted point, the one incident, and its escalation where it stood", async () => {
		const pager = await webhookReceiver(SECRET);
		const catalogue = writeCatalogue(
			catalogueFiles({
				slos: ["send"],
				tenants: [{ name: "woodgrove" }],
				webhook: { url: `${pager.url}/ada`, leadUrl: `${pager.url}/lead` },
				repeatEvery: "1h",
				leadAfter: "4s",
			}),
		);
		const options = { catalogue, data: temporaryFolder(), env: { PAGER_SECRET: SECRET } };
		const until = Date.now();
		const first = await serve(options);
		await sendMinutes(first, outage(until));
		await eventually("the first page", async () => pager.pages.length > 0);
		const before = await facts(first, until);
		expect(before.incidents).toHaveLength(1);
		await first.stop("SIGKILL");

		const second = await serve(options);
		const after = await facts(second, until);
		expect(after).toEqual(before);

		// The sender never heard whether its request arrived and sends all of it again: nothing counts twice.
		expect((await sendMinutes(second, outage(until))).status).toBe(200);
		expect((await facts(second, until)).woodgrove).toEqual(before.woodgrove);
		expect((await facts(second, until)).fleet).toEqual(before.fleet);

		// The next step of the chain comes, once; the breach that still holds opens no second incident.
		await eventually("the page to the lead", async () => pager.pages.some((page) => page.path === "/lead"));
		const { items } = await second.read<{ items: { id: string }[] }>("/api/v1/incidents");
		expect(items.map((incident) => incident.id)).toEqual(["INC-1001"]);
		expect(pager.pages.filter((page) => page.path === "/lead")).toHaveLength(1);
		expect((await second.call("/api/v1/incidents/INC-1001/acknowledge", { method: "POST" })).status).toBe(200);
		await second.stop("SIGKILL");

		const third = await serve(options);
		expect((await third.read("/api/v1/incidents/INC-1001")).state).toBe("acknowledged");
		// Nothing pages any more; should nobody do anything with the incident, somebody is asked.
		const { items: waiting } = await third.read<{ items: { kind: string }[] }>("/api/v1/timers");
		expect(waiting.map(({ kind }) => kind)).toEqual(["escalation.remind"]);
		expect((await third.read<{ ready: boolean }>("/readyz")).ready).toBe(true);
	});
});

describe("a second server on the same data", () => {
	it("is refused and told who has it, and the first goes on", async () => {
		const options = {
			catalogue: writeCatalogue(catalogueFiles({ tenants: [{ name: "woodgrove" }] })),
			data: temporaryFolder(),
		};
		const first = await serve(options);
		const refused = await serveRefused(options);
		expect(refused.exitCode).toBe(1);
		expect(refused.text).toContain(`in use by process ${first.pid}`);
		expect(refused.text.trim().split("\n")).toHaveLength(1);
		expect((await first.call("/healthz")).status).toBe(200);
	});
});

describe("the catalogue of a running server", () => {
	it("is replaced by a good edit, kept against a bad one, and survives a restart with the bad one still there", async () => {
		const files = catalogueFiles({ tenants: [{ name: "woodgrove" }] });
		const dir = writeCatalogue(files);
		const options = { catalogue: dir, data: temporaryFolder() };
		const server = await serve(options);
		const active = () =>
			server.read<{ hash: string; reloadOk: boolean; findings: { file: string; message: string }[] }>(
				"/api/v1/config/active",
			);
		const before = await active();

		writeCatalogue(
			{ "tenants/more.yaml": (files["tenants/key.yaml"] as string).replaceAll("woodgrove", "fabrikam") },
			dir,
		);
		const edited = await eventually("the edited catalogue", async () => {
			const now = await active();
			return now.hash !== before.hash && now;
		});
		expect(
			(await server.read<{ tenants: { name: string }[] }>("/api/v1/fleet")).tenants.map((row) => row.name),
		).toEqual(["fabrikam", "woodgrove"]);

		writeCatalogue(
			{
				"tenants/more.yaml":
					"apiVersion: bellwether/v1\nkind: KeyTenant\nmetadata: { name: fabrikam }\nspec: { mtach: {} }\n",
			},
			dir,
		);
		const refused = await eventually("the refusal", async () => {
			const now = await active();
			return !now.reloadOk && now;
		});
		expect(refused.hash).toBe(edited.hash);
		expect(refused.findings.some((finding) => finding.file === "tenants/more.yaml")).toBe(true);
		expect((await server.call("/metrics")).text).toContain("bellwether_config_reload_ok 0");
		const { ready, checks } = await server.read<{
			ready: boolean;
			checks: { name: string; ok: boolean; reason: string }[];
		}>("/readyz");
		expect([ready, checks.find((check) => check.name === "catalogue")?.ok]).toEqual([true, false]);
		await server.stop();

		const again = await serve(options);
		expect((await again.read("/api/v1/config/active")).hash).toBe(edited.hash);
	});

	it("keeps a server from starting the first time when it has errors, and says all of them", async () => {
		const files = catalogueFiles({ tenants: [{ name: "woodgrove" }] });
		const catalogue = writeCatalogue({
			...files,
			"slos/send.yaml": (files["slos/send.yaml"] as string).replace("target: 0.999", "target: 99.9"),
			"tenants/bad.yaml": "apiVersion: bellwether/v1\nkind: KeyTenant\n",
		});
		const refused = await serveRefused({ catalogue, data: temporaryFolder() });
		expect(refused.exitCode).toBe(1);
		expect(refused.text).toMatch(/slos\/send\.yaml:\d+:\d+ error .*99\.9/);
		expect(refused.text).toContain("tenants/bad.yaml:");
	});

	it("is changed by apply from another machine: all of it or nothing", async () => {
		const files = catalogueFiles({ tenants: [{ name: "woodgrove" }] });
		const options = { catalogue: writeCatalogue(files), data: temporaryFolder() };
		const server = await serve(options);
		const env = { BELLWETHER_URL: server.url, BELLWETHER_TOKEN: server.adminToken };
		const good = writeCatalogue({
			...files,
			"tenants/more.yaml": (files["tenants/key.yaml"] as string).replaceAll("woodgrove", "fabrikam"),
		});
		const bad = writeCatalogue({ ...files, "slos/send.yaml": "kind: SLO\n" });

		const plan = await run(["plan", good], env);
		expect([plan.exitCode, plan.text.includes("+ KeyTenant fabrikam")]).toEqual([0, true]);
		const refused = await run(["apply", bad], env);
		expect([refused.exitCode, refused.text.includes("slos/send.yaml:")]).toEqual([1, true]);
		const applied = await run(["apply", good, "--json"], env);
		expect([applied.exitCode, JSON.parse(applied.text).status]).toEqual([0, "applied"]);
		expect((await run(["apply", good, "--json"], env)).text).toContain('"unchanged"');
		expect((await run(["apply", good], { ...env, BELLWETHER_TOKEN: "bw_wrong" })).exitCode).toBe(1);
		expect((await run(["apply", good], { ...env, BELLWETHER_URL: "http://127.0.0.1:9" })).exitCode).toBe(3);
		const { hash } = await server.read("/api/v1/config/active");
		await server.stop();

		// What was applied is newer than the folder, and stays.
		expect((await (await serve(options)).read("/api/v1/config/active")).hash).toBe(hash);
	});
});
