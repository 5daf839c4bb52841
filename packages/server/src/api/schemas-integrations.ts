import { z } from "zod";

const instant = z.number().int().nullable();

export const TicketAttemptView = z.object({
	seq: z.number().int(),
	what: z.enum(["create", "adopt", "update", "note", "look-up", "test"]),
	incident: z.string().nullable(),
	startedAt: z.number().int(),
	endedAt: instant,
	outcome: z.enum(["sending", "done", "retry", "uncertain", "refused", "gone"]),
	detail: z.string().describe("what the system said: the proof of a delivery, or why it failed"),
});

export const IntegrationView = z.object({
	name: z.string(),
	displayName: z.string(),
	kind: z.enum(["pagerduty", "servicenow", "jira", "azure-devops", "icm"]),
	host: z.string(),
	when: z.object({ severity: z.string(), workloads: z.array(z.string()), tenants: z.array(z.string()) }),
	inbound: z.string().nullable().describe("address that the system sends to; null: it tells us nothing"),
	inboundAuth: z.string().nullable(),
	state: z
		.enum(["idle", "ok", "failing", "stuck"])
		.describe("idle: nothing sent yet; failing: tried again by itself; stuck: tickets wait for a person"),
	tickets: z.object({ open: z.number().int(), waiting: z.number().int(), failed: z.number().int() }),
	waitingSince: instant,
	lastDelivery: TicketAttemptView.nullable(),
	lastFailure: TicketAttemptView.nullable().describe("of the last exchange that failed, when none went well since"),
	lastTest: TicketAttemptView.nullable(),
	lastMessageAt: instant,
});
export type IntegrationView = z.infer<typeof IntegrationView>;

export const LeftBehindView = z.object({
	integration: z.string(),
	tickets: z.number().int(),
	since: z.number().int().describe("when the one that waits longest became due"),
	remedy: z.string(),
});

export const IntegrationTestResult = z.object({
	status: z.enum(["done", "failed"]),
	steps: z.array(z.object({ what: z.string(), ok: z.boolean(), detail: z.string() })),
	ticket: z.object({ name: z.string(), url: z.string().nullable() }).nullable(),
	tookMs: z.number().int(),
});

/** A ticket as an incident shows it. */
export const TicketView = z.object({
	integration: z.string(),
	system: z.string().describe("name of the system for people"),
	kind: z.enum(["pagerduty", "servicenow", "jira", "azure-devops", "icm"]).nullable(),
	state: z
		.enum(["waiting", "in-doubt", "synced", "failing", "failed", "deleted", "not-needed"])
		.describe(
			"waiting: not there yet; in-doubt: whether it was created is looked up; synced: both sides agree; failing: tried again by itself; failed: a person must look",
		),
	name: z.string().nullable().describe("what the system calls it"),
	url: z.string().nullable(),
	theirState: z.enum(["open", "acknowledged", "mitigated", "resolved"]).nullable(),
	syncedAt: instant,
	nextAttemptAt: instant,
	lastError: z.string().nullable(),
	version: z.number().int(),
});
export type TicketView = z.infer<typeof TicketView>;

export const MessageTaken = z.object({
	status: z.enum(["taken", "duplicate"]),
	outcomes: z.array(z.enum(["taken", "unchanged", "echo", "unknown-ticket", "too-old"])),
});
