import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Feed, FeedKind } from "#catalogue";
import {
	alertmanagerBody,
	at,
	azureDevOpsDeployment,
	azureEvent,
	exampleFeed,
	flagEvent,
	gitHubDeployment,
	gitHubDeploymentStatus,
	gitHubWorkflowRun,
	M365_STATUSES,
	m365Issue,
	message,
	RECEIVED_AT,
	statusIncident,
	statusSummaryBody,
} from "../../../testing/feed-messages.ts";
import { parseFeed } from "./index.ts";

const feedOf = (kind: FeedKind, overrides: Partial<Feed> = {}) =>
	exampleFeed({
		kind,
		gives: ["github", "azure-devops", "cloudevents", "json"].includes(kind) ? "changes" : "platform-health",
		...overrides,
	});

function facts(kind: FeedKind, body: unknown, headers: Record<string, string> = {}, overrides: Partial<Feed> = {}) {
	const parsed = parseFeed(feedOf(kind, overrides), message(body, headers));
	if (parsed.status !== "parsed") throw new Error(parsed.message);
	return { ...parsed, first: parsed.facts[0] };
}

describe("alerts of Alertmanager", () => {
	test("a firing alert is a statement about the component that its label names", () => {
		expect(facts("alertmanager", alertmanagerBody()).first).toEqual({
			externalId: `alert:1a30ba71cca2921f:${at(2, 6, 3) + 157}`,
			revisedAt: at(2, 6, 3) + 157,
			rank: 0,
			title: "Policy API answers 5xx",
			link: "http://prometheus.example:9090/graph?g0.expr=up&g0.tab=1",
			component: ["policy", "policy-api", "PolicyErrorsHigh"],
			state: "outage",
			sourceStatus: "firing",
			startedAt: at(2, 6, 3) + 157,
			isStartKnown: true,
			endedAt: undefined,
		});
	});

	test("the resolved one is the same statement, ended", () => {
		const [firing, resolved] = (["firing", "resolved"] as const).map(
			(status) => facts("alertmanager", alertmanagerBody(status)).first,
		);
		expect(resolved).toMatchObject({ externalId: firing?.externalId, endedAt: at(2, 21, 3) + 157 });
	});

	test("an alert that always fires is a sign of life, not of trouble", () => {
		const body = alertmanagerBody("firing", { alertname: "Watchdog", severity: "none" });
		expect(facts("alertmanager", body).first).toMatchObject({ state: "operational" });
	});

	test("the label that names components can be another", () => {
		const body = alertmanagerBody("firing", { product: "Policy" });
		expect(facts("alertmanager", body, {}, { componentLabel: "product" }).first).toMatchObject({
			component: ["Policy", "policy-api", "PolicyErrorsHigh"],
		});
	});
});

describe("status pages", () => {
	test("a summary tells each component, but no groups, and is complete as to incidents", () => {
		const { facts: all, left, ...rest } = facts("status-json", statusSummaryBody("partial_outage", [statusIncident()]));
		expect(all.map((fact) => [fact.externalId, "state" in fact && fact.state])).toEqual([
			["component:b13yz5g2cw10", "degraded"],
			["incident:cp306tmzcl0y:b13yz5g2cw10", "degraded"],
		]);
		expect([left, "complete" in rest && rest.complete]).toEqual([1, { prefix: "incident:", at: RECEIVED_AT }]);
	});

	test.each([
		["operational", "operational"],
		["under_maintenance", "maintenance"],
		["degraded_performance", "degraded"],
		["partial_outage", "degraded"],
		["major_outage", "outage"],
		["on_fire", "unknown"],
	])("a component that is %s is %s", (status, state) => {
		expect(facts("status-json", statusSummaryBody(status)).first).toMatchObject({ state, sourceStatus: status });
	});

	test("the webhook for one component says what it is now", () => {
		const body = {
			meta: { unsubscribe: "https://status.vendor.example/unsubscribe/1", documentation: "https://doc.example" },
			page: { id: "kctbh9vrtdwd", status_indicator: "critical", status_description: "Major System Outage" },
			component_update: {
				created_at: "2026-11-22T02:29:21Z",
				new_status: "major_outage",
				old_status: "operational",
				id: "k7730b5v92bv",
				component_id: "b13yz5g2cw10",
			},
			component: { created_at: "2014-05-03T01:22:07Z", id: "b13yz5g2cw10", name: "Policy API", status: "operational" },
		};
		expect(facts("status-json", body).first).toMatchObject({
			externalId: "component:b13yz5g2cw10",
			state: "outage",
			startedAt: at(2, 29, 21),
		});
	});

	test("the webhook for one incident ends it when it is resolved", () => {
		const body = { page: {}, incident: statusIncident("resolved", "2026-11-22T02:28:00.000Z") };
		expect(facts("status-json", body).first).toMatchObject({ endedAt: at(2, 28), rank: 1 });
	});

	test("any object with components of name and status will do", () => {
		expect(facts("status-json", { components: [{ name: "policy", status: "outage" }] }).facts).toMatchObject([
			{ externalId: "component:policy", component: ["policy"], state: "outage", startedAt: RECEIVED_AT },
		]);
	});
});

