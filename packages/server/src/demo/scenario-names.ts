/** What the demo can play; by itself, so that the command line can list it without loading the demo. */
export const SCENARIOS = [
	"tenant-outage",
	"slow-burn",
	"platform-outage",
	"silent-tenant",
	"flapping",
	"quiet",
] as const;
export type ScenarioName = (typeof SCENARIOS)[number];
