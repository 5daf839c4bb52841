import { z } from "zod";
import { formatSelector, type PullSettings, type Selector, type Slo } from "#catalogue";
import {
	ask,
	type EngineQuery,
	jsonOf,
	type PullCredentials,
	type PullEngine,
	type PulledRow,
	type PulledSeries,
	PullFailure,
	type PullHttp,
	type PullRange,
} from "#telemetry";

const Sample = z.tuple([z.number(), z.string()]);
const Answer = z.object({
	status: z.string(),
	data: z
		.object({
			resultType: z.string(),
			result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(Sample).optional() })),
		})
		.optional(),
	error: z.string().optional(),
	warnings: z.array(z.string()).optional(),
});
type Result = NonNullable<z.infer<typeof Answer>["data"]>["result"];

export interface PrometheusOptions {
	readonly settings: PullSettings;
	readonly http: PullHttp;
	readonly credentials: PullCredentials;
}

/**
 * The HTTP API of Prometheus and of what speaks it. Without a query of its own an SLO is asked for as raw samples
 * (`metric{…}[range]`): increments between samples are then counted here exactly, resets included, where `increase()` would
 * extrapolate to the window's edges.
 */
export function createPrometheusEngine({ settings, http, credentials }: PrometheusOptions): PullEngine {
	const { host } = new URL(settings.url);

	async function query(path: string, form: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Result> {
		const { body } = await ask(
			http,
			credentials,
			{
				url: `${settings.url}${path}`,
				method: "POST",
				headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
				body: new URLSearchParams({ ...form, timeout: `${Math.ceil(settings.timeoutMs / 1000)}s` }).toString(),
				maxBytes: settings.maxResponseBytes,
				timeoutMs: settings.timeoutMs,
				signal,
			},
			errorIn,
		);
		const parsed = Answer.safeParse(jsonOf(body, host));
		if (!parsed.success || (parsed.data.status === "success" && !parsed.data.data))
			throw new PullFailure("malformed", `${host} answers in another form than Prometheus`, "check url of the source");
		const { status, data, error, warnings } = parsed.data;
		if (status !== "success" || !data)
			throw new PullFailure("refused", `${host}: ${error ?? status}`, "correct the query");
		// A warning means that a part behind it did not answer: half a count is no count.
		if (warnings && warnings.length > 0)
			throw new PullFailure("partial", `${host}: ${warnings[0]}`, "look at the stores behind that Prometheus");
		return data.result;
	}

	return {
		async *series({ slo }: EngineQuery, { from, to }: PullRange, signal): AsyncIterable<PulledSeries> {
			for (const selector of selectorsOf(slo)) {
				const text = `${formatSelector(selector)}[${to - from}ms]`;
				const result = await query("/api/v1/query", { query: text, time: String(to / 1000) }, signal);
				for (const { metric, values = [] } of result)
					yield { labels: metric, samples: values.map(([at, value]) => [Math.round(at * 1000), sampleValue(value)]) };
			}
		},

		async *rows({ query: asked }: EngineQuery, range: PullRange, signal): AsyncIterable<PulledRow> {
			const { from, to, stepMs } = range;
			const { columns } = asked;
			const rows = new Map<string, Record<string, unknown>>();
			for (const [name, text] of Object.entries(asked.promql ?? {})) {
				if (text === undefined) continue;
				const form = {
					query: text.replaceAll("{{step}}", `${stepMs}ms`),
					// A step's counts are those at its end.
					start: String((from + stepMs) / 1000),
					end: String(to / 1000),
					step: String(stepMs / 1000),
				};
				for (const { metric, values = [] } of await query("/api/v1/query_range", form, signal)) {
					const tenant = metric[columns.tenant] ?? "";
					for (const [end, value] of values) {
						const at = Math.round(end * 1000) - stepMs;
						const key = `${at} ${tenant}`;
						const row = rows.get(key) ?? emptyRow(columns, tenant, at);
						rows.set(key, row);
						const column = columns[name as "good" | "bad" | "total" | "value"] ?? name;
						row[column] = Number(row[column] || 0) + sampleValue(value);
					}
				}
			}
			yield* rows.values();
		},

		close: async () => {},
	};
}

/** Nothing bad is what an absent series of errors means; nothing good, or nothing at all, is not what absence means. */
function emptyRow(columns: EngineQuery["query"]["columns"], tenant: string, at: number): Record<string, unknown> {
	const row: Record<string, unknown> = { [columns.tenant]: tenant, [columns.time]: at };
	for (const name of ["good", "total", "value"] as const) {
		const column = columns[name];
		if (column !== undefined) row[column] = null;
	}
	if (columns.bad !== undefined) row[columns.bad] = 0;
	return row;
}

/** Each selector of the SLO, as PromQL names it, without those whose samples another one brings as well. */
function selectorsOf({ indicator }: Slo): Selector[] {
	const parts =
		indicator.kind === "threshold" ? [indicator.metric] : "part" in indicator ? [indicator.part, indicator.total] : [];
	const all = parts.map((part) => seriesOf(part, parts));
	return all.filter(
		(one, k) => !all.some((other, n) => n !== k && covers(other, one) && !(covers(one, other) && k < n)),
	);
}

/** A histogram `x` is kept as counters: `x_bucket` with the bound as label, and `x_count`. */
function seriesOf({ metric, where, le }: Selector, siblings: readonly Selector[]): Selector {
	if (le !== undefined)
		return { metric: `${metric}_bucket`, where: [...where, { name: "le", op: "=", values: boundTexts(le) }] };
	const isCount = siblings.some((other) => other.metric === metric && other.le !== undefined);
	return { metric: isCount ? `${metric}_count` : metric, where };
}

/** Clients write the same bound in several ways: 1, 1.0, 1e+06. */
function boundTexts(le: number): string[] {
	const exponential = le.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
	return [...new Set([String(le), Number.isInteger(le) ? `${le}.0` : String(le), exponential])];
}

function covers(wide: Selector, narrow: Selector): boolean {
	if (wide.metric !== narrow.metric) return false;
	const texts = new Set(narrow.where.map((matcher) => JSON.stringify(matcher)));
	return wide.where.every((matcher) => texts.has(JSON.stringify(matcher)));
}

function sampleValue(text: string): number {
	if (text === "+Inf") return Number.POSITIVE_INFINITY;
	return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

function errorIn(body: string): string | undefined {
	try {
		return (JSON.parse(body) as { error?: string }).error;
	} catch {
		return body.slice(0, 300);
	}
}