describe("Microsoft 365 service health", () => {
	test.each([
		["serviceOperational", "operational", false],
		["investigating", "degraded", false],
		["restoringService", "degraded", false],
		["verifyingService", "degraded", false],
		["serviceRestored", "operational", true],
		["postIncidentReviewPublished", "operational", true],
		["serviceDegradation", "degraded", false],
		["serviceInterruption", "outage", false],
		["extendedRecovery", "degraded", false],
		["falsePositive", "operational", true],
		["investigationSuspended", "unknown", false],
		["resolved", "operational", true],
		["mitigatedExternal", "operational", true],
		["mitigated", "operational", true],
		["resolvedExternal", "operational", true],
		["confirmed", "degraded", false],
		["reported", "degraded", false],
		["unknownFutureValue", "unknown", false],
		["aStatusOfTomorrow", "unknown", false],
	])("an issue that is %s means %s", (status, state, isEnded) => {
		const fact = facts("m365-health", { value: [m365Issue(status)] }).first;
		expect([fact && "state" in fact && fact.state, fact && "endedAt" in fact && fact.endedAt !== undefined]).toEqual([
			state,
			isEnded,
		]);
	});

	test("an issue says since when, and for which feature of which service", () => {
		expect(facts("m365-health", { value: [m365Issue("serviceDegradation")] }).first).toMatchObject({
			externalId: "issue:MO1168201",
			title: "Admins cannot create policies",
			component: ["Microsoft 365 suite/Policy", "Microsoft 365 suite/Administration", "Microsoft 365 suite"],
			startedAt: at(1, 50),
			revisedAt: at(2, 15, 21) + 163,
		});
	});

	test("a resolved issue has ended whatever its status says", () => {
		const issue = m365Issue("serviceDegradation", { isResolved: true, endDateTime: "2026-11-22T02:12:00Z" });
		expect(facts("m365-health", { value: [issue] }).first).toMatchObject({ endedAt: at(2, 12) });
	});

	test("an overview tells the service's state now, and its issues when they are expanded", () => {
		const overview = {
			id: "Exchange",
			service: "Exchange Online",
			status: "serviceInterruption",
			issues: [m365Issue("serviceInterruption")],
		};
		expect(facts("m365-health", { value: [overview] }).facts).toMatchObject([
			{
				externalId: "service:Exchange",
				component: ["Exchange Online", "Exchange"],
				state: "outage",
				isStartKnown: false,
			},
			{ externalId: "issue:MO1168201" },
		]);
	});
});

