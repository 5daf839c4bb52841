import { seededRandom } from "@bellwether/model";
import { estimateOnset } from "../packages/server/src/detection/impact/index.ts";
import { type OnsetRanges, plantOnset } from "../packages/server/src/detection/impact/planted.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const RANGES: Readonly<Record<string, OnsetRanges>> = {
	plain: {
		perMinute: [2, 500],
		usualRatio: [0.0005, 0.02],
		added: [0.03, 1],
		rampMs: [10 * MINUTE_MS, 2 * HOUR_MS],
		onMs: [4 * MINUTE_MS, 15 * MINUTE_MS],
		offMs: [4 * MINUTE_MS, 20 * MINUTE_MS],
		wander: [0, 0.2],
		blipsPerHour: 0,
		askedAfterMs: [5 * MINUTE_MS, 3 * HOUR_MS],
		historyMs: 6 * HOUR_MS,
		bucketMs: MINUTE_MS,
	},
	rough: {
		perMinute: [1, 200],
		usualRatio: [0.001, 0.03],
		added: [0.05, 1],
		rampMs: [20 * MINUTE_MS, 3 * HOUR_MS],
		onMs: [3 * MINUTE_MS, 25 * MINUTE_MS],
		offMs: [5 * MINUTE_MS, 30 * MINUTE_MS],
		wander: [0.15, 0.35],
		blipsPerHour: 0.1,
		askedAfterMs: [10 * MINUTE_MS, 4 * HOUR_MS],
		historyMs: 8 * HOUR_MS,
		bucketMs: MINUTE_MS,
	},
};
/** Troubles that stay unknown: better than a wrong instant, but few. */
const UNKNOWN_RATIO = 0.02;
const SHAPES = ["step", "ramp", "intermittent"] as const;

export interface ImpactRow {
	readonly range: string;
	readonly shape: string;
	readonly planted: number;
	readonly unknown: number;
	readonly medianMin: number;
	readonly p90Min: number;
	readonly biasMin: number;
	readonly covered: number;
	readonly medianWidthMin: number;
	readonly shapeRight: number;
	readonly msEach: number;
	readonly isReached: boolean;
}

export function benchImpact(seed: number, cases: number): ImpactRow[] {
	return Object.entries(RANGES).flatMap(([range, ranges]) => {
		const random = seededRandom(seed * 104_729 + range.length);
		const each = SHAPES.map((shape) => {
			const errors: number[] = [];
			const widths: number[] = [];
			let [unknown, covered, right, ms] = [0, 0, 0, 0];
			for (let k = 0; k < cases; k++) {
				const planted = plantOnset(random, ranges, shape);
				const before = process.cpuUsage();
				const found = estimateOnset(planted);
				const { user, system } = process.cpuUsage(before);
				ms += (user + system) / 1_000;
				if (found.status === "unknown") {
					unknown++;
					continue;
				}
				errors.push((found.at - planted.onsetAt) / MINUTE_MS);
				widths.push((found.to - found.from) / MINUTE_MS);
				if (found.from <= planted.onsetAt && planted.onsetAt <= found.to) covered++;
				if (found.shape === shape) right++;
			}
			const medianMin = quantile(errors.map(Math.abs), 0.5);
			const share = covered / errors.length;
			const limit = shape === "step" ? 2 : 15;
			return {
				range,
				shape,
				planted: cases,
				unknown,
				medianMin: round(medianMin),
				p90Min: round(quantile(errors.map(Math.abs), 0.9)),
				biasMin: round(quantile(errors, 0.5)),
				covered: round(share),
				medianWidthMin: round(quantile(widths, 0.5)),
				shapeRight: round(right / cases),
				msEach: round(ms / cases),
				isReached: medianMin <= limit && unknown <= UNKNOWN_RATIO * cases,
			};
		});
		const covered = each.reduce((sum, row) => sum + row.covered, 0) / each.length;
		return each.map((row) => ({ ...row, isReached: row.isReached && covered >= 0.85 && covered <= 0.95 }));
	});
}

function quantile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((x, y) => x - y);
	return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function round(value: number): number {
	return Math.round(value * 1000) / 1000;
}
