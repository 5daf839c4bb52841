import { seededRandom } from "@bellwether/model";
import { rankCauses } from "../packages/server/src/detection/cause/index.ts";
import { type CauseRanges, plantCauses } from "../packages/server/src/detection/cause/planted.ts";

const MINUTE_MS = 60_000;
const SIZE = { changes: 500, caused: 50, uncaused: 50 };

const RANGES: Readonly<Record<string, CauseRanges>> = {
	plain: {
		...SIZE,
		tenants: 24,
		days: 28,
		leadMs: [0.5 * MINUTE_MS, 20 * MINUTE_MS],
		onsetWidthMs: [MINUTE_MS, 6 * MINUTE_MS],
		decoys: 0.5,
		alone: 0.4,
	},
	busy: {
		...SIZE,
		tenants: 60,
		days: 10,
		leadMs: [MINUTE_MS, 45 * MINUTE_MS],
		onsetWidthMs: [MINUTE_MS, 15 * MINUTE_MS],
		decoys: 0.6,
		alone: 0.5,
	},
	slow: {
		...SIZE,
		tenants: 12,
		days: 40,
		leadMs: [2 * MINUTE_MS, 60 * MINUTE_MS],
		onsetWidthMs: [4 * MINUTE_MS, 40 * MINUTE_MS],
		decoys: 0.3,
		alone: 0.2,
	},
};

export interface CauseRow {
	readonly range: string;
	readonly worlds: number;
	readonly top1: number;
	readonly top3: number;
	/** Of incidents with a cause: blamed, and rightly. */
	readonly blamed: number;
	readonly blamedRight: number;
	/** Of incidents without a cause: a change was blamed all the same. */
	readonly falseBlame: number;
	readonly isReached: boolean;
}

/** Worlds of 500 changes and 100 incidents, half of them with a cause. */
export function benchCause(seed: number, worlds: number): CauseRow[] {
	return Object.entries(RANGES).map(([range, ranges]) => {
		const random = seededRandom(seed * 15_485_863 + range.length);
		let [caused, uncaused, top1, top3, blamed, right, wrong] = [0, 0, 0, 0, 0, 0, 0];
		for (let world = 0; world < worlds; world++) {
			const { changes, incidents } = plantCauses(random, ranges);
			for (const { ailing, peers, cause } of incidents) {
				const found = rankCauses({ ailing, changes, peers });
				if (cause === undefined) {
					uncaused++;
					if (found.blamed) wrong++;
					continue;
				}
				caused++;
				if (found.ranked[0]?.id === cause) top1++;
				if (found.ranked.slice(0, 3).some(({ id }) => id === cause)) top3++;
				if (found.blamed) blamed++;
				if (found.blamed?.id === cause) right++;
			}
		}
		const row = { top1: top1 / caused, top3: top3 / caused, falseBlame: wrong / uncaused };
		return {
			range,
			worlds,
			top1: round(row.top1),
			top3: round(row.top3),
			blamed: round(blamed / caused),
			blamedRight: round(right / Math.max(1, blamed)),
			falseBlame: round(row.falseBlame),
			isReached: row.top1 >= 0.8 && row.top3 >= 0.95 && row.falseBlame <= 0.05,
		};
	});
}

function round(value: number): number {
	return Math.round(value * 1000) / 1000;
}