describe("Azure service health", () => {
	test("an event is a statement for each service and region that it names", () => {
		expect(facts("azure-service-health", { totalRecords: 1, count: 1, data: [azureEvent()] }).facts).toMatchObject([
			{
				externalId: "event:0NC1-RTG:Azure Policy:West Europe",
				component: ["Azure Policy/West Europe", "Azure Policy"],
				state: "degraded",
				startedAt: at(1, 40),
				endedAt: undefined,
			},
			{ externalId: "event:0NC1-RTG:Azure Policy:North Europe" },
		]);
	});

	test("a resolved event ends when its impact was mitigated", () => {
		expect(facts("azure-service-health", { data: [azureEvent("Resolved")] }).first).toMatchObject({
			endedAt: at(2, 20),
		});
	});

	test("names in lower camel case, as the REST interface writes them, are the same", () => {
		const { properties, ...row } = azureEvent();
		const camel = Object.fromEntries(
			Object.entries(properties).map(([key, value]) => [`${key[0]?.toLowerCase()}${key.slice(1)}`, value]),
		);
		expect(facts("azure-service-health", { value: [{ ...row, properties: camel }] }).facts).toEqual(
			facts("azure-service-health", { data: [azureEvent()] }).facts,
		);
	});

	test.each(["HealthAdvisory", "SecurityAdvisory", "Billing"])("%s says nothing of how it is now", (EventType) => {
		expect(facts("azure-service-health", { data: [azureEvent("Active", { EventType })] })).toMatchObject({
			facts: [],
			left: 1,
		});
	});

	test("planned maintenance is maintenance", () => {
		const event = azureEvent("Active", { EventType: "PlannedMaintenance" });
		expect(facts("azure-service-health", { data: [event] }).first).toMatchObject({ state: "maintenance" });
	});

	test("rows as a table are refused with the remedy", () => {
		const parsed = parseFeed(feedOf("azure-service-health"), message({ data: { columns: [], rows: [] } }));
		expect(parsed).toMatchObject({ status: "malformed", message: expect.stringContaining("objectArray") });
	});
});

describe("GitHub", () => {
	const deployed = (state: string, updatedAt: string) =>
		facts("github", gitHubDeploymentStatus(state, updatedAt), { "x-github-event": "deployment_status" }).first;

	test("a deployment and its statuses are one change, from the deployment's start to its last status", () => {
		const created = facts("github", gitHubDeployment(), { "x-github-event": "deployment" }).first;
		expect([
			created,
			deployed("in_progress", "2026-11-22T01:59:00Z"),
			deployed("success", "2026-11-22T02:04:00Z"),
		]).toMatchObject([
			{ state: "planned", endedAt: undefined },
			{ externalId: created?.externalId, state: "running", startedAt: at(1, 58), endedAt: undefined },
			{
				externalId: created?.externalId,
				state: "succeeded",
				startedAt: at(1, 58),
				endedAt: at(2, 4),
				component: ["vendor/policy-api/production", "vendor/policy-api", "production"],
				ring: "ring-2",
				region: "westeurope",
				build: "f95f852bd8fc",
				actor: "octo-deployer",
				link: "https://ci.vendor.example/runs/7",
			},
		]);
	});

	test("a workflow run ends with its conclusion", () => {
		const body = gitHubWorkflowRun("completed", "failure", "2026-11-22T01:40:00Z");
		expect(facts("github", body, { "x-github-event": "workflow_run" }).first).toMatchObject({
			kind: "workflow",
			state: "failed",
			startedAt: at(1, 30),
			endedAt: at(1, 40),
			actor: "ana",
		});
	});

	test("what only is not asked for, and events of other kinds, are left out", () => {
		const only = { "deployment.environment": ["production"] };
		const staging = facts("github", gitHubDeployment("staging"), { "x-github-event": "deployment" }, { only });
		const ping = facts("github", { zen: "Keep it logically awesome." }, { "x-github-event": "ping" });
		expect([staging.facts, staging.left, ping.facts, ping.left]).toEqual([[], 1, [], 1]);
	});
});

