import { z } from "zod";
import { Causes, SeveritySuggestion } from "./schemas-causes.ts";
import { Case, ChangeBefore, PlatformWord } from "./schemas-feeds.ts";
import { IncidentWork } from "./schemas-incident-work.ts";
import { TicketView } from "./schemas-integrations.ts";

/** Wire schemas: what travels between console, tools and server. The domain never imports them. Instants: ms epoch UTC; ratios 0–1. */

export const Instant = z.number().int().describe("milliseconds since the Unix epoch, UTC");
export const Ratio = z.number().describe("ratio, 0 to 1");

export const CellState = z.enum(["breach", "at-risk", "no-data", "muted", "healthy", "not-in-use"]);
export type CellState = z.infer<typeof CellState>;

export const SloCell = z.object({
	slo: z.string(),
	displayName: z.string(),
	state: CellState,
	sli: Ratio.nullable().describe("good ÷ total of the last hour; null without events"),
	objective: Ratio,
	objectiveSetBy: z.enum(["slo", "tier", "tenant"]),
	burn: z
		.number()
		.nullable()
		.describe("over the short window of the worst rule that burns, else over 1 h; the last hour's follows from sli"),
	total1h: z.number(),
	budgetRemaining: z.number().nullable().describe("share of the period's budget, signed"),
	periodMs: z.number().describe("length of a rolling period, nominal length of one on the calendar"),
	period: z
		.object({ startsAt: Instant, endsAt: Instant })
		.optional()
		.describe("the calendar period that the budget belongs to; left out when it rolls"),
	hasLatencies: z.boolean().optional().describe("percentiles of its latency are kept; left out when not"),
	unit: z.string().describe("what sli, total1h and the budget count: events, or slices of time"),
	lastAt: Instant.nullable(),
	breachSince: Instant.nullable(),
	paused: z
		.object({ monitor: z.string(), until: Instant, reason: z.string(), owner: z.string(), isAlone: z.boolean() })
		.optional()
		.describe("a monitor that claims nothing here for now; alone: no other does either, and healthy is told as muted"),
});
export type SloCell = z.infer<typeof SloCell>;

export const Cell = z.object({
	workload: z.string(),
	state: CellState,
	ring: z.boolean().describe("tenant in breach while the platform's cell of this column is healthy"),
	lead: SloCell.nullable().describe("the SLO the cell shows: the worst one of a tenant, the lead one of the platform"),
	slos: z.array(SloCell),
	incident: z.string().nullable(),
	platformSays: PlatformWord.optional().describe("on the platform's cells that a feed speaks of: its own word"),
});
export type Cell = z.infer<typeof Cell>;

export const Severity = z.object({ key: z.enum(["1", "2", "2.5", "3", "4"]), rank: z.number() });
export const IncidentState = z.enum(["detected", "acknowledged", "investigating", "mitigated", "resolved", "reviewed"]);

/** What holds a page back. */
export const PageHold = z.object({
	kind: z.enum(["mute", "maintenance", "inhibition", "interval"]),
	until: Instant.nullable().describe("null: nobody knows"),
});

export const RowIncident = z.object({
	id: z.string(),
	parent: z.string().nullable().describe("the platform incident that explains it and pages for it"),
	state: IncidentState,
	severity: Severity,
	acknowledgedBy: z.string().nullable(),
	acknowledgedAt: Instant.nullable(),
	acknowledgeDueAt: Instant.nullable(),
	held: PageHold.optional().describe("what holds its page back now; of several, the one that lasts longest"),
});
export type RowIncident = z.infer<typeof RowIncident>;

export const FleetRow = z.object({
	name: z.string(),
	displayName: z.string(),
	tier: z.object({ name: z.string(), displayName: z.string() }).nullable(),
	worst: CellState,
	strip: z.array(CellState).describe("worst state of each of the last 24 hours, oldest first"),
	cells: z.array(Cell),
	incident: RowIncident.nullable(),
});
export type FleetRow = z.infer<typeof FleetRow>;

export const Tone = z.enum(["healthy", "breach", "at-risk", "no-data", "plain"]);
export type Tone = z.infer<typeof Tone>;
export const Sentence = z.array(z.object({ tone: Tone, text: z.string() }));
export type Sentence = z.infer<typeof Sentence>;

export const FleetView = z.object({
	at: Instant,
	organisation: z.string(),
	demo: z.boolean(),
	sentence: Sentence.describe("the first line of the fleet page, made from state; parts in reading order"),
	workloads: z.array(z.object({ name: z.string(), displayName: z.string() })),
	platform: FleetRow,
	tenants: z.array(FleetRow).describe("worst state first, then tier, then name"),
	needNoAction: z.number(),
	lastSampleAt: Instant.nullable(),
});
export type FleetView = z.infer<typeof FleetView>;

export const Measure = z.object({
	status: z.enum(["recorded", "pending", "unknown"]),
	ms: z.number().nullable(),
});

