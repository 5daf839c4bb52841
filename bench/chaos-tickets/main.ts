import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, systemClock } from "@bellwether/model";
import { openControlStore } from "../../packages/server/src/adapters/sqlite/control-store.ts";
import type { IntegrationKind } from "../../packages/server/src/catalogue/index.ts";
import { SECRET_ENV } from "../../packages/server/testing/tickets/integration.ts";
import { openTicketReceiver, type TicketReceiver } from "../../packages/server/testing/tickets/receiver.ts";
import { readOptions } from "../options.ts";

const USAGE = `
Usage: npm run chaos -- tickets [options]

Kills a process that carries tickets, until so many creates were interrupted.

  --cuts 500
  --seed 1
  -h, --help
`;

/**
 * `npm run chaos -- tickets --cuts 500 --seed 1`: kills (SIGKILL) a process that carries tickets while creates are about
 * to leave, on their way, carried out there, or answered and not recorded, until so many of them were interrupted: sent
 * by the store's account, with no outcome in it. Five receivers speak the protocols of PagerDuty, ServiceNow, Jira, Azure
 * DevOps and ICM. Exits 1 when a ticket is doubled, missing, or unlike its incident.
 */
const { values: options } = readOptions(
	{ name: "chaos tickets", usage: USAGE, args: process.argv.slice(3) },
	{ cuts: { type: "string", default: "500" }, seed: { type: "string", default: "1" } },
);
const cuts = Number(options.cuts);
const random = seededRandom(Number(options.seed));
const KINDS: readonly IntegrationKind[] = ["pagerduty", "servicenow", "jira", "azure-devops", "icm"];
const CARRIER = join(import.meta.dirname, "carrier-process.ts");
/** No life lasts longer; what hangs is a finding. */
const LIFE_MS = 60_000;
/** So many creates wait at once: further incidents are opened while there are fewer. */
const AT_ONCE = 12;

const dir = mkdtempSync(join(tmpdir(), "bellwether-chaos-tickets-"));
const startedAt = Date.now();
const receivers = new Map<IntegrationKind, TicketReceiver>();
for (const kind of KINDS) receivers.set(kind, await openTicketReceiver(kind));
const addresses = JSON.stringify(Object.fromEntries([...receivers].map(([kind, { url }]) => [kind, url])));
const path = join(dir, "control.db");
const env = { PATH: process.env.PATH, ...SECRET_ENV, NODE_COMPILE_CACHE: join(dir, "compiled") };

function start(open: number, dieAtCreate: number): ChildProcess {
	const args = [CARRIER, path, addresses, String(open), String(dieAtCreate)];
	return spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
}

function end(child: ChildProcess): Promise<"killed" | "rested" | "failed"> {
	return new Promise((resolve) => {
		const limit = setTimeout(() => child.kill("SIGTERM"), LIFE_MS);
		child.once("exit", (code, signal) => {
			clearTimeout(limit);
			resolve(signal === "SIGKILL" ? "killed" : code === 0 ? "rested" : "failed");
		});
	});
}

const catchUp = () => {
	for (const receiver of receivers.values()) receiver.catchUp();
};

/** One life. Each create meets its own fate; after some of them the process is killed, from outside or by itself. */
async function live(open: number): Promise<"killed" | "rested" | "failed"> {
	const wanted = 1 + Math.floor(random() * AT_ONCE);
	const isOwnHand = random() < 0.25;
	const child = start(open, isOwnHand ? wanted : 0);
	let seen = 0;
	let isOver = false;
	const kill = (afterMs: number) => {
		if (isOver) return;
		isOver = true;
		setTimeout(() => child.kill("SIGKILL"), afterMs);
	};
	for (const receiver of receivers.values()) {
		receiver.behave((_request, isCreate) => {
			if (!isCreate) return "ok";
			// Anywhere from the answer on the wire to the commit of its record; and not for ever, when fewer come.
			if (++seen === wanted) kill(Math.floor(random() * 12));
			if (seen === 1) setTimeout(() => kill(0), 500);
			return (["held", "held-late", "ok"] as const)[Math.floor(random() * 3)] ?? "held";
		});
	}
	const outcome = await end(child);
	// What was on its way is carried out there after the sender is gone.
	setTimeout(catchUp, 20);
	return outcome;
}

/** Creates that the store says were sent, and does not say what became of them. */
async function inDoubt(): Promise<{ readonly creating: number; readonly waiting: number }> {
	const store = await openControlStore({ path, clock: systemClock });
	const rows = await store.db
		.selectFrom("tickets")
		.select("phase")
		.where("phase", "in", ["absent", "creating"])
		.execute();
	await store.close();
	return { creating: rows.filter(({ phase }) => phase === "creating").length, waiting: rows.length };
}

let kills = 0;
let interrupted = 0;
let failures = 0;
let waiting = 0;
let told = 50;
for (let lives = 0; interrupted < cuts && failures < 5 && lives < cuts * 4; lives++) {
	const outcome = await live(Math.ceil(Math.max(0, AT_ONCE - waiting) / KINDS.length));
	if (outcome === "failed") failures++;
	if (outcome === "killed") kills++;
	const state = await inDoubt();
	waiting = state.waiting;
	if (outcome === "killed") interrupted += state.creating;
	if (interrupted >= told) {
		console.error(
			`${Math.round((Date.now() - startedAt) / 1000)} s: ${interrupted} creates interrupted by ${kills} kills`,
		);
		told += 50;
	}
}
catchUp();
for (const receiver of receivers.values()) receiver.behave(() => "ok");
const last = await end(start(0, 0));

const store = await openControlStore({ path, clock: systemClock });
const rows = await store.db.selectFrom("tickets").selectAll().execute();
const kept = [...receivers.values()].flatMap(({ tickets }) => tickets);
const timesOf = Map.groupBy(kept, ({ key }) => key);
const of = (row: (typeof rows)[number]) => timesOf.get(row.external_key) ?? [];
const known = new Set(rows.map((row) => row.external_key));
const result = {
	kills,
	interrupted,
	incidents: new Set(rows.map(({ incident_id }) => incident_id)).size,
	tickets: rows.length,
	doubled: rows.filter((row) => of(row).length > 1).length,
	missing: rows.filter((row) => of(row).length === 0).length,
	ofNobody: kept.filter(({ key }) => !known.has(key)).length,
	notAtRest: rows.filter((row) => row.sync !== "synced" || row.phase !== "linked").length,
	notesLost: rows.filter((row) => of(row).some(({ notes }) => notes.length === 0)).length,
	notesTwice: rows.filter((row) => of(row).some(({ notes }) => notes.length > 1)).length,
	livesThatFailed: failures + (last === "rested" ? 0 : 1),
	seconds: Math.round((Date.now() - startedAt) / 1000),
};
await store.close();
for (const receiver of receivers.values()) await receiver.close();
rmSync(dir, { recursive: true, force: true });
console.log(JSON.stringify(result, null, "\t"));
const { doubled, missing, ofNobody, notAtRest, notesLost, livesThatFailed } = result;
if (doubled + missing + ofNobody + notAtRest + notesLost + livesThatFailed > 0 || interrupted < cuts) process.exit(1);
