/** What a monitor in shadow would have claimed, and nobody was told. */
export interface ShadowFiring {
	readonly monitor: string;
	readonly tenant: string;
	readonly slo: string;
	/** ms epoch. */
	readonly at: number;
	/** What it saw, as a sentence. */
	readonly says: string;
}

/** The oldest go first: a shadow that fires all day must not fill the memory. */
const KEPT = 500;

/** Claims of monitors in shadow since the start: counted by pair, the last ones kept. */
export class ShadowFirings {
	readonly #counts = new Map<number, number>();
	readonly #last: ShadowFiring[] = [];

	add(pair: number, firing: ShadowFiring): void {
		this.#counts.set(pair, this.count(pair) + 1);
		this.#last.push(firing);
		if (this.#last.length > KEPT) this.#last.shift();
	}

	count(pair: number): number {
		return this.#counts.get(pair) ?? 0;
	}

	/** Oldest first. */
	list(): readonly ShadowFiring[] {
		return [...this.#last];
	}
}
