export { judgeCases } from "./judge-cases.ts";
export { incidentsNear } from "./near-incidents.ts";
export { platformWords } from "./platform-word.ts";
export {
	type CaseFilter,
	changesById,
	FACT_CURSOR,
	type FactFilter,
	feedStates,
	firstHeard,
	type HealthFilter,
	listCases,
	listChanges,
	listPlatformHealth,
} from "./queries.ts";
export { FEED_NEWS, type FeedDelivery, type FeedOutcome, takeFeedMessage } from "./take.ts";
export type * from "./types.ts";
