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
export {
	type Departure,
	departureOf,
	listenForSubscribers,
	recordSubscriptionOutcome,
	tellOfBreach,
} from "./telling.ts";
export * from "./types.ts";
