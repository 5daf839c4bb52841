import { HOUR_MS } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import type { RadarChange } from "#detection";
import { type ChangeRecord, listChanges } from "#incidents";
import { type ControlStore, SYSTEM, scopeOf } from "#platform";
import type { TelemetryThread } from "./telemetry-thread.ts";

/** A change that is older explains nothing that begins now. */
const LOOK_BACK_MS = 6 * HOUR_MS;

/** Tells the radar what changed, so that it can name what may be the cause; only while a monitor has the radar. */
export function createChangeTelling(options: {
	readonly store: ControlStore;
	readonly telemetry: Pick<TelemetryThread, "tellChanges">;
	readonly catalogue: () => Catalogue;
	readonly now: () => number;
	readonly onError: (error: unknown) => void;
}): { tell(): void; stop(): Promise<void> } {
	const { store, telemetry, catalogue, now, onError } = options;
	let running: Promise<void> | undefined;
	let isWanted = false;

	async function read(): Promise<void> {
		while (isWanted) {
			isWanted = false;
			const { items } = await listChanges(store.db, scopeOf(SYSTEM), { from: now() - LOOK_BACK_MS, limit: 500 });
			if (items.length > 0) await telemetry.tellChanges(items.toReversed().map(radarChange));
		}
	}

	return {
		tell() {
			if (!catalogue().monitors.some(({ detector }) => detector === "radar")) return;
			isWanted = true;
			running ??= read()
				.catch(onError)
				.finally(() => {
					running = undefined;
				});
		},
		async stop() {
			isWanted = false;
			await running;
		},
	};
}

/** Named as the side feeds name it: the feed, then the source's own id. */
export function radarChange({
	feed,
	id,
	startedAt,
	kind,
	tenant,
	workload,
	region,
	ring,
	build,
}: ChangeRecord): RadarChange {
	const scope = Object.entries({ tenant: tenant || undefined, region, ring, build });
	return {
		id: `${feed}/${id}`,
		at: startedAt,
		kind,
		...(workload === "" ? {} : { workload }),
		scope: Object.fromEntries(scope.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
	};
}
