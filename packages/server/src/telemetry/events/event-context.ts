import type { Attribute } from "../selection/attribute.ts";
import type { SeenTenantValues } from "../selection/tenant-values.ts";
import { RawHash } from "../streams/raw-hash.ts";
import type { EventSelection } from "./event-selection.ts";
import type { EventStage } from "./event-stage.ts";

/** So many events are noted one by one, then one for so many. */
const NOTED_ONE_BY_ONE = 10_000;
const NOTED_OF = 64;

/** What the readers of events need: what is selected, where events are put, and how identities are hashed. */
export class EventContext {
	readonly events: EventSelection;
	readonly stage: EventStage;
	readonly hash: RawHash;
	/** ms epoch; the time of an event of the API that gives none. */
	now = 0;
	readonly #seen: SeenTenantValues | undefined;
	#noted = 0;

	/** `seed` is kept with the data: an identity must have the same hash after a restart. */
	constructor(events: EventSelection, stage: EventStage, seed: number, seen?: SeenTenantValues) {
		this.events = events;
		this.stage = stage;
		this.hash = new RawHash(seed);
		this.#seen = seen;
	}

	/** Notes which tenants an event names that an SLO selects, for matching. */
	note(lists: readonly (readonly Attribute[])[]): void {
		const isOne = this.#noted++ < NOTED_ONE_BY_ONE;
		if (isOne) this.#seen?.addFolded(1, this.now, ...lists);
		else if (this.#noted % NOTED_OF === 0) this.#seen?.addFolded(NOTED_OF, this.now, ...lists);
	}
}
