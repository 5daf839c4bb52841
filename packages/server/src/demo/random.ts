/**
 * A small seeded generator (mulberry32): the demo must send the same bytes for the same seed, on every machine.
 * Its own, because a client outside of the product could not import the model either.
 */
export interface Random {
	/** Uniform in [0, 1). */
	next(): number;
}

/** A generator for one place of the demo: the same parts give the same numbers, whatever was drawn elsewhere before. */
export function randomFor(seed: number, ...parts: readonly (string | number)[]): Random {
	let state = hash(`${seed}/${parts.join("/")}`);
	return {
		next() {
			state = (state + 0x6d2b79f5) | 0;
			let mixed = Math.imul(state ^ (state >>> 15), state | 1);
			mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
			return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
		},
	};
}

/** FNV-1a, 32 bits, with a last mix: neighbouring texts must not give neighbouring streams. */
export function hash(text: string): number {
	let value = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
	value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
	return (value ^ (value >>> 13)) >>> 0;
}

/** How many events happen when `mean` are expected. Above 30 the normal approximation is close enough to look at. */
export function poisson(random: Random, mean: number): number {
	if (mean <= 0) return 0;
	if (mean > 30) {
		const spread = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
		return Math.max(0, Math.round(mean + Math.sqrt(mean) * spread));
	}
	const floor = Math.exp(-mean);
	let product = random.next();
	let count = 0;
	while (product > floor) {
		count++;
		product *= random.next();
	}
	return count;
}

/** How many of `total` events are bad when each is bad with probability `ratio`. */
export function badOf(random: Random, total: number, ratio: number): number {
	if (ratio <= 0 || total <= 0) return 0;
	if (ratio >= 1) return total;
	if (ratio > 0.5) return total - badOf(random, total, 1 - ratio);
	return Math.min(total, poisson(random, total * ratio));
}
