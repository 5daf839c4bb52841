import { describe, expect, test } from "vitest";
import type { IntegrationKind } from "#catalogue";
import { createEgressReader } from "#platform";
import { integrationTo } from "../../testing/tickets/integration.ts";
import { ticketSystemOf } from "./ticket-systems.ts";

/** Messages as each system documents them, and what they mean here. */

const KEY = "bellwether-inc-1001-0badcafe";
const AT = "2026-11-22T03:10:00.000Z";

function read(kind: IntegrationKind, body: unknown) {
	const integration = integrationTo({ kind, url: "https://system.example" });
	return ticketSystemOf(integration, createEgressReader({ allow: [] })).read({}, body);
}

const pagerduty = (
	type: string,
	data: object,
	agent: object = { type: "user_reference", summary: "Tenex Engineer" },
) => ({
	event: { id: "01EVENT", event_type: type, resource_type: "incident", occurred_at: AT, agent, data },
});
const PD_INCIDENT = {
	id: "PGR0VU2",
	type: "incident",
	number: 2,
	incident_key: KEY,
	html_url: "https://acme.pagerduty.com/incidents/PGR0VU2",
};

const jira = (from: string, to: string, category: string) => ({
	timestamp: Date.parse(AT),
	webhookEvent: "jira:issue_updated",
	user: { displayName: "Ana Ruiz", accountId: "5b10" },
	issue: {
		id: "10001",
		key: "CRE-7",
		fields: { labels: ["bellwether", KEY], status: { name: to, statusCategory: { key: category } } },
	},
	changelog: { items: [{ field: "status", fromString: from, toString: to }] },
});

const workItem = (oldValue: string, newValue: string) => ({
	id: "33433986-7f56-4969-bfd4-3e59774c75ad",
	eventType: "workitem.updated",
	createdDate: AT,
	resource: {
		id: 2,
		workItemId: 7,
		revisedBy: { displayName: "Ana Ruiz", uniqueName: "ana@contoso.example" },
		fields: { "System.State": { oldValue, newValue } },
		revision: { id: 7, fields: { "System.Tags": `bellwether; ${KEY}` } },
	},
});

const record = (event: object) => ({
	id: "e1",
	sys_id: "s1",
	number: "INC0010001",
	correlation_id: KEY,
	by: "Ana Ruiz",
	at: AT,
	...event,
});
const icm = (event: object) => ({ id: "e1", incidentId: "i1", correlationId: KEY, by: "Ana Ruiz", at: AT, ...event });