describe("Azure DevOps", () => {
	test("a deployment's start and end are one change", () => {
		const [started, completed] = (["started", "completed"] as const).map(
			(what) => facts("azure-devops", azureDevOpsDeployment(what)).first,
		);
		expect([started, completed]).toMatchObject([
			{ state: "running", startedAt: at(1, 10, 1), ring: "Ring 2" },
			{
				externalId: started?.externalId,
				state: "succeeded",
				startedAt: at(1, 10) + 123,
				endedAt: at(1, 24, 30) + 500,
				actor: "Ana",
				build: "Release-42",
				component: ["Policy API/Ring 2", "Vendor/Policy API", "Policy API", "Ring 2", "Vendor"],
			},
		]);
	});

	test("a rejected deployment has failed; other events are left out", () => {
		expect(facts("azure-devops", azureDevOpsDeployment("completed", "rejected")).first).toMatchObject({
			state: "failed",
		});
		expect(facts("azure-devops", { eventType: "git.push", resource: {} })).toMatchObject({ facts: [], left: 1 });
	});
});

describe("CloudEvents", () => {
	test("structured, batched and binary say the same", () => {
		const event = flagEvent();
		const { data, ...attributes } = event;
		const headers = Object.fromEntries(
			Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(String(value))]),
		);
		const structured = facts("cloudevents", event).facts;
		expect(structured).toMatchObject([
			{
				externalId: "policy/new-evaluator",
				kind: "flag",
				state: "succeeded",
				tenants: ["Woodgrove Bank"],
				component: ["policy"],
				actor: "ana",
				startedAt: at(1, 59),
			},
		]);
		expect(facts("cloudevents", [event]).facts).toEqual(structured);
		expect(facts("cloudevents", data, headers).facts).toEqual(structured);
	});

	test("deployments of CDEvents tell their environment", () => {
		const event = flagEvent({
			type: "dev.cdevents.service.deployed.0.1.0",
			subject: undefined,
			data: { subject: { id: "policy-api", type: "service", content: { environment: { id: "production" } } } },
		});
		expect(facts("cloudevents", event).first).toMatchObject({
			kind: "deployment",
			state: "succeeded",
			component: ["production", "policy-api", "https://flags.vendor.example"],
		});
	});

	test.each([
		["specversion", "0.3", "specversion is not 1.0"],
		["type", undefined, "type is missing"],
		["source", "", "source is missing"],
	])("an event without a right %s is named", (attribute, value, fault) => {
		expect(facts("cloudevents", flagEvent({ [attribute]: value })).faults).toEqual([{ place: "0", message: fault }]);
	});

	test("cases are read where they are said to stand", () => {
		const event = flagEvent({
			type: "example.support.case.opened",
			data: { ticket: { no: 77, sev: "A", who: { tenant: "id-of-woodgrove" } }, escalated: "true" },
		});
		const fields = { id: "data.ticket.no", severity: "data.ticket.sev", tenant: "data.ticket.who.tenant" };
		expect(facts("cloudevents", event, {}, { gives: "cases", fields }).first).toMatchObject({
			externalId: "77",
			severity: "A",
			tenant: "id-of-woodgrove",
			kind: "support-case",
			isEscalated: true,
			openedAt: at(1, 59),
		});
	});
});

describe("objects of any system", () => {
	test("each that cannot be used stands beside those that can", () => {
		const body = {
			result: { cases: [{ id: 1, customer: "Woodgrove", openedAt: "2026-11-22T01:00:00Z" }, { id: 2 }, 3] },
		};
		const parsed = facts("json", body, {}, { gives: "cases", items: "result.cases" });
		expect([parsed.facts.length, parsed.faults]).toEqual([
			1,
			[
				{ place: "result.cases.1", message: "tenant is missing" },
				{ place: "result.cases.2", message: "is not an object" },
			],
		]);
	});

	test("a thousand in one message are enough", () => {
		const many = Array.from({ length: 1_001 }, (_, id) => ({ id, startedAt: 1e9 }));
		expect(facts("json", many.slice(1)).facts.length).toBe(1_000);
		expect(parseFeed(feedOf("json"), message(many))).toEqual({
			status: "malformed",
			message: "More than 1000 objects in one message.",
		});
	});

	test.each([
		["a script as a link", { link: "javascript:alert(1)" }, { link: undefined }],
		["a link with a password", { link: "https://a:b@host.example/" }, { link: undefined }],
		["lines that are forged", { title: "ok\r\nadmin: all is well\u202e" }, { title: "ok admin: all is well" }],
		["an end before the start", { endedAt: "2026-11-21T00:00:00Z" }, { endedAt: at(1) }],
		["seconds since the epoch", { startedAt: at(1) / 1000 }, { startedAt: at(1) }],
		["a title without end", { title: "x".repeat(10_000) }, { title: "x".repeat(300) }],
	])("%s is made harmless", (_, given, expected) => {
		const body = { id: "c", startedAt: "2026-11-22T01:00:00Z", ...given };
		expect(facts("json", body).first).toMatchObject(expected);
	});
});

