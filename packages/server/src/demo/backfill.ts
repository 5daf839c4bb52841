import type { DemoFleet } from "./fleet.ts";
import { historyRows, historySpans } from "./history.ts";
import { type PostOptions, post } from "./post.ts";
import type { Scenario } from "./scenario.ts";
import { SIGNALS } from "./signals.ts";

export interface BackfillOptions extends PostOptions {
	readonly url: string;
	readonly token: string;
	readonly fleet: DemoFleet;
	readonly scenario: Scenario;
	/** A whole 10 s; the live traffic starts here. */
	readonly until: number;
	readonly onProgress: (rows: number, ofRows: number) => void;
}

const ROWS_PER_BATCH = 20_000;

/**
 * Sends the history through the public import, in batches of their own key: a batch that is sent again is counted once.
 * The next batch is made while the last one is being stored. Throws with the server's words when it refuses one.
 */
export async function backfill(options: BackfillOptions): Promise<number> {
	const expected = expectedRows(options.fleet, options.until);
	let rows = 0;
	let batch = 0;
	let lines: string[] = [];
	let sending: Promise<void> = Promise.resolve();
	const flush = async () => {
		const body = `${lines.join("\n")}\n`;
		const count = lines.length;
		const key = `demo-${options.fleet.seed}-${options.until}-${batch++}`;
		lines = [];
		await sending;
		sending = sendBatch(options, key, body).then(() => {
			rows += count;
			options.onProgress(rows, Math.max(rows, expected));
		});
		// Awaited at the next batch; until then a failure must not count as unhandled.
		sending.catch(() => undefined);
	};
	for (const row of historyRows(options.fleet, options.scenario, options.until)) {
		lines.push(JSON.stringify(row));
		if (lines.length === ROWS_PER_BATCH) await flush();
	}
	if (lines.length > 0) await flush();
	await sending;
	return rows;
}

async function sendBatch(options: BackfillOptions, key: string, body: string): Promise<void> {
	const result = await post(
		{
			url: `${options.url}/api/v1/import`,
			headers: {
				"content-type": "application/x-ndjson",
				"idempotency-key": key,
				authorization: `Bearer ${options.token}`,
			},
			body,
		},
		options,
	);
	if (result.status === "refused") throw new Error(`The import was refused (${result.code}): ${result.text}`);
	if (result.status === "stopped") throw new Error("The import was stopped.");
}

/** An upper bound: intervals in which nothing happened have no row. */
function expectedRows(fleet: DemoFleet, until: number): number {
	const pairs = fleet.keyTenants.reduce(
		(sum, tenant) => sum + SIGNALS.filter((signal) => tenant.workloads.includes(signal.workload)).length,
		SIGNALS.length,
	);
	return historySpans(until).reduce((sum, span) => sum + ((span.to - span.from) / span.stepMs) * pairs, 0);
}
