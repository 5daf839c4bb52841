import type { Socket } from "node:net";
import pg from "pg";
import type { PullSettings } from "#catalogue";
import {
	type EngineQuery,
	isoInstants,
	oneLine,
	type PullEngine,
	type PulledRow,
	PullFailure,
	type PullRange,
	withPlaceholders,
} from "#telemetry";

export interface PostgresqlOptions {
	readonly settings: PullSettings;
	/** Opened by the client itself with `connect(port, host)`; it decides what may be reached. */
	readonly socket: () => Socket;
	/** Read anew for each query. */
	readonly password: () => string | undefined;
	/** Waits until another query may start. */
	readonly turn: (signal: AbortSignal) => Promise<void>;
}

const NAMES = { from: "$1::timestamptz", to: "$2::timestamptz", step: "$3::interval" };
const USUAL_PORT = 5432;
const GRACE_MS = 1_000;

/** One read-only transaction per query, on a connection of its own: at a query a minute, keeping one open gains nothing. */
export function createPostgresqlEngine({ settings, socket, password, turn }: PostgresqlOptions): PullEngine {
	const url = new URL(settings.url);
	const { auth } = settings;
	return {
		async *rows({ query }: EngineQuery, range: PullRange, signal): AsyncIterable<PulledRow> {
			await turn(signal);
			const stream = socket();
			const client = new pg.Client({
				host: url.hostname.replace(/^\[|\]$/g, ""),
				port: url.port === "" ? USUAL_PORT : Number(url.port),
				database: decodeURIComponent(url.pathname.slice(1)) || "postgres",
				user: auth.kind === "basic" ? auth.user : "postgres",
				password: password(),
				ssl: settings.tls ? { rejectUnauthorized: true } : false,
				stream: () => stream,
				application_name: "bellwether",
				// Besides the transaction: whatever the text does, nothing of this connection writes.
				options: "-c default_transaction_read_only=on",
				connectionTimeoutMillis: settings.timeoutMs,
			});
			let over: PullFailure | undefined;
			const end = () => stream.destroy();
			// The server keeps to its own time-out, unless it no longer answers at all.
			const deadline = setTimeout(() => {
				over ??= new PullFailure(
					"timeout",
					`no whole answer from ${url.host} within ${settings.timeoutMs} ms`,
					"make the query cheaper, lower maxRange, or raise timeout",
				);
				end();
			}, settings.timeoutMs + GRACE_MS);
			signal.addEventListener("abort", end, { once: true });
			client.on("error", () => {});
			try {
				await client.connect();
				await client.query("BEGIN TRANSACTION READ ONLY");
				await client.query(`SET LOCAL statement_timeout = ${Math.ceil(settings.timeoutMs)}`);
				await client.query("SET LOCAL TIME ZONE 'UTC'");
				const { from, to } = isoInstants(range);
				const values = [from, to, `${range.stepMs / 1000} seconds`];
				const rows: PulledRow[] = [];
				await new Promise<void>((resolve, reject) => {
					const text = withPlaceholders(query.text ?? "", NAMES);
					const used = values.slice(0, highestParameter(text));
					// The extended protocol takes one statement, whether it has parameters or not.
					const asked = { text, values: used, queryMode: "extended" };
					const running = client.query(new pg.Query<PulledRow, string[]>(asked));
					running.on("row", (row: PulledRow) => {
						rows.push(row);
						if (stream.bytesRead <= settings.maxResponseBytes) return;
						over ??= new PullFailure(
							"too_large",
							`${url.host}: the answer is larger than ${settings.maxResponseBytes} bytes`,
							"lower maxRange, group by fewer columns, or raise maxResponseBytes",
						);
						end();
					});
					running.on("end", () => resolve());
					running.on("error", reject);
				});
				await client.query("ROLLBACK");
				if (over) throw over;
				yield* rows;
			} catch (error) {
				throw over ?? failureOf(error, url.host, signal);
			} finally {
				clearTimeout(deadline);
				signal.removeEventListener("abort", end);
				client.end().catch(() => {});
				end();
			}
		},
		close: async () => {},
	};
}

/** Parameters that the text leaves out must not be sent: the server counts them. */
function highestParameter(text: string): number {
	return text.includes("$3") ? 3 : text.includes("$2") ? 2 : text.includes("$1") ? 1 : 0;
}

function failureOf(error: unknown, host: string, signal: AbortSignal): PullFailure {
	if (error instanceof PullFailure) return error;
	const { message, code } = error as { message: string; code?: string };
	const words = `${host}: ${oneLine(message)}`;
	if (message.includes("settings.egress.allow"))
		return new PullFailure("blocked", oneLine(message), "allow the address in settings.egress.allow if it is yours");
	if (signal.aborted) return new PullFailure("timeout", `asking ${host} was stopped`, "it is asked again by itself");
	if (code === "57014" || /timeout/i.test(message))
		return new PullFailure("timeout", words, "make the query cheaper, lower maxRange, or raise timeout");
	if (code === "28P01" || code === "28000" || code === "42501")
		return new PullFailure("denied", words, "check auth of the source and what it may read");
	if (code === "25006") return new PullFailure("refused", words, "write a query that only reads");
	if (code !== undefined && /^(?:22|42)/.test(code)) return new PullFailure("refused", words, "correct the query");
	if (code !== undefined && /^(?:53|57)/.test(code))
		return new PullFailure("failed", words, "look at that server; it is asked again by itself");
	return new PullFailure("unreached", words, "check url, network and certificate");
}
