/** A decoded point in the plainest form: what any OTLP library would hand out. Times µs. */
export interface PlainPoint {
	readonly metric: string;
	readonly kind: "delta" | "cumulative" | "gauge";
	readonly stream: string;
	readonly tenant: string;
	readonly start: number;
	readonly time: number;
	readonly value: number;
}

/** How events of a metric change (bad, total) of an SLO. */
export interface PlainRole {
	readonly slo: string;
	readonly bad: number;
	readonly total: number;
}

/**
 * The rules of telemetry a second time, as slow and plain as can be: every stream keeps every point it counted. The
 * oracle of the property tests; nothing in the product uses it.
 */
export class Reference {
	readonly counts = new Map<string, { bad: number; total: number }>();
	readonly fates: Record<string, number> = {};
	readonly #seen = new Map<string, { start: number; time: number; value: number }[]>();
	readonly #roles: (metric: string) => readonly PlainRole[];
	readonly #limits: { readonly latenessMs: number; readonly futureMs: number };

	constructor(roles: (metric: string) => readonly PlainRole[], limits: { latenessMs: number; futureMs: number }) {
		this.#roles = roles;
		this.#limits = limits;
	}

	take(point: PlainPoint, now: number): void {
		const fate = this.#fate(point, now);
		this.fates[fate] = (this.fates[fate] ?? 0) + 1;
	}

	#fate(point: PlainPoint, now: number): string {
		if (point.time <= 0 || point.start > point.time) return "invalid_time";
		if (point.time < (now - this.#limits.latenessMs) * 1000) return "too_old";
		if (point.time > (now + this.#limits.futureMs) * 1000) return "future";
		const seen = this.#seen.get(point.stream) ?? [];
		this.#seen.set(point.stream, seen);
		if (point.kind === "delta") {
			const start = point.start > 0 && point.start < point.time ? point.start : point.time - 1;
			// Covered: every microsecond of (start, time] belongs to some counted point.
			let covered = 0;
			for (const each of seen) covered += Math.max(0, Math.min(each.time, point.time) - Math.max(each.start, start));
			if (covered === point.time - start) return "duplicate";
			if (covered > 0) return "overlap";
			seen.push({ start, time: point.time, value: point.value });
			this.#count(point, point.value);
			return "counted";
		}
		const last = seen.at(-1);
		if (last && point.time === last.time) return "duplicate";
		if (last && point.time < last.time) return "out_of_order";
		if (last && point.start > 0 && point.start < last.start) return "overlap";
		let events = 0;
		let start = last?.start ?? 0;
		if (!last) {
			if (point.start > 0 && point.start >= (now - this.#limits.latenessMs) * 1000) events = point.value;
			start = point.start;
		} else if ((point.start > last.start && point.start >= last.time && last.start > 0) || point.value < last.value) {
			events = point.value;
		} else events = point.value - last.value;
		if (last) start = Math.max(last.start, point.start);
		seen.push({ start, time: point.time, value: point.value });
		this.#count(point, events);
		return "counted";
	}

	#count(point: PlainPoint, events: number): void {
		for (const { slo, bad, total } of this.#roles(point.metric))
			for (const tenant of new Set([point.tenant, ""])) {
				const at = new Date(Math.floor(point.time / 1e7) * 10_000).toISOString().slice(11, 19);
				const key = `${tenant || "fleet"} ${slo} ${at}`;
				const count = this.counts.get(key) ?? { bad: 0, total: 0 };
				this.counts.set(key, { bad: count.bad + bad * events, total: count.total + total * events });
			}
	}

	report(): Record<string, string> {
		const entries = [...this.counts].filter(([, { bad, total }]) => bad !== 0 || total !== 0);
		return Object.fromEntries(entries.sort().map(([key, { bad, total }]) => [key, `${bad} of ${total}`]));
	}
}
