export interface PlantedOnset {
	readonly startAt: number;
	readonly bucketMs: number;
	readonly bad: readonly number[];
	readonly total: readonly number[];
	/** When it truly began, ms epoch. */
	readonly onsetAt: number;
}

export interface OnsetRanges {
	/** Events per minute at the middle of the day. */
	readonly perMinute: readonly [number, number];
	readonly usualRatio: readonly [number, number];
	/** Error ratio that the trouble adds at its height. */
	readonly added: readonly [number, number];
	readonly rampMs: readonly [number, number];
	readonly onMs: readonly [number, number];
	readonly offMs: readonly [number, number];
	/** How much the healthy ratio wanders, as the standard deviation of its logarithm. */
	readonly wander: readonly [number, number];
	/** Blips of some minutes before the onset, per hour. */
	readonly blipsPerHour: number;
	/** From the onset until the estimate is asked for. */
	readonly askedAfterMs: readonly [number, number];
	readonly historyMs: number;
	readonly bucketMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Nats that the trouble must show by the time it is asked for: before, nobody would ask. */
const TELLING = 14;

/** A series of counts with a trouble of one shape; `random` gives [0, 1). */
export function plantOnset(
	random: () => number,
	ranges: OnsetRanges,
	shape: "step" | "ramp" | "intermittent",
): PlantedOnset {
	const between = ([low, high]: readonly [number, number]) => low + (high - low) * random();
	const even = ([low, high]: readonly [number, number]) => Math.exp(between([Math.log(low), Math.log(high)]));
	const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
	for (;;) {
		const startAt = Date.UTC(2026, 2, 2) + Math.floor(random() * 24 * 60) * MINUTE_MS;
		const perMinute = even(ranges.perMinute);
		const usual = even(ranges.usualRatio);
		const added = even(ranges.added);
		const wander = between(ranges.wander);
		const rampMs = shape === "ramp" ? even(ranges.rampMs) : 0;
		const [onMs, offMs] = shape === "intermittent" ? [even(ranges.onMs), even(ranges.offMs)] : [1, 0];
		const onsetAt = startAt + ranges.historyMs * (0.7 + 0.3 * random());
		const endAt = onsetAt + even(ranges.askedAfterMs) + rampMs * (0.5 + random());
		const sizes = { peak: random() * 24, swing: random() * 0.8 };
		const blips: { from: number; to: number; ratio: number }[] = [];
		for (let at = startAt; at < onsetAt - 30 * MINUTE_MS; at += MINUTE_MS)
			if (random() < ranges.blipsPerHour / 60)
				blips.push({ from: at, to: at + (1 + 3 * random()) * MINUTE_MS, ratio: between([0.05, 0.5]) });
		const heightAt = (at: number): number => {
			if (at < onsetAt) return 0;
			if (rampMs > 0) return Math.min(1, (at - onsetAt) / rampMs);
			return (at - onsetAt) % (onMs + offMs) < onMs ? 1 : 0;
		};
		const [bad, total]: [number[], number[]] = [[], []];
		let level = 0;
		let nats = 0;
		for (let at = startAt; at + ranges.bucketMs <= endAt; at += ranges.bucketMs) {
			const hour = (at / HOUR_MS) % 24;
			const rate = perMinute * (1 - sizes.swing * (0.5 - 0.5 * Math.cos((2 * Math.PI * (hour - sizes.peak)) / 24)));
			level = 0.95 * level + wander * 0.312 * normal();
			const healthy = Math.min(0.5, usual * Math.exp(level));
			let [own, all] = [0, 0];
			// In slices, so that an onset inside a bucket leaves its earlier part healthy.
			const slices = 10;
			for (let slice = 0; slice < slices; slice++) {
				const when = at + ((slice + 0.5) * ranges.bucketMs) / slices;
				const blip = blips.find(({ from, to }) => when >= from && when < to)?.ratio ?? 0;
				const ratio = 1 - (1 - healthy) * (1 - added * heightAt(when)) * (1 - blip);
				const events = poisson(random, normal, (rate * ranges.bucketMs) / MINUTE_MS / slices);
				all += events;
				for (let event = 0; event < events; event++) if (random() < ratio) own++;
				const raised = 1 - (1 - usual) * (1 - added * heightAt(when));
				nats +=
					events * (raised * Math.log(raised / usual) + (1 - raised) * Math.log((1 - raised + 1e-12) / (1 - usual)));
			}
			bad.push(own);
			total.push(all);
		}
		if (nats >= TELLING) return { startAt, bucketMs: ranges.bucketMs, bad, total, onsetAt };
	}
}

function poisson(random: () => number, normal: () => number, mean: number): number {
	if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
	const limit = Math.exp(-mean);
	let count = 0;
	for (let product = random(); product > limit; product *= random()) count++;
	return count;
}
