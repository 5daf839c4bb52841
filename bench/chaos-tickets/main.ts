import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "@bellwether/model";
import { openControlStore } from "../../packages/server/src/adapters/sqlite/control-store.ts";
import type { IntegrationKind } from "../../packages/server/src/catalogue/index.ts";
import { SECRET_ENV } from "../../packages/server/testing/tickets/integration.ts";
import { openTicketReceiver, type TicketReceiver } from "../../packages/server/testing/tickets/receiver.ts";
import { seeded } from "../random.ts";

/**
 * `npm run chaos -- tickets --cuts 500 --seed 1`: kills (SIGKILL) a process that carries tickets, each time while a
 * create is about to leave, on its way, carried out there, or answered and not recorded. Five receivers speak the
 * protocols of PagerDuty, ServiceNow, Jira, Azure DevOps and ICM. Exits 1 when a ticket is doubled, missing, or unlike
 * its incident.
 */
const { values: options } = parseArgs({
	args: process.argv.slice(3),
	options: { cuts: { type: "string", default: "500" }, seed: { type: "string", default: "1" } },
});
const cuts = Number(options.cuts);
const random = seeded(Number(options.seed));
const KINDS: readonly IntegrationKind[] = ["pagerduty", "servicenow", "jira", "azure-devops", "icm"];
const POINTS = [
	"before it is sent",
	"when it arrives, done later",
	"done, before the answer",
	"answered, before the record",
] as const;
const CARRIER = join(import.meta.dirname, "carrier-process.ts");
/** No life lasts longer; what hangs is a finding. */
const LIFE_MS = 60_000;

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

/** One life that ends at the n-th create it sends; answers whether it did. */
async function cut(point: (typeof POINTS)[number], nth: number, open: number): Promise<"killed" | "rested" | "failed"> {
	const child = start(open, point === POINTS[0] ? nth : 0);
	let seen = 0;
	const kill = () => void child.kill("SIGKILL");
	for (const receiver of receivers.values()) {
		receiver.behave((_request, isCreate) => {
			if (!isCreate || point === POINTS[0] || ++seen !== nth) return "ok";
			switch (point) {
				case POINTS[1]:
					kill();
					setTimeout(() => receiver.catchUp(), 20);
					return "late";
				case POINTS[2]:
					kill();
					return "lost";
				default:
					// Anywhere from the answer on the wire to the commit of its record.
					setTimeout(kill, Math.floor(random() * 12));
					return "ok";
			}
		});
	}
	return end(child);
}

const tally = Object.fromEntries(POINTS.map((point) => [point, 0])) as Record<(typeof POINTS)[number], number>;
let lives = 0;
let done = 0;
let failures = 0;
while (done < cuts && failures < 5) {
	const point = POINTS[Math.floor(random() * POINTS.length)] ?? POINTS[0];
	// Few creates wait at most times, so that one and the same is interrupted again and again.
	const outcome = await cut(point, 1 + Math.floor(random() * 4), lives % 3 === 0 ? 1 : 0);
	lives++;
	if (outcome === "failed") failures++;
	if (outcome !== "killed") continue;
	done++;
	tally[point]++;
	if (done % 50 === 0) console.error(`${Math.round((Date.now() - startedAt) / 1000)} s: ${done} cuts`);
}
for (const receiver of receivers.values()) receiver.behave(() => "ok");
const last = await end(start(0, 0));

const store = await openControlStore({ path, clock: systemClock });
const rows = await store.db.selectFrom("tickets").selectAll().execute();
const kept = [...receivers.values()].flatMap(({ tickets }) => tickets);
const timesOf = Map.groupBy(kept, ({ key }) => key);
const of = (row: (typeof rows)[number]) => timesOf.get(row.external_key) ?? [];
const known = new Set(rows.map((row) => row.external_key));
const result = {
	cuts: done,
	lives,
	...tally,
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
if (doubled + missing + ofNobody + notAtRest + notesLost + livesThatFailed > 0 || done < cuts) process.exit(1);
