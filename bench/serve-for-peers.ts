import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeCatalogue } from "./catalogue.ts";

/**
 * The product as the peers' drivers want it: on $PORT, data in $DATA_DIR, with the drivers' tenants as key tenants.
 * BENCH_TENANTS says how many; their ids are the drivers' own rule (MD5 of "tenant-<i>" written as a GUID).
 */
const count = Number(process.env.BENCH_TENANTS ?? "1000");
const data = process.env.DATA_DIR ?? "";
const guid = (i: number) => {
	const hex = createHash("md5").update(`tenant-${i}`).digest("hex");
	return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};
const SLOS = [
	"login-success",
	"dlp-policy-create",
	"client-update",
	"alert-ingest",
	"device-checkin",
	"token-issue",
	"label-apply",
	"hunting-query",
	"connector-sync",
	"report-export",
];
const catalogue = join(data, "catalogue");
if (!existsSync(catalogue))
	writeCatalogue(catalogue, { tenants: Array.from({ length: count }, (_, i) => guid(i)), slos: SLOS });
// exec is not to be had in Node: the product runs in this very process, so that /proc/PID is its own.
process.argv.splice(
	2,
	process.argv.length,
	"serve",
	"--catalogue",
	catalogue,
	"--data",
	join(data, "data"),
	"--port",
	process.env.PORT ?? "0",
	"--otlp-port",
	"0",
);
await import(fileURLToPath(new URL("../packages/server/src/cli/bellwether.ts", import.meta.url)));
