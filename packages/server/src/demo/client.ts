import { parseArgs } from "node:util";
import { readFleet } from "./fleet.ts";
import { makeScenario } from "./scenario.ts";
import { SCENARIOS } from "./scenario-names.ts";
import { runSender, senderGroups } from "./sender.ts";

/**
 * The demo fleet as a process of its own: an ordinary OTLP/HTTP client. Started by `bellwether demo`; also by hand:
 * `node client.ts --endpoint http://127.0.0.1:4318 --catalogue examples/demo --scenario quiet`.
 * A token for the receiver, where one is needed, comes in BELLWETHER_TOKEN: arguments can be read by every user.
 */
const { values } = parseArgs({
	options: {
		endpoint: { type: "string" },
		catalogue: { type: "string" },
		scenario: { type: "string", default: "quiet" },
		seed: { type: "string", default: "1" },
		"start-at": { type: "string" },
		"break-at": { type: "string" },
	},
});
const name = SCENARIOS.find((each) => each === values.scenario);
if (!values.endpoint || !values.catalogue || !name) {
	process.stderr.write(
		`Usage: client.ts --endpoint URL --catalogue DIR --scenario ${SCENARIOS.join("|")} [--seed N] [--start-at MS] [--break-at MS]\n`,
	);
	process.exit(2);
}

const startAt = Number(values["start-at"] ?? Date.now());
const fleet = readFleet(values.catalogue, Number(values.seed));
const scenario = makeScenario(name, fleet, Number(values["break-at"] ?? startAt + 60_000));
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());
// The parent is gone, however it ended: so is the demo.
process.on("disconnect", () => stop.abort());

const report = (message: string) => void process.stderr.write(`demo fleet: ${message.slice(0, 300)}\n`);
let isAway = false;
await Promise.all(
	senderGroups(fleet).map((group) =>
		runSender(group, {
			endpoint: values.endpoint as string,
			token: process.env.BELLWETHER_TOKEN,
			fleet,
			scenario,
			startAt,
			signal: stop.signal,
			report,
			onRetry: (why) => {
				if (!isAway) report(`${why}; trying again until it is taken.`);
				isAway = true;
			},
		}),
	),
);
if (process.connected) process.disconnect();