describe("what happened there", () => {
	test.each<[string, IntegrationKind, unknown, object]>([
		[
			"PagerDuty: acknowledged",
			"pagerduty",
			pagerduty("incident.acknowledged", PD_INCIDENT),
			{ kind: "acknowledged", alias: "PGR0VU2", actor: "Tenex Engineer", name: "#2" },
		],
		["PagerDuty: resolved", "pagerduty", pagerduty("incident.resolved", PD_INCIDENT), { kind: "resolved" }],
		["PagerDuty: reopened", "pagerduty", pagerduty("incident.reopened", PD_INCIDENT), { kind: "reopened" }],
		["PagerDuty: its own escalation", "pagerduty", pagerduty("incident.escalated", PD_INCIDENT), { kind: "other" }],
		[
			"PagerDuty: our own event",
			"pagerduty",
			pagerduty("incident.resolved", PD_INCIDENT, { type: "events_api_v2_inbound_integration_reference" }),
			{ isOurs: true },
		],
		[
			"Jira: somebody begins",
			"jira",
			jira("To Do", "In Progress", "indeterminate"),
			{ kind: "acknowledged", id: "10001", name: "CRE-7", actor: "Ana Ruiz" },
		],
		[
			"Jira: done, by the category of a status that nobody named",
			"jira",
			jira("In Progress", "Shipped", "done"),
			{ kind: "resolved" },
		],
		["Jira: reopened", "jira", jira("Done", "To Do", "new"), { kind: "reopened" }],
		[
			"Azure DevOps: closed",
			"azure-devops",
			workItem("Active", "Closed"),
			{ kind: "resolved", id: "7", actor: "Ana Ruiz" },
		],
		["Azure DevOps: reopened", "azure-devops", workItem("Closed", "Active"), { kind: "reopened" }],
		[
			"ServiceNow: by the name of what happened",
			"servicenow",
			record({ event: "acknowledged" }),
			{ kind: "acknowledged", id: "s1", name: "INC0010001" },
		],
		["ServiceNow: by its states", "servicenow", record({ previous_state: "2", state: "6" }), { kind: "resolved" }],
		["ServiceNow: by our own user", "servicenow", record({ event: "resolved", user: "bellwether" }), { isOurs: true }],
		[
			"ICM: by its states",
			"icm",
			icm({ previousStatus: "Active", status: "Mitigated" }),
			{ kind: "acknowledged", id: "i1" },
		],
		["ICM: deleted", "icm", icm({ event: "deleted" }), { kind: "deleted" }],
	])("%s", (_name, kind, body, expected) => {
		const message = read(kind, body);
		expect(message).toMatchObject({ status: "read", events: [{ key: KEY, at: Date.parse(AT), ...expected }] });
	});

	test.each<[string, IntegrationKind, unknown, string]>([
		[
			"PagerDuty",
			"pagerduty",
			pagerduty("incident.annotated", { type: "incident_note", content: "Rolled back.", incident: { id: "PGR0VU2" } }),
			"Rolled back.",
		],
		[
			"Jira",
			"jira",
			{
				webhookEvent: "comment_created",
				timestamp: 1,
				comment: { author: { displayName: "Ana" }, body: "Rolled back." },
				issue: { id: "10001", key: "CRE-7" },
			},
			"Rolled back.",
		],
		[
			"Azure DevOps, whose notes are HTML",
			"azure-devops",
			{
				id: "x",
				eventType: "workitem.commented",
				createdDate: AT,
				resource: {
					id: 7,
					fields: {
						"System.History": "<div>Rolled&nbsp;back. a &lt; b</div>",
						"System.ChangedBy": "Ana Ruiz <ana@contoso.example>",
					},
				},
			},
			"Rolled back. a < b",
		],
		["ServiceNow", "servicenow", record({ event: "note", text: "Rolled back." }), "Rolled back."],
		["ICM", "icm", icm({ event: "note", text: "Rolled back." }), "Rolled back."],
	])("a note of %s", (_name, kind, body, text) => {
		expect(read(kind, body)).toMatchObject({ status: "read", events: [{ kind: "note", text }] });
	});
});

describe("what is no message", () => {
	test.each<[IntegrationKind]>([["pagerduty"], ["servicenow"], ["jira"], ["azure-devops"], ["icm"]])(
		"of %s",
		(kind) => {
			for (const body of [null, [], 7, "text", {}, { event: 7 }, { resource: [] }]) {
				expect(read(kind, body).status).toBe("malformed");
			}
		},
	);

	test("nothing in one throws, whatever stands where", () => {
		const odd = [null, 7, "x", [], {}, [[]], { id: {} }];
		for (const value of odd) {
			expect(
				read("pagerduty", { event: { event_type: "incident.resolved", data: value, agent: value, id: value } }).status,
			).toBe("read");
			expect(
				read("jira", { webhookEvent: "jira:issue_updated", issue: value, user: value, changelog: { items: value } })
					.status,
			).toBe("read");
			expect(read("azure-devops", { eventType: "workitem.updated", resource: value, createdDate: value }).status).toBe(
				"read",
			);
			expect(read("servicenow", { sys_id: "s1", state: value, by: value, at: value }).status).toBe("read");
			expect(read("icm", { incidentId: "i1", status: value, by: value, at: value }).status).toBe("read");
		}
	});
});