test.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
	"the word %s has no meaning of its own",
	(word) => {
		expect(facts("status-json", statusSummaryBody(word)).first).toMatchObject({ state: "unknown" });
		expect(facts("m365-health", { value: [m365Issue(word)] }).first).toMatchObject({ state: "unknown" });
		expect(facts("github", gitHubDeploymentStatus(word, "2026-11-22T02:04:00Z"), { "x-github-event": word }).left).toBe(
			1,
		);
		expect(facts("azure-devops", { eventType: word }).left).toBe(1);
		expect(facts("azure-service-health", { data: [azureEvent("Active", { EventType: word })] }).left).toBe(1);
		expect(facts("json", { id: word, state: word, startedAt: 1e9 }).first).toMatchObject({ state: "unknown" });
	},
);

test("whatever the body is, it is parsed or malformed, and the same each time", () => {
	const kinds: FeedKind[] = [
		"alertmanager",
		"status-json",
		"m365-health",
		"azure-service-health",
		"cloudevents",
		"github",
		"azure-devops",
		"json",
	];
	const bodies: unknown[] = [
		alertmanagerBody(),
		statusSummaryBody("operational", [statusIncident()]),
		{ value: M365_STATUSES.map((status) => m365Issue(status)) },
		{ data: [azureEvent()] },
		flagEvent(),
		gitHubDeploymentStatus("success", "2026-11-22T02:04:00Z"),
		azureDevOpsDeployment("completed"),
	];
	const anything = fc.jsonValue();
	/** A real body with one value anywhere in it replaced. */
	const bent = fc
		.record({ body: fc.constantFrom(...bodies), steps: fc.array(fc.nat(), { maxLength: 8 }), value: anything })
		.map(({ body, steps, value }) => {
			const copy = structuredClone(body) as Record<string, unknown>;
			let place = copy;
			for (const step of steps) {
				const keys = Object.keys(place);
				const key = keys[step % Math.max(1, keys.length)];
				if (key === undefined) break;
				const next = place[key];
				if (typeof next !== "object" || next === null || step === steps.at(-1)) {
					place[key] = value;
					break;
				}
				place = next as Record<string, unknown>;
			}
			return copy;
		});
	fc.assert(
		fc.property(fc.constantFrom(...kinds), fc.oneof(anything, bent), fc.boolean(), (kind, body, isCases) => {
			const feed = feedOf(kind, isCases && (kind === "json" || kind === "cloudevents") ? { gives: "cases" } : {});
			const given = message(body, { "x-github-event": "deployment_status" });
			const parsed = parseFeed(feed, given);
			expect(parseFeed(feed, given)).toEqual(parsed);
			if (parsed.status !== "parsed") return;
			for (const fact of parsed.facts) {
				expect(fact.externalId).not.toBe("");
				expect(fact.title.length).toBeLessThanOrEqual(700);
				expect(fact.link ?? "https://").toMatch(/^https?:\/\//);
				expect(Number.isSafeInteger(fact.revisedAt)).toBe(true);
			}
		}),
		{ numRuns: 500, seed: 11 },
	);
});
