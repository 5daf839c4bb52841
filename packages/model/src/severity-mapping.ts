import { SEVERITIES, type Severity, type SeverityKey } from "./severity.ts";

/** Systems whose severities are told apart from ours by a table. */
export type SeveritySystem = "pagerduty" | "servicenow" | "jira" | "azure-devops" | "icm";

interface Row {
	readonly out: string;
	/** Other words there that mean this one as well, in lower case. */
	readonly in: readonly string[];
}

/**
 * Our severity → theirs, both ways. Some of theirs stand for two of ours: `readSeverity` keeps ours where it agrees.
 *
 * - pagerduty: `payload.severity` of Events API v2; priorities P1 to P5 are read as well.
 * - servicenow: impact/urgency, from which its own matrix makes the priority; a priority, 1 to 5, is read as well.
 * - jira: the names of its default priorities. azure-devops: `Microsoft.VSTS.Common.Priority`, 1 to 4.
 * - icm: severities 0 to 4; 2.5 is also written 25.
 */
export const SEVERITY_MAPPINGS: Readonly<Record<SeveritySystem, Readonly<Record<SeverityKey, Row>>>> = {
	pagerduty: {
		"1": { out: "critical", in: ["p1"] },
		"2": { out: "critical", in: ["p2"] },
		"2.5": { out: "error", in: ["p2"] },
		"3": { out: "warning", in: ["p3"] },
		"4": { out: "info", in: ["p4", "p5"] },
	},
	servicenow: {
		"1": { out: "1/1", in: ["1"] },
		"2": { out: "1/2", in: ["2"] },
		"2.5": { out: "2/1", in: ["2"] },
		"3": { out: "2/2", in: ["1/3", "3/1", "3"] },
		"4": { out: "3/3", in: ["2/3", "3/2", "4", "5"] },
	},
	jira: {
		"1": { out: "Highest", in: [] },
		"2": { out: "High", in: [] },
		"2.5": { out: "High", in: [] },
		"3": { out: "Medium", in: [] },
		"4": { out: "Low", in: ["lowest"] },
	},
	"azure-devops": {
		"1": { out: "1", in: [] },
		"2": { out: "1", in: [] },
		"2.5": { out: "2", in: [] },
		"3": { out: "3", in: [] },
		"4": { out: "4", in: [] },
	},
	icm: {
		"1": { out: "1", in: ["0"] },
		"2": { out: "2", in: [] },
		"2.5": { out: "2.5", in: ["25"] },
		"3": { out: "3", in: [] },
		"4": { out: "4", in: [] },
	},
};

/** How a severity is written there. */
export function writeSeverity(system: SeveritySystem, severity: Pick<Severity, "key">): string {
	return SEVERITY_MAPPINGS[system][severity.key].out;
}

/**
 * What a severity of theirs is here; undefined: the table does not know it. `held` is ours as it stands: where theirs may
 * mean it, it is kept, so that what we wrote there never comes back as another.
 */
export function readSeverity(
	system: SeveritySystem,
	written: string | number,
	held?: Pick<Severity, "key">,
): Severity | undefined {
	const word = String(written).trim().toLowerCase();
	const rows = SEVERITY_MAPPINGS[system];
	const isMeant = (key: SeverityKey) => rows[key].out.toLowerCase() === word || rows[key].in.includes(word);
	if (held && isMeant(held.key)) return SEVERITIES[held.key];
	const key = (Object.keys(SEVERITIES) as SeverityKey[])
		.sort((a, b) => SEVERITIES[a].rank - SEVERITIES[b].rank)
		.find(isMeant);
	return key && SEVERITIES[key];
}
