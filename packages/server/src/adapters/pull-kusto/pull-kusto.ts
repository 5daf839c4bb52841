import { z } from "zod";
import type { PullSettings } from "#catalogue";
import {
	ask,
	type EngineQuery,
	isoInstants,
	jsonOf,
	type PullCredentials,
	type PullEngine,
	type PulledRow,
	PullFailure,
	type PullHttp,
	type PullRange,
	withPlaceholders,
} from "#telemetry";

export interface KustoOptions {
	/** `kusto`: Azure Data Explorer and Fabric; `log-analytics`: workspaces of Azure Monitor. */
	readonly kind: "kusto" | "log-analytics";
	readonly settings: PullSettings;
	readonly http: PullHttp;
	readonly credentials: PullCredentials;
}

const LOG_ANALYTICS = "https://api.loganalytics.io";
const NAMES = { from: "_from", to: "_to", step: "_step" };

const Cells = z.array(z.unknown());
const Frames = z.array(
	z.object({
		FrameType: z.string(),
		TableKind: z.string().optional(),
		Columns: z.array(z.object({ ColumnName: z.string() })).optional(),
		/** A row is a list; an object in its place is an error that came while rows were being sent. */
		Rows: z.array(z.unknown()).optional(),
		HasErrors: z.boolean().optional(),
		Cancelled: z.boolean().optional(),
		OneApiErrors: z.array(z.unknown()).optional(),
	}),
);
const Tables = z.object({
	tables: z.array(
		z.object({ name: z.string(), columns: z.array(z.object({ name: z.string() })), rows: z.array(Cells) }),
	),
	error: z.unknown().optional(),
});

/** KQL over the REST interfaces of Kusto (v2 frames) and Log Analytics (v1 tables). */
export function createKustoEngine({ kind, settings, http, credentials }: KustoOptions): PullEngine {
	const base = settings.url === "" ? LOG_ANALYTICS : settings.url;
	const { host } = new URL(base);

	async function post(path: string, body: object, signal: AbortSignal): Promise<unknown> {
		const answer = await ask(
			http,
			credentials,
			{
				url: `${base}${path}`,
				method: "POST",
				headers: {
					"content-type": "application/json",
					accept: "application/json",
					prefer: `wait=${Math.ceil(settings.timeoutMs / 1000)}`,
				},
				body: JSON.stringify(body),
				maxBytes: settings.maxResponseBytes,
				timeoutMs: settings.timeoutMs,
				signal,
			},
			errorIn,
		);
		return jsonOf(answer.body, host);
	}

	async function kustoTable(text: string, range: PullRange, signal: AbortSignal): Promise<Table> {
		const { from, to } = isoInstants(range);
		const csl = `declare query_parameters(_from:datetime, _to:datetime, _step:timespan);\n${text}`;
		const Parameters = { _from: `datetime(${from})`, _to: `datetime(${to})`, _step: timespan(range.stepMs) };
		const Options = { servertimeout: clockText(settings.timeoutMs), request_readonly: true };
		const body = { db: settings.database, csl, properties: JSON.stringify({ Options, Parameters }) };
		const frames = Frames.safeParse(await post("/v2/rest/query", body, signal));
		if (!frames.success) throw otherForm(host);
		for (const { HasErrors, Cancelled, OneApiErrors } of frames.data)
			if (HasErrors || Cancelled) throw partial(host, errorText(OneApiErrors) ?? "the query was cut short");
		const table = frames.data.find((frame) => frame.FrameType === "DataTable" && frame.TableKind === "PrimaryResult");
		if (!table) throw otherForm(host);
		const rows = (table.Rows ?? []).map((row) => {
			if (Array.isArray(row)) return row as unknown[];
			throw partial(host, errorText(row) ?? "a row is missing");
		});
		return { columns: (table.Columns ?? []).map((column) => column.ColumnName), rows };
	}

	async function workspaceTable(text: string, range: PullRange, signal: AbortSignal): Promise<Table> {
		const { from, to } = isoInstants(range);
		// This interface has no parameters: the values, which are ours, are bound by name before the query.
		const query = `let _from=datetime(${from});\nlet _to=datetime(${to});\nlet _step=${timespan(range.stepMs)};\n${text}`;
		const path = `/v1/workspaces/${encodeURIComponent(settings.database ?? "")}/query`;
		const answer = Tables.safeParse(await post(path, { query, timespan: `${from}/${to}` }, signal));
		if (!answer.success) throw otherForm(host);
		if (answer.data.error !== undefined) throw partial(host, errorText(answer.data.error) ?? "the answer is not whole");
		const table = answer.data.tables.find((each) => each.name === "PrimaryResult") ?? answer.data.tables[0];
		if (!table) throw otherForm(host);
		return { columns: table.columns.map((column) => column.name), rows: table.rows };
	}

	return {
		async *rows({ query }: EngineQuery, range: PullRange, signal): AsyncIterable<PulledRow> {
			const text = withPlaceholders(query.text ?? "", NAMES);
			const { columns, rows } = await (kind === "kusto" ? kustoTable : workspaceTable)(text, range, signal);
			for (const row of rows) yield Object.fromEntries(columns.map((name, k) => [name, row[k]]));
		},
		close: async () => {},
	};
}

interface Table {
	readonly columns: readonly string[];
	readonly rows: readonly (readonly unknown[])[];
}

function timespan(ms: number): string {
	return `time(${clockText(ms)})`;
}

/** hh:mm:ss.fff, as both want it; steps and time-outs are shorter than a day. */
function clockText(ms: number): string {
	return new Date(ms).toISOString().slice(11, 23);
}

function otherForm(host: string): PullFailure {
	return new PullFailure(
		"malformed",
		`${host} answers in another form than expected`,
		"check kind and url of the source",
	);
}

function partial(host: string, words: string): PullFailure {
	return new PullFailure(
		"partial",
		`${host} gave a part of the answer only: ${words}`,
		"narrow the query or lower maxRange",
	);
}

/** The innermost message of the nested errors that both interfaces send. */
function errorText(value: unknown): string | undefined {
	if (Array.isArray(value)) return errorText(value[0]);
	if (typeof value !== "object" || value === null) return typeof value === "string" ? value : undefined;
	const error = value as Readonly<Record<string, unknown>>;
	const inner = error.OneApiErrors ?? error.error ?? error.innererror;
	const words = error["@message"] ?? error.message;
	return errorText(inner) ?? (typeof words === "string" ? words.slice(0, 300) : undefined);
}

function errorIn(body: string): string | undefined {
	try {
		return errorText(JSON.parse(body)) ?? body.slice(0, 300);
	} catch {
		return body.slice(0, 300);
	}
}
