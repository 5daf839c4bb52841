import { seededRandom } from "@bellwether/model";
/** Counters of a few tenants, minute by minute, with an incident, restarts and holes. The same seed gives the same. */
export interface CounterHistory {
	readonly series: readonly CounterSeries[];
	readonly minutes: number;
}

export interface CounterSeries {
	readonly labels: Readonly<Record<string, string>>;
	/** One sample a minute; undefined where the scrape failed. */
	readonly values: readonly (number | undefined)[];
}

interface Trouble {
	readonly from: number;
	readonly to: number;
	readonly errorRatio: number;
}

/** `requests_total{code}` for each of `tenants` (their identifying labels); one or two of them get into trouble. */
export function counterHistory(
	seed: number,
	tenants: readonly Readonly<Record<string, string>>[],
	minutes: number,
): CounterHistory {
	const random = seededRandom(seed);
	const between = (low: number, high: number) => low + random() * (high - low);
	const whole = (low: number, high: number) => Math.floor(between(low, high + 1));
	const series = tenants.flatMap((tenant, index) => {
		const perMinute = [2, 12, 60, 400][whole(0, 3)] as number;
		const isTroubled = index === 0 || random() < 0.4;
		const troubles: Trouble[] = Array.from({ length: isTroubled ? whole(1, 2) : 0 }, () => {
			const from = whole(20, minutes - 40);
			return { from, to: from + whole(2, 60), errorRatio: random() < 0.3 ? 1 : between(0.005, 0.6) };
		});
		const background = random() < 0.5 ? 0 : between(0, 0.002);
		const restarts = new Set(Array.from({ length: whole(0, 3) }, () => whole(5, minutes - 5)));
		const holes = Array.from({ length: whole(0, 3) }, () => {
			const from = whole(5, minutes - 30);
			return { from, to: from + whole(1, random() < 0.3 ? 40 : 6) };
		});
		const counts = { good: 0, bad: 0 };
		const good: (number | undefined)[] = [];
		const bad: (number | undefined)[] = [];
		for (let minute = 0; minute < minutes; minute++) {
			if (restarts.has(minute)) Object.assign(counts, { good: 0, bad: 0 });
			const trouble = troubles.find(({ from, to }) => from <= minute && minute < to);
			const events = whole(0, 2 * perMinute);
			for (let event = 0; event < events; event++)
				counts[random() < (trouble?.errorRatio ?? background) ? "bad" : "good"]++;
			const isHole = holes.some(({ from, to }) => from <= minute && minute < to);
			good.push(isHole ? undefined : counts.good);
			bad.push(isHole ? undefined : counts.bad);
		}
		return [
			{ labels: { ...tenant, code: "200" }, values: good },
			{ labels: { ...tenant, code: "503" }, values: bad },
		];
	});
	return { series, minutes };
}
