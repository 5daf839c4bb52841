import type { RoleSet } from "../selection/selection.ts";

/** What streams brought since it was last taken. */
export interface FreshEvents {
	/** Laid out as `Streams.fresh`. */
	readonly values: Float64Array;
	readonly dated: readonly DatedFresh[];
	/** Streams. */
	readonly count: number;
}

/** What one of several role sets of a stream brought. */
export interface DatedFresh {
	readonly slot: number;
	readonly roles: RoleSet;
	/** Of the newest point, µs. */
	time: number;
	readonly values: Float64Array;
}

/** Of streams whose roles depend on the time, what each of their role sets brought. */
export class FreshAside {
	readonly #ofSlot = new Map<number, DatedFresh[]>();

	/** Takes the events out of `fresh`, so that they are not mistaken for those of another role set. `time`: µs. */
	move(slot: number, roles: RoleSet, time: number, fresh: Float64Array): void {
		const all = this.#ofSlot.get(slot) ?? [];
		const known = all.find((each) => each.roles === roles);
		if (known) {
			for (let k = 0; k < fresh.length; k++) known.values[k] = (known.values[k] as number) + (fresh[k] as number);
			known.time = Math.max(known.time, time);
		} else this.#ofSlot.set(slot, [...all, { slot, roles, time, values: fresh.slice() }]);
		fresh.fill(0);
	}

	list(): readonly DatedFresh[] {
		return [...this.#ofSlot.values()].flat();
	}

	clear(): void {
		this.#ofSlot.clear();
	}
}
