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

/** That wait to be taken: a shadow that fires all day must not fill the memory. */
const WAITING = 500;

/** Claims of monitors in shadow since the start: counted by pair, told once to whoever keeps them. */
export class ShadowFirings {
	readonly #counts = new Map<number, number>();
	#fresh: ShadowFiring[] = [];

	add(pair: number, firing: ShadowFiring): void {
		this.#counts.set(pair, this.count(pair) + 1);
		this.#fresh.push(firing);
		if (this.#fresh.length > WAITING) this.#fresh.shift();
	}

	count(pair: number): number {
		return this.#counts.get(pair) ?? 0;
	}

	/** Those since the last call, oldest first; of very many the last ones. */
	take(): readonly ShadowFiring[] {
		const taken = this.#fresh;
		if (taken.length > 0) this.#fresh = [];
		return taken;
	}
}
