/** How far back the charts of a tenant's workload look, and how fine they are. */
export const RANGES = {
	"28d": { spanMs: 28 * 86_400_000, resolutionMs: 3_600_000 },
	"24h": { spanMs: 86_400_000, resolutionMs: 600_000 },
	"1h": { spanMs: 3_600_000, resolutionMs: 60_000 },
} as const;

export type Range = keyof typeof RANGES;

/** Both ends of the time axis: the window that runs now is its last one. */
export function spanOf(range: Range, now: number): readonly [from: number, to: number] {
	const { spanMs, resolutionMs } = RANGES[range];
	const to = (Math.floor(now / resolutionMs) + 1) * resolutionMs;
	return [to - spanMs, to];
}
