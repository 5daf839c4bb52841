export { type Departure, departureOf, recordSubscriptionOutcome } from "./leaving.ts";
export {
	getSubscription,
	listSubscriptions,
	MAX_ACTIVE,
	MAX_PER_TOKEN,
	type NewSubscription,
	type SubscribeOutcome,
	type SubscriptionReader,
	subscribe,
	subscriptionIdOf,
	unsubscribe,
} from "./store.ts";
export { createTeller, stateBreach, type Teller } from "./telling.ts";
export * from "./types.ts";
