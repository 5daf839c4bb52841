import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ManualClock } from "@bellwether/model";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Catalogue } from "#catalogue";
import type { ControlStore, Principal } from "#platform";
import { openControlStore } from "../adapters/sqlite/control-store.ts";
import { type ConfigControl, startConfigControl } from "./config-control.ts";

const NOW = Date.UTC(2026, 10, 22, 3);
const ANA: Principal = { name: "ana", role: "admin" };
const FILES: Readonly<Record<string, string>> = {
	"workloads/mail.yaml":
		"apiVersion: bellwether/v1\nkind: Workload\nmetadata: { name: mail }\nspec: { owner: Mail team }\n",
	"tenants/contoso.yaml":
		"apiVersion: bellwether/v1\nkind: KeyTenant\nmetadata: { name: contoso }\nspec: { match: { tenant.id: [c-1] } }\n",
};

let root: string;
let dir: string;
let store: ControlStore;
let clock: ManualClock;
let control: ConfigControl;
let applied: Catalogue[];

beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), "bellwether-match-"));
	dir = join(root, "catalogue");
	for (const [path, text] of Object.entries(FILES)) {
		await mkdir(dirname(join(dir, path)), { recursive: true });
		await writeFile(join(dir, path), text);
	}
	clock = new ManualClock(NOW);
	store = await openControlStore({ path: join(root, "control.db"), clock });
	control = await start();
});
afterEach(async () => {
	await control.stop();
	await store.close();
	await rm(root, { recursive: true });
});

function start(): Promise<ConfigControl> {
	applied = [];
	const onApplied = async (catalogue: Catalogue): Promise<void> => void applied.push(catalogue);
	return startConfigControl({ dir, store, clock, onApplied, onRefused: () => {} });
}

const names = (catalogue: Catalogue | undefined) => catalogue?.tenants.map((tenant) => tenant.name);
const versions = () =>
	store.db
		.selectFrom("register_versions")
		.select(["tenant", "since_at", "until_at", "applied_by"])
		.orderBy("seq")
		.execute();

describe("making a value a key tenant", () => {
	test("adds a file to the folder and runs it, once", async () => {
		clock.advance(60_000);
		const outcome = await control.addKeyTenant(
			{ name: "fabrikam", displayName: 'Fab: "rikam" #1', attribute: "tenant.id", value: "007", workloads: ["mail"] },
			ANA,
			"req-1",
		);
		expect(outcome).toMatchObject({ status: "applied", file: { path: "tenants/fabrikam.yaml" } });
		expect(await readFile(join(dir, "tenants/fabrikam.yaml"), "utf8")).toBe(outcome.file.text);
		expect(await readdir(join(dir, "tenants"))).toEqual(["contoso.yaml", "fabrikam.yaml"]);
		expect(applied.map(names)).toEqual([["contoso", "fabrikam"]]);
		expect(applied[0]?.tenants[1]).toMatchObject({
			displayName: 'Fab: "rikam" #1',
			match: { "tenant.id": ["007"] },
			workloads: ["mail"],
		});
		expect(control.active()).toMatchObject({ source: "folder", appliedBy: "ana" });
		for (let look = 0; look < 3; look++) await control.look();
		expect(applied).toHaveLength(1);
		const entry = await store.db.selectFrom("audit").selectAll().orderBy("seq", "desc").executeTakeFirstOrThrow();
		expect([entry.actor, entry.action, JSON.parse(entry.detail)]).toEqual([
			"ana",
			"config.applied",
			{ source: "folder", added: "KeyTenant:fabrikam", attribute: "tenant.id", value: "007" },
		]);
	});

	test("leaves everything as it was when the reader refuses it, and says where", async () => {
		for (const [more, says] of [
			[{ value: "c-1" }, 'spec.match["tenant.id"] "c-1" already belongs to contoso (tenants/contoso.yaml:4).'],
			[{ value: "f", workloads: ["chat"] }, 'spec.workloads.0 "chat" is not a known Workload.'],
			[{ value: "f", name: "Fab" }, 'metadata.name "Fab" is not a name.'],
		] as const) {
			const outcome = await control.addKeyTenant({ name: "fabrikam", attribute: "tenant.id", ...more }, ANA, "req");
			expect(outcome.status).toBe("refused");
			const told = outcome.status === "refused" ? outcome.findings.map((each) => each.message) : [];
			expect(told).toContain(says);
		}
		expect(await readdir(join(dir, "tenants"))).toEqual(["contoso.yaml"]);
		expect(names(control.catalogue())).toEqual(["contoso"]);
		expect(applied).toEqual([]);
	});

	test("says so when the folder cannot be written", async () => {
		await rm(join(dir, "tenants"), { recursive: true });
		await writeFile(join(dir, "tenants"), "no folder");
		const outcome = await control.addKeyTenant({ name: "fabrikam", attribute: "tenant.id", value: "f" }, ANA, "req");
		expect(outcome).toMatchObject({ status: "unwritable", message: expect.stringMatching(/EEXIST|ENOTDIR/) });
		expect(names(control.catalogue())).toEqual(["contoso"]);
	});

	test("adds to the files that an apply by API brought, and not to the folder that it overruled", async () => {
		const files = Object.entries(FILES).map(([path, text]) => ({ path, text: text.replaceAll("contoso", "tailspin") }));
		await control.apply(files, ANA, "req");
		const outcome = await control.addKeyTenant({ name: "fabrikam", attribute: "tenant.id", value: "f" }, ANA, "req");
		expect(outcome.status).toBe("applied");
		expect(control.active().source).toBe("api");
		expect(names(control.catalogue())).toEqual(["fabrikam", "tailspin"]);
		expect(await readdir(join(dir, "tenants"))).toEqual(["contoso.yaml"]);
		await control.look();
		await control.stop();
		control = await start();
		expect(names(control.catalogue())).toEqual(["fabrikam", "tailspin"]);
	});
});

test("who was matched to what is kept from version to version", async () => {
	const first = { tenant: "contoso", since_at: NOW, until_at: null, applied_by: "bellwether" };
	expect(await versions()).toEqual([first]);
	clock.advance(1_000);
	await control.addKeyTenant({ name: "fabrikam", attribute: "tenant.id", value: "f" }, ANA, "req");
	clock.advance(1_000);
	await rm(join(dir, "tenants/contoso.yaml"));
	await control.apply(undefined, ANA, "req");
	clock.advance(1_000);
	await writeFile(join(dir, "tenants/contoso.yaml"), FILES["tenants/contoso.yaml"] as string);
	await control.apply(undefined, ANA, "req");
	const all = [
		{ ...first, until_at: NOW + 2_000 },
		{ tenant: "fabrikam", since_at: NOW + 1_000, until_at: null, applied_by: "ana" },
		{ tenant: "contoso", since_at: NOW + 3_000, until_at: null, applied_by: "ana" },
	];
	expect(await versions()).toEqual(all);
	await control.stop();
	control = await start();
	expect(await versions()).toEqual(all);
});
