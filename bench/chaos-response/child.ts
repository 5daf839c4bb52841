import { createInterface } from "node:readline";
import { openControlStore } from "../../packages/server/src/adapters/sqlite/control-store.ts";
import { SYSTEM, setTimer } from "../../packages/server/src/platform/index.ts";
import { catalogueOf, person, wire } from "./world.ts";

/** The process that is killed: incidents, chains, timers and pages over a real store, with a wall clock that steps when told. */
const [path = "", url = "", offset = "0"] = process.argv.slice(2);
let offsetMs = Number(offset);
const clock = { now: () => Date.now() + offsetMs, monotonic: () => performance.now() };
const store = await openControlStore({ path, clock });
const people = [person("ana", `${url}/ana`), person("lead", `${url}/lead`)];
const catalogue = catalogueOf(
	50,
	people,
	{
		steps: [
			{ afterMs: 0, notify: { person: "ana" } },
			{ afterMs: 5_000, notify: { person: "lead" } },
		],
	},
	[new URL(url).host],
	600,
);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const startedAt = Date.now();
const { bus, deps, timers, dispatcher, open } = wire(
	store,
	clock,
	catalogue,
	(error) => say({ error: String(error) }),
	{
		// When each fired, in true time, in the transaction that marks it done: twice would be two rows.
		"chaos.tick": (tx, timer, now) =>
			bus.publish(tx, {
				type: "chaos.ticked",
				at: now,
				tenant: "",
				actor: SYSTEM,
				data: { ...timer.data, firedAt: Date.now(), startedAt },
			}),
	},
);
timers.start();
dispatcher.start();
say({ ready: true });

createInterface({ input: process.stdin }).on("line", async (line) => {
	const [verb, ...rest] = line.split(" ");
	if (verb === "step") {
		offsetMs += Number(rest[0]);
		say({ stepped: offsetMs });
	}
	if (verb === "open") await open(rest[0] ?? "").then(() => say({ opened: rest[0] }));
	if (verb === "ticks") {
		const [from = 0, count = 0, soonMs = 0, rangeMs = 0] = rest.map(Number);
		await store.transaction(async (tx) => {
			for (let k = 0; k < count; k++) {
				const inMs = soonMs + Math.floor((k / count) * rangeMs);
				const data = { n: from + k, dueAt: Date.now() + inMs };
				await setTimer(tx, deps.ids, clock.now(), { kind: "chaos.tick", tenant: "", dueAt: clock.now() + inMs, data });
			}
		});
		say({ set: count });
	}
});
