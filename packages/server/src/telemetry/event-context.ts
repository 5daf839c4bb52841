import type { EventSelection } from "./event-selection.ts";
import type { EventStage } from "./event-stage.ts";
import { RawHash } from "./raw-hash.ts";

/** What the readers of events need: what is selected, where events are put, and how identities are hashed. */
export class EventContext {
	readonly events: EventSelection;
	readonly stage: EventStage;
	readonly hash: RawHash;
	/** ms epoch; the time of an event of the API that gives none. */
	now = 0;

	/** `seed` is kept with the data: an identity must have the same hash after a restart. */
	constructor(events: EventSelection, stage: EventStage, seed: number) {
		this.events = events;
		this.stage = stage;
		this.hash = new RawHash(seed);
	}
}
