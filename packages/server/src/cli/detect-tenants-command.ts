import {
	createRadar,
	type Radar,
	type RadarCell,
	type RadarEvent,
	type RadarSignal,
	type RadarTenant,
} from "#detection";
import { EXIT } from "./command-options.ts";
import type { DetectOptions } from "./detect-command.ts";

/**
 * `bellwether detect tenants`: the radar over a stream of many tenants' telemetry in order of arrival, a JSON object per
 * line (see docs/detection.md); alert records come out, a JSON object per line. Times of the stream are seconds since 1970.
 */
export async function runDetectTenants({ input, out, err }: DetectOptions): Promise<number> {
	let stream: TenantStream | undefined;
	let line = 0;
	try {
		for await (const lines of linesOf(input)) {
			const said: string[] = [];
			for (const text of lines) {
				line += 1;
				if (text === "") continue;
				const record = JSON.parse(text) as Meta | StreamRecord;
				if (record.k === "meta") stream = new TenantStream(record);
				else if (stream === undefined) throw new Error('the first line must be the "meta" record');
				else stream.take(record, said);
			}
			if (said.length > 0) out(`${said.join("\n")}\n`);
		}
	} catch (fault) {
		err(
			`bellwether detect tenants: line ${line}: ${(fault as Error).message}. Expected one JSON object per line; see docs/detection.md.\n`,
		);
		return EXIT.findings;
	}
	if (stream !== undefined) return EXIT.fine;
	err("bellwether detect tenants: nothing came. Pipe a stream into standard input; see docs/detection.md.\n");
	return EXIT.findings;
}

interface Meta {
	readonly k: "meta";
	readonly tenants: readonly { readonly id: string; readonly key: boolean; readonly tz_hours: number }[];
	readonly latency_bounds_ms: readonly number[];
	readonly workloads: Readonly<Record<string, { readonly dims: readonly string[]; readonly slis: readonly string[] }>>;
}
type StreamRecord =
	| { readonly k: "tick"; readonly at: number }
	| {
			readonly k: "m";
			readonly t: number;
			readonly id: string;
			readonly tenant: string;
			readonly workload: string;
			readonly cells: readonly (readonly (string | number)[])[];
	  }
	| {
			readonly k: "change";
			readonly at: number;
			readonly id: string;
			readonly kind: string;
			readonly workload?: string;
			readonly scope?: Readonly<Record<string, string>>;
	  }
	| {
			readonly k: "maintenance";
			readonly tenant: string;
			readonly workload?: string;
			readonly from: number;
			readonly to: number;
	  };

const SIGNAL = "events";

class TenantStream {
	readonly #radar: Radar;
	/** Number of attributes and whether bad events are counted, by workload. */
	readonly #shapes = new Map<string, { readonly attributes: number; readonly countsBad: boolean }>();

	constructor(meta: Meta) {
		const signals: RadarSignal[] = Object.entries(meta.workloads).map(([workload, { dims, slis }]) => ({
			workload,
			signal: SIGNAL,
			attributes: dims,
			cohortAttributes: dims.filter((name) => name === "region"),
			errors: slis.includes("success") ? { sli: "success" } : undefined,
			latency: slis.includes("latency") ? { sli: "latency", boundsMs: meta.latency_bounds_ms } : undefined,
			volume: slis.includes("volume") ? { sli: "volume" } : undefined,
		}));
		const tenants: RadarTenant[] = meta.tenants.map((tenant) => ({
			tenant: tenant.id,
			isKey: tenant.key,
			utcOffsetMinutes: tenant.tz_hours * 60,
		}));
		for (const signal of signals)
			this.#shapes.set(signal.workload, {
				attributes: signal.attributes.length,
				countsBad: signal.errors !== undefined,
			});
		this.#radar = createRadar({ signals, tenants, idPrefix: "a" });
	}

	take(record: StreamRecord, said: string[]): void {
		switch (record.k) {
			case "tick":
				for (const event of this.#radar.advance(record.at * 1000)) said.push(recordOf(event, record.at));
				return;
			case "m": {
				const shape = this.#shapes.get(record.workload);
				if (shape === undefined) throw new Error(`workload "${record.workload}" is not in the meta record`);
				this.#radar.observe({
					tenant: record.tenant,
					workload: record.workload,
					signal: SIGNAL,
					minuteAt: record.t * 1000,
					id: record.id,
					cells: record.cells.map((cell) => cellOf(cell, shape)),
				});
				return;
			}
			case "change":
				this.#radar.change({
					id: record.id,
					at: record.at * 1000,
					kind: record.kind,
					workload: record.workload,
					scope: record.scope ?? {},
				});
				return;
			case "maintenance":
				this.#radar.maintenance({
					tenant: record.tenant,
					workload: record.workload,
					from: record.from * 1000,
					to: record.to * 1000,
				});
		}
	}
}

/** A cell of the stream: attribute values, total, bad where errors are counted, then latency buckets where there are any. */
function cellOf(
	cell: readonly (string | number)[],
	{ attributes, countsBad }: { readonly attributes: number; readonly countsBad: boolean },
): RadarCell {
	const counts = attributes + (countsBad ? 2 : 1);
	return {
		values: cell.slice(0, attributes) as string[],
		total: cell[attributes] as number,
		bad: countsBad ? (cell[attributes + 1] as number) : 0,
		buckets: cell.length > counts ? (cell.slice(counts) as number[]) : undefined,
	};
}

function recordOf(event: RadarEvent, at: number): string {
	if (event.type === "closed") return JSON.stringify({ type: "close", id: event.id, at, reason: event.reason });
	const { alert } = event;
	return JSON.stringify({
		type: event.type === "opened" ? "open" : "update",
		id: alert.id,
		at,
		scope: alert.scope === "cohort" ? "region" : alert.scope,
		tenant: alert.tenant,
		region: alert.cohort?.value,
		tenants: alert.tenants,
		workload: alert.workload,
		sli: alert.sli,
		onset: alert.onsetAt / 1000,
		culprits: alert.culprits.map(({ attribute, value }) => ({ attr: attribute, value })),
		changes: alert.changes,
		evidence: alert.evidence,
		explanation: alert.explanation,
	});
}

/** Lines of a byte stream, by chunk; a line that is split over chunks comes with the later one. */
async function* linesOf(input: DetectOptions["input"]): AsyncGenerator<string[]> {
	const decoder = new TextDecoder();
	let rest = "";
	for await (const chunk of input) {
		const text = rest + (typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
		const lines = text.split("\n");
		rest = lines.pop() ?? "";
		yield lines;
	}
	if (rest !== "") yield [rest];
}
