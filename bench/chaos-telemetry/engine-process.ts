import { mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { deserialize } from "node:v8";
import { systemClock } from "@bellwether/model";
import { openTelemetryStore } from "../../packages/server/src/adapters/sqlite/telemetry-store.ts";
import { TelemetryHost } from "../../packages/server/src/app/telemetry-host.ts";
import type { FromWorker } from "../../packages/server/src/app/telemetry-protocol.ts";
import type { Catalogue } from "../../packages/server/src/catalogue/index.ts";
import type { Order, Report } from "./driver.ts";

/**
 * What the product's telemetry thread runs, as a process of its own on the real store, with folds many times a second.
 * Arguments: catalogue, data folder, and the file that is told each answer before it goes out.
 */
const [catalogueFile = "", dataDir = "", answersFile] = process.argv.slice(2);
const FOLD_EVERY_MS = 60;
const TICK_MS = 20;

const catalogue = deserialize(readFileSync(catalogueFile)) as Catalogue;
mkdirSync(dataDir, { recursive: true, mode: 0o700 });
const answers = answersFile ? openSync(answersFile, "a") : undefined;
const tell = (report: Report) => process.send?.(report);

const host = new TelemetryHost({
	catalogue,
	openBreaches: [],
	openStore: () => openTelemetryStore(join(dataDir, "telemetry.db")),
	clock: systemClock,
	seed: 1,
	foldEveryMs: FOLD_EVERY_MS,
	send: (message: FromWorker) => {
		if (message.kind === "ready") return;
		if (message.kind !== "answer" && message.kind !== "fault") return;
		const answer = message.kind === "answer" ? message.answer : { status: "fault", message: message.message };
		const status = (answer as { status?: string } | undefined)?.status;
		if (answers !== undefined && status === "accepted") writeSync(answers, `${message.id} `);
		tell({ id: message.id, answer });
	},
	closed: () => process.exit(0),
});
host.start();
setInterval(() => host.tick(), TICK_MS);
process.on("message", ({ id, call }: Order) => host.receive({ id, call: call as never }));
process.on("disconnect", () => process.exit(0));
tell({ id: 0, answer: "ready" });
