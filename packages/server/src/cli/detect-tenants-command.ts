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
import { type CellShape, checkCell, type Meta, readRecord, type StreamRecord } from "./tenant-lines.ts";

/**
 * `bellwether detect tenants`: the radar over a stream of many tenants' telemetry in order of arrival, a JSON object per
 * line (see docs/detection.md); alert records come out, a JSON object per line. Times of the stream are seconds since 1970.
 */
export async function runDetectTenants({ input, out, err }: DetectOptions): Promise<number> {
	let stream: TenantStream | undefined;
	let line = 0;
	const passedOver = new Map<string, number>();
	try {
		for await (const lines of linesOf(input)) {
			const said: string[] = [];
			for (const text of lines) {
				line += 1;
				if (text.trim() === "") continue;
				const record = readRecord(text);
				if ("unknownKind" in record) passedOver.set(record.unknownKind, (passedOver.get(record.unknownKind) ?? 0) + 1);
				else if (record.k === "meta") {
					if (stream !== undefined) throw new Error("a second meta record; write one, as the first line");
					stream = new TenantStream(record);
				} else if (stream === undefined) throw new Error('the first line must be the "meta" record');
				else stream.take(record, said);
			}
			if (said.length > 0) out(`${said.join("\n")}\n`);
		}
	} catch (fault) {
		err(`bellwether detect tenants: line ${Math.max(1, line)}: ${(fault as Error).message}. See docs/detection.md.\n`);
		return EXIT.findings;
	}
	for (const [kind, count] of passedOver)
		err(`bellwether detect tenants: ${count} records of the unknown kind ${JSON.stringify(kind)} were passed over.\n`);
	if (stream !== undefined) {
		if (stream.unnamed.size > 0) err(`bellwether detect tenants: ${saidOf(stream.unnamed)}\n`);
		return EXIT.fine;
	}
	err("bellwether detect tenants: nothing came. Pipe a stream into standard input; see docs/detection.md.\n");
	return EXIT.findings;
}

/** Longer than telemetry is ever quiet; a jump is a wrong clock, and every minute of it would be judged. */
const LONGEST_JUMP_SECONDS = 31 * 86_400;
/** A minute of a tenant with ten thousand cells is a megabyte. */
const LONGEST_LINE = 16 * 1024 * 1024;

const SIGNAL = "events";

class TenantStream {
	readonly #radar: Radar;
	/** What a cell holds, by workload. */
	readonly #shapes = new Map<string, CellShape>();
	/** Of the last tick, or of the first minute before any; seconds. */
	#now: number | undefined;
	readonly #named: ReadonlySet<string>;
	/** Minutes of tenants that the meta record does not name, by tenant. */
	readonly unnamed = new Map<string, number>();

	constructor(meta: Meta) {
		this.#named = new Set(meta.tenants.map(({ id }) => id));
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
				buckets: signal.latency ? meta.latency_bounds_ms.length + 1 : 0,
			});
		this.#radar = createRadar({ signals, tenants, idPrefix: "a" });
	}

	take(record: StreamRecord, said: string[]): void {
		switch (record.k) {
			case "tick":
				this.#reach("at", record.at);
				if (this.#now !== undefined && record.at < this.#now)
					throw new Error(
						`at is ${record.at}, and the tick before was at ${this.#now}; write records in order of arrival`,
					);
				this.#now = record.at;
				for (const event of this.#radar.advance(record.at * 1000)) said.push(recordOf(event, record.at));
				return;
			case "m": {
				const shape = this.#shapes.get(record.workload);
				if (shape === undefined) throw new Error(`workload "${record.workload}" is not in the meta record`);
				this.#reach("t", record.t);
				this.#now ??= record.t;
				for (const cell of record.cells) checkCell(cell, shape);
				if (!this.#named.has(record.tenant)) {
					this.unnamed.set(record.tenant, (this.unnamed.get(record.tenant) ?? 0) + 1);
					return;
				}
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

	#reach(field: string, at: number): void {
		if (this.#now === undefined || Math.abs(at - this.#now) <= LONGEST_JUMP_SECONDS) return;
		throw new Error(
			`${field} is ${at}, more than 31 days from ${this.#now}, where the stream is; write seconds since 1970, and a stream of its own after a longer gap`,
		);
	}
}

const MOST_NAMED = 3;

function saidOf(unnamed: ReadonlyMap<string, number>): string {
	const minutes = [...unnamed.values()].reduce((sum, count) => sum + count, 0);
	const names = [...unnamed.keys()].slice(0, MOST_NAMED).map((name) => JSON.stringify(name));
	const more = unnamed.size > MOST_NAMED ? ` and ${unnamed.size - MOST_NAMED} more` : "";
	return `${minutes} minutes of tenants that the meta record does not name were passed over: ${names.join(", ")}${more}. Add them to its tenants.`;
}

/** A cell of the stream: attribute values, total, bad where errors are counted, then latency buckets where there are any. */
function cellOf(cell: readonly (string | number)[], { attributes, countsBad }: CellShape): RadarCell {
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
		if (rest.length > LONGEST_LINE) {
			yield lines;
			throw new Error(`then a line of more than ${LONGEST_LINE} characters; write one JSON object per line`);
		}
		yield lines;
	}
	if (rest !== "") yield [rest];
}
