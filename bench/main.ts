import { parseArgs } from "node:util";
import { benchBreachToPage } from "./breach-to-page.ts";
import { benchEvaluation } from "./evaluation.ts";
import { benchIngest } from "./ingest.ts";
import { benchPeers } from "./peers.ts";

/**
 * `npm run bench` measures the product; `npm run bench -- ingest|evaluate|latency` one part;
 * `--peers DIR` also runs the peers' drivers of DIR (Prometheus, VictoriaMetrics) with the product beside them.
 */
const { values: options, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		peers: { type: "string" },
		samples: { type: "string", default: "1000000" },
		tenants: { type: "string", default: "100,1000" },
		trials: { type: "string", default: "20" },
	},
});
const parts = positionals.length > 0 ? positionals : ["ingest", "evaluate", "latency"];
const unknown = parts.filter((part) => !["ingest", "evaluate", "latency"].includes(part));
if (unknown.length > 0) {
	console.error(`bench: "${unknown[0]}" is not a part. Write ingest, evaluate or latency, or nothing for all.`);
	process.exit(2);
}
const print = (name: string, row: object) => console.log(JSON.stringify({ bench: name, ...row }));

if (parts.includes("evaluate"))
	for (const tenants of [100, 1000, 10_000]) print("evaluate", benchEvaluation(tenants, 10));
if (parts.includes("ingest"))
	for (const protocol of ["otlp-gzip", "remote-write"] as const)
		for (const tenants of options.tenants.split(",").map(Number))
			print("ingest", await benchIngest(protocol, tenants, Number(options.samples)));
if (parts.includes("latency")) print("latency", await benchBreachToPage(Number(options.trials)));
if (options.peers) await benchPeers(options.peers, parts, options.tenants);
