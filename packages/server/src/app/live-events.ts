import type { StreamHub } from "#api";
import { FEED_NEWS, readersById } from "#incidents";
import { type ControlStore, eventsAfter, lastEventSeq, SYSTEM, scopeOf } from "#platform";

const BATCH = 500;

/** Tells open consoles of what was committed, and only of that: reads the event log after each commit. */
export async function startLiveEvents(options: {
	readonly store: ControlStore;
	readonly hub: StreamHub;
	readonly onChange: () => void;
	readonly onError: (error: unknown) => void;
}): Promise<{ stop(): Promise<void> }> {
	const { store, hub } = options;
	const all = scopeOf(SYSTEM);
	let seq = await lastEventSeq(store.db);
	let isWanted = false;
	let running: Promise<void> | undefined;

	async function read(): Promise<void> {
		while (isWanted) {
			isWanted = false;
			const events = await eventsAfter(store.db, all, seq, BATCH);
			const incidents = new Map<string, { readonly id: string; readonly tenant: string }>();
			for (const event of events) {
				seq = event.seq;
				const { incidentId: id, tenant } = event;
				// An incident of a tenant has entries that only those may read who see all.
				if (id !== undefined) incidents.set(`${tenant} ${id}`, { id, tenant });
			}
			const readers = await readersById(store.db, [...new Set([...incidents.values()].map(({ id }) => id))]);
			for (const { id, tenant } of incidents.values()) hub.publish("incident", { id }, tenant, readers.get(id));
			if (incidents.size > 0 || events.some((event) => event.type === FEED_NEWS)) options.onChange();
			if (events.length === BATCH) isWanted = true;
		}
	}

	const leave = store.onCommit(() => {
		isWanted = true;
		running ??= read()
			.catch(options.onError)
			.finally(() => {
				running = undefined;
			});
	});
	return {
		async stop() {
			leave();
			await running;
		},
	};
}
