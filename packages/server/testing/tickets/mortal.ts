import type { TicketCarrier, TicketSystem } from "#incidents";
import type { ControlStore } from "#platform";
import type { openTicketing } from "./ticketing.ts";

export const CUT_POINTS = ["before the create is sent", "after it was sent", "before it is recorded"] as const;
export type CutPoint = (typeof CUT_POINTS)[number];

/**
 * A carrier that dies at its n-th create from now on, at a named point: from then on nothing that it began goes on, as
 * if its process were gone. `ended` tells whether it died or came to rest before.
 */
export function mortalCarrier(
	rooms: Awaited<ReturnType<typeof openTicketing>>,
	cut: { readonly create: number; readonly point: CutPoint },
): { readonly carrier: TicketCarrier; run(): Promise<"died" | "rested"> } {
	let creates = 0;
	let isDead = false;
	let diesAtRecord = false;
	let tellDeath = () => {};
	const died = new Promise<"died">((resolve) => {
		tellDeath = () => resolve("died");
	});
	const never = () => new Promise<never>(() => {});
	const die = (): Promise<never> => {
		isDead = true;
		tellDeath();
		return never();
	};
	const mortal = (system: TicketSystem): TicketSystem => ({
		...system,
		async find(key) {
			const result = await system.find(key);
			return isDead ? never() : result;
		},
		async create(key, content) {
			if (isDead) return never();
			const isCut = ++creates === cut.create;
			if (isCut && cut.point === "before the create is sent") return die();
			const result = await system.create(key, content);
			if (isDead) return never();
			if (isCut && cut.point === "after it was sent") return die();
			if (isCut) diesAtRecord = true;
			return result;
		},
		async update(...args) {
			if (isDead) return never();
			const result = await system.update(...args);
			return isDead ? never() : result;
		},
		async note(...args) {
			if (isDead) return never();
			const result = await system.note(...args);
			return isDead ? never() : result;
		},
	});
	const store: ControlStore = {
		...rooms.store,
		db: rooms.store.db,
		transaction: (work) => {
			if (isDead) return never();
			if (diesAtRecord) return die();
			return rooms.store.transaction(work);
		},
	};
	const carrier = rooms.carrierWith(mortal, store);
	return {
		carrier,
		run: () => Promise.race([died, carrier.runDue(rooms.clock.now()).then(() => "rested" as const)]),
	};
}
