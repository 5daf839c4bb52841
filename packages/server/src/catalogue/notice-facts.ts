/**
 * What a notice template may name, per audience. The customer's list is shorter on purpose: no burn rates, no fleet
 * figures, no staff, no internal links. A template that names anything else is an error when the catalogue is read.
 * All values are text, formatted in the tenant's time zone and language before rendering.
 */
export const NOTICE_FACTS = {
	customer: ["organisation", "tenant", "workload", "impact", "since", "state", "nextUpdate"],
	support: [
		"organisation",
		"tenant",
		"workload",
		"impact",
		"since",
		"state",
		"nextUpdate",
		"incident",
		"severity",
		"slo",
	],
	csam: [
		"organisation",
		"tenant",
		"workload",
		"impact",
		"since",
		"state",
		"nextUpdate",
		"incident",
		"severity",
		"slo",
		"sli",
		"objective",
		"owner",
		"link",
	],
} as const;

export type NoticeAudience = keyof typeof NOTICE_FACTS;
