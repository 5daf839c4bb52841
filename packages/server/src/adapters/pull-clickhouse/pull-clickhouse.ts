import type { PullSettings } from "#catalogue";
import {
	ask,
	type EngineQuery,
	oneLine,
	type PullCredentials,
	type PullEngine,
	type PulledRow,
	PullFailure,
	type PullHttp,
	type PullRange,
	withPlaceholders,
} from "#telemetry";

export interface ClickHouseOptions {
	readonly settings: PullSettings;
	readonly http: PullHttp;
	readonly credentials: PullCredentials;
}

/** Bound by the server from `param_…` of the address, so no value is ever part of the text. */
const NAMES = { from: "{from:DateTime64(3, 'UTC')}", to: "{to:DateTime64(3, 'UTC')}", step: "{step:UInt32}" };

/** ClickHouse's HTTP interface; rows come as one JSON object per line. */
export function createClickHouseEngine({ settings, http, credentials }: ClickHouseOptions): PullEngine {
	const { host } = new URL(settings.url);
	return {
		async *rows({ query }: EngineQuery, range: PullRange, signal): AsyncIterable<PulledRow> {
			const parameters = new URLSearchParams({
				...(settings.database === undefined ? {} : { database: settings.database }),
				default_format: "JSONEachRow",
				// No change of data; the settings beside it are allowed.
				readonly: "2",
				max_execution_time: String(Math.ceil(settings.timeoutMs / 1000)),
				// An error then comes as a status, not in the middle of rows.
				wait_end_of_query: "1",
				output_format_json_quote_64bit_integers: "0",
				date_time_output_format: "iso",
				param_from: plainTime(range.from),
				param_to: plainTime(range.to),
				param_step: String(Math.round(range.stepMs / 1000)),
			});
			const { body, headers } = await ask(
				http,
				credentials,
				{
					url: `${settings.url}/?${parameters}`,
					method: "POST",
					headers: { "content-type": "text/plain; charset=utf-8" },
					body: withPlaceholders(query.text ?? "", NAMES),
					maxBytes: settings.maxResponseBytes,
					timeoutMs: settings.timeoutMs,
					signal,
				},
				(text) => text,
			);
			if (headers["x-clickhouse-exception-code"] !== undefined)
				throw broken(host, headers["x-clickhouse-exception-code"]);
			yield* linesOf(body, host);
		},
		close: async () => {},
	};
}

function* linesOf(body: Uint8Array, host: string): Generator<PulledRow> {
	const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
	for (let from = 0; from < bytes.length; ) {
		const newline = bytes.indexOf(10, from);
		const end = newline < 0 ? bytes.length : newline;
		const line = bytes.toString("utf8", from, end).trim();
		from = end + 1;
		if (line === "") continue;
		let row: unknown;
		try {
			row = JSON.parse(line);
		} catch {
			throw broken(host, line);
		}
		if (typeof row !== "object" || row === null || "exception" in row) throw broken(host, line);
		yield row as PulledRow;
	}
}

/** An error may still come behind rows of an answer that began well. */
function broken(host: string, words: string): PullFailure {
	return new PullFailure("partial", `${host} broke off: ${oneLine(words)}`, "correct the query or make it cheaper");
}

function plainTime(at: number): string {
	return new Date(at).toISOString().replace("T", " ").slice(0, 23);
}