export const BurnWindow = z.object({ ms: z.number(), bad: z.number(), total: z.number(), burn: z.number().nullable() });
export const Evidence = z.object({
	tier: z
		.object({ key: z.string(), factor: z.number(), longMs: z.number(), shortMs: z.number() })
		.nullable()
		.describe("of burn rate; null: another detector, see says"),
	says: z.string().optional().describe("what a detector other than burn rate saw"),
	radar: z
		.object({
			scope: z.enum(["tenant", "cohort", "platform"]),
			kind: z.enum(["errors", "latency", "volume"]),
			total: z.number(),
			bad: z.number().describe("for volume: events that are missing"),
			expected: z.number(),
			usualRatio: z.number().optional(),
			peers: z.object({ judged: z.number(), raised: z.number() }),
			changes: z.array(z.string()).describe("ids of changes that fit, best first"),
			culprits: z.array(z.object({ attribute: z.string(), value: z.string() })),
		})
		.optional()
		.describe("numbers behind a claim of the radar"),
	drill: z.object({ by: z.string() }).optional().describe("a test that somebody asked for: nothing is wrong"),
	reported: z
		.object({ by: z.enum(["person", "customer"]), who: z.string() })
		.optional()
		.describe("no detector saw it: a person, or a customer by a person or a flow, says so; nothing was measured"),
	absence: z
		.object({ answer: z.enum(["tenant-stopped", "source-down", "everything-stopped"]), tenants: z.number() })
		.optional()
		.describe("why events are missing, and of how many key tenants"),
	objective: Ratio,
	long: BurnWindow,
	short: BurnWindow,
	episode: BurnWindow.describe("from `since` to the detection"),
	p: z.number(),
	facts: z
		.object({ bad: z.number(), total: z.number() })
		.optional()
		.describe("what the claim rests on at low traffic: a failing call with its retries is one; else the long window"),
	fleet: z.object({ long: BurnWindow, short: BurnWindow, episode: BurnWindow }),
	share: Ratio,
	maskingShare: Ratio,
	alsoBurning: z.array(z.string()),
	since: Instant,
	onset: z
		.object({
			from: Instant,
			to: Instant,
			shape: z.enum(["step", "ramp", "intermittent"]),
			isOpen: z.boolean().describe("it may have begun before from"),
		})
		.optional()
		.describe("in nine of ten cases it began within this; left out: not known"),
});

export const Verdict = z.enum(["real-impact", "real-no-impact", "noise", "expected-change", "duplicate"]);

export const IncidentSummary = z.object({
	id: z.string(),
	title: z.string(),
	kind: z.enum(["tenant", "platform"]),
	tenant: z.string().describe("empty for a platform incident"),
	tenantDisplayName: z.string(),
	workload: z.string(),
	workloadDisplayName: z.string(),
	slo: z.string(),
	severity: Severity,
	state: IncidentState,
	parent: z.string().nullable(),
	onsetAt: Instant.nullable(),
	detectedAt: Instant,
	acknowledgedAt: Instant.nullable(),
	acknowledgedBy: z.string().nullable(),
	acknowledgeDueAt: Instant.nullable(),
	held: PageHold.nullable().describe("what holds its page back now; of several, the one that lasts longest"),
	signalClearedAt: Instant.nullable(),
	mitigatedAt: Instant.nullable(),
	resolvedAt: Instant.nullable(),
	verdict: Verdict.nullable(),
	isPrivate: z.boolean(),
	version: z.number(),
});
export type IncidentSummary = z.infer<typeof IncidentSummary>;

export const TimelineEntry = z.object({
	seq: z.number().describe("commit sequence"),
	at: Instant,
	type: z.string(),
	actor: z.string(),
	text: z.string().describe("one sentence for people"),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

export const Notice = z.object({
	id: z.string(),
	incident: z.string(),
	tenant: z.string(),
	audience: z.enum(["csam", "support", "customer"]),
	state: z.enum(["draft", "approved", "sending", "sent", "uncertain", "discarded"]),
	language: z.string(),
	subject: z.string(),
	body: z.string(),
	recipients: z.array(z.string()),
	recipientsDigest: z.string(),
	createdAt: Instant,
	approvedBy: z.string().nullable(),
	approvedAt: Instant.nullable(),
	sentAt: Instant.nullable(),
	waitsFor: z
		.enum(["mail-server", "recipients", "approval"])
		.nullable()
		.describe("what keeps a draft from leaving; null when it is no draft"),
	version: z.number(),
});
export type Notice = z.infer<typeof Notice>;

export const EscalationStep = z.object({
	dueAt: Instant.nullable(),
	person: z.string().describe("who is paged; of a step that pages nobody, what it does"),
	pages: z.boolean(),
	state: z.enum(["done", "pending", "cancelled"]),
});

export const Claim = z.object({
	detector: z.string(),
	monitor: z.string(),
	at: Instant.describe("when it was claimed"),
	endedAt: Instant.nullable().describe("null: it still stands"),
	says: z.string().describe("what it saw"),
});
export type Claim = z.infer<typeof Claim>;

export const IncidentDetail = IncidentSummary.extend({
	sentence: z.string().describe("what, who, since when, how bad against the platform"),
	evidence: Evidence.describe("of the strongest claim; of a report or a test its own"),
	claims: z.array(Claim).describe("of detectors, the strongest first, in whatever order they came"),
	current: z
		.object({ tenant: SloCell.nullable(), platform: SloCell.nullable() })
		.describe("the same SLO now: this tenant and the platform"),
	alsoAffected: z.array(z.string()),
	children: z.array(IncidentSummary),
	runbook: z.array(z.string()).describe("first steps: the checklist of the nearest runbook"),
	owner: z.string(),
	escalation: z.object({
		state: z.enum(["running", "acknowledged", "exhausted", "stopped", "none"]),
		steps: z.array(EscalationStep),
		nextPerson: z.string().nullable(),
		nextAt: Instant.nullable(),
	}),
	timeline: z.array(TimelineEntry),
	notices: z.array(Notice),
	measures: z.object({ onset: Measure, ttd: Measure, tta: Measure, firstNotice: Measure, ttm: Measure }),
	verdictReason: z.string().nullable(),
	suggestedSeverity: SeveritySuggestion.nullable().describe(
		"what it would be called by what is known now; it may be milder than what is in force; null: a test",
	),
	causes: Causes.nullable().describe("which changes may have brought it about; null: not judged"),
	changes: z.array(ChangeBefore).describe("in scope, from a day before the onset to an hour after it; newest first"),
	openCases: z.array(Case).describe("of the tenant and workload, not closed"),
	platformSays: PlatformWord.nullable().describe(
		"the platform's own word on the workload now; null: no feed speaks of it",
	),
	tickets: z.array(TicketView).describe("in systems of record, with the state of each"),
	feeds: z.object({ changes: z.boolean(), cases: z.boolean() }).describe("whether such feeds are in the catalogue"),
	...IncidentWork,
});
export type IncidentDetail = z.infer<typeof IncidentDetail>;

export const Window = z.object({
	at: Instant,
	good: z.number(),
	bad: z.number(),
	total: z.number(),
	late: z.number(),
	revision: z.number(),
	closed: z.boolean(),
});
export const WindowsView = z.object({
	tenant: z.string(),
	slo: z.string(),
	resolutionMs: z.number(),
	objective: Ratio,
	windows: z.array(Window),
});

export const AccountingView = z.object({
	items: z.array(
		z.object({
			tenant: z.string().describe("empty: points of no key tenant"),
			source: z.string().describe("declared source, the sender's token, or what the protocol says"),
			protocol: z.string(),
			received: z.number(),
			counted: z.number(),
			duplicate: z.number(),
			rejected: z.record(z.string(), z.number()),
		}),
	),
});

export const Delivery = z.object({
	seq: z.number(),
	id: z.string().describe("logical id, the same for all attempts; webhook-id and Message-ID carry it"),
	kind: z.enum(["page", "notice"]),
	tenant: z.string(),
	incident: z.string().nullable(),
	attempt: z.number(),
	channel: z.string(),
	targetDigest: z.string(),
	startedAt: Instant,
	endedAt: Instant.nullable(),
	outcome: z.enum(["sending", "sent", "failed", "uncertain"]),
	uncertain: z.boolean(),
	detail: z.string(),
	receipt: z
		.object({ state: z.enum(["accepted", "delivered", "answered", "read", "undelivered"]), at: Instant })
		.nullable()
		.describe("what the provider told of the message after it took it; null: nothing"),
});

export const Timer = z.object({
	id: z.string(),
	kind: z.string(),
	tenant: z.string(),
	incident: z.string().nullable(),
	dueAt: Instant,
});

export { OnCallView } from "./schemas-oncall.ts";

export const PhoneMessage = z.object({
	id: z.string(),
	at: Instant,
	incident: z.string().nullable(),
	person: z.string(),
	title: z.string(),
	body: z.string(),
});

export const ProgramNumber = z.object({
	key: z.enum([
		"auto-detected-share",
		"time-to-detect",
		"time-to-mitigate",
		"customer-reported-critical",
		"escalation-rate",
		"tenants-covered",
	]),
	name: z.string(),
	definition: z.string(),
	unit: z.enum(["ratio", "ms", "count"]),
	baseline: z.number().nullable(),
	baselineText: z.string(),
	value: z.number().nullable(),
	valueText: z.string(),
	n: z.number(),
	pending: z.number().describe("incidents whose number is not known yet"),
	unknown: z.number().describe("incidents whose number can not be known"),
	note: z.string().describe("what the sample size allows to say"),
});
export const ProgramReport = z.object({
	at: Instant,
	from: Instant,
	numbers: z.array(ProgramNumber),
	unreviewed: z.number(),
	missed: z.array(Case).describe("cases that no incident stands behind, the last to open first"),
});

export const Session = z.object({
	name: z.string(),
	role: z.string(),
	allTenants: z.boolean().describe("false: some tenants only"),
	csrfToken: z.string(),
	demo: z.boolean(),
});

export const Problem = z.object({
	error: z.object({
		code: z.string(),
		message: z.string().describe("what, where, why"),
		remedy: z.string(),
		requestId: z.string(),
		details: z.array(z.object({ place: z.string(), message: z.string(), remedy: z.string() })).optional(),
	}),
});
export type Problem = z.infer<typeof Problem>;
