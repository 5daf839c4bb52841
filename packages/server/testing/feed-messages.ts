import type { Feed } from "#catalogue";
import type { FeedMessage } from "#telemetry";

/** Messages in the shape of each source's documentation, about a made-up vendor. Times are on 22 Nov 2026, UTC. */

export function exampleFeed(overrides: Partial<Feed> = {}): Feed {
	return {
		name: "status",
		displayName: "Status",
		kind: "status-json",
		gives: "platform-health",
		auth: "standard-webhooks",
		secretRef: "$" + "{env:FEED_SECRET}",
		components: {},
		componentLabel: "service",
		fields: {},
		only: {},
		...overrides,
	};
}

export const RECEIVED_AT = Date.UTC(2026, 10, 22, 2, 30);
export const at = (hours: number, minutes = 0, seconds = 0) => Date.UTC(2026, 10, 22, hours, minutes, seconds);

export function message(body: unknown, headers: Readonly<Record<string, string>> = {}): FeedMessage {
	return { headers, body, receivedAt: RECEIVED_AT };
}

export function alertmanagerBody(status: "firing" | "resolved" = "firing", labels: Record<string, string> = {}) {
	const alertLabels = {
		alertname: "PolicyErrorsHigh",
		job: "policy-api",
		service: "policy",
		severity: "critical",
		...labels,
	};
	return {
		receiver: "bellwether",
		status,
		alerts: [
			{
				status,
				labels: alertLabels,
				annotations: { summary: "Policy API answers 5xx", description: "5xx above 2 % for 5 minutes" },
				startsAt: "2026-11-22T02:06:03.157Z",
				endsAt: status === "firing" ? "0001-01-01T00:00:00Z" : "2026-11-22T02:21:03.157Z",
				generatorURL: "http://prometheus.example:9090/graph?g0.expr=up&g0.tab=1",
				fingerprint: alertLabels.alertname === "PolicyErrorsHigh" ? "1a30ba71cca2921f" : "bc97ff14869b13e3",
			},
		],
		groupLabels: { alertname: alertLabels.alertname },
		commonLabels: alertLabels,
		commonAnnotations: {},
		externalURL: "http://alertmanager.example:9093",
		version: "4",
		groupKey: '{}:{alertname="PolicyErrorsHigh"}',
		truncatedAlerts: 0,
	};
}

export function statusSummaryBody(status = "degraded_performance", incidents: readonly unknown[] = []) {
	return {
		page: {
			id: "kctbh9vrtdwd",
			name: "Example Cloud",
			url: "https://status.vendor.example",
			time_zone: "Etc/UTC",
			updated_at: "2026-11-22T02:10:12.000Z",
		},
		status: { indicator: "minor", description: "Minor Service Outage" },
		components: [
			{
				id: "b13yz5g2cw10",
				name: "Policy API",
				status,
				created_at: "2014-05-03T01:22:07.274Z",
				updated_at: "2026-11-22T02:08:00.000Z",
				position: 1,
				description: null,
				showcase: false,
				group_id: null,
				group: false,
				page_id: "kctbh9vrtdwd",
				only_show_if_degraded: false,
			},
			{
				id: "9397cnvk62zn",
				name: "All of Europe",
				status: "operational",
				updated_at: "2026-11-01T00:00:00.000Z",
				group: true,
				components: ["b13yz5g2cw10"],
			},
		],
		incidents,
		scheduled_maintenances: [],
	};
}

export function statusIncident(status = "investigating", updatedAt = "2026-11-22T02:10:00.000Z") {
	return {
		id: "cp306tmzcl0y",
		name: "Policies take long to apply",
		status,
		impact: "major",
		created_at: "2026-11-22T02:05:00.000Z",
		updated_at: updatedAt,
		monitoring_at: null,
		resolved_at: status === "resolved" ? updatedAt : null,
		shortlink: "https://stspg.example/cp306tmzcl0y",
		started_at: "2026-11-22T02:05:00.000Z",
		incident_updates: [],
		components: [{ id: "b13yz5g2cw10", name: "Policy API", status: "partial_outage" }],
	};
}

export function m365Issue(status: string, overrides: Readonly<Record<string, unknown>> = {}) {
	return {
		startDateTime: "2026-11-22T01:50:00Z",
		endDateTime: null,
		lastModifiedDateTime: "2026-11-22T02:15:21.163Z",
		title: "Admins cannot create policies",
		id: "MO1168201",
		impactDescription: "Admins may be unable to create policies.",
		classification: "incident",
		origin: "microsoft",
		status,
		service: "Microsoft 365 suite",
		feature: "Policy",
		featureGroup: "Administration",
		isResolved: false,
		highImpact: null,
		details: [],
		posts: [
			{
				createdDateTime: "2026-11-22T02:15:21.163Z",
				postType: "regular",
				description: { contentType: "html", content: "We are looking into it." },
			},
		],
		...overrides,
	};
}

export const M365_STATUSES = [
	"serviceOperational",
	"investigating",
	"restoringService",
	"verifyingService",
	"serviceRestored",
	"postIncidentReviewPublished",
	"serviceDegradation",
	"serviceInterruption",
	"extendedRecovery",
	"falsePositive",
	"investigationSuspended",
	"resolved",
	"mitigatedExternal",
	"mitigated",
	"resolvedExternal",
	"confirmed",
	"reported",
	"unknownFutureValue",
] as const;

export function azureEvent(status = "Active", overrides: Readonly<Record<string, unknown>> = {}) {
	return {
		id: "/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.ResourceHealth/events/0NC1-RTG",
		name: "0NC1-RTG",
		type: "microsoft.resourcehealth/events",
		location: "Global",
		properties: {
			EventType: "ServiceIssue",
			EventSource: "ServiceHealth",
			EventLevel: "Warning",
			Status: status,
			Title: "Errors while signing in - West Europe",
			Summary: "<p>Some customers see errors.</p>",
			TrackingId: "0NC1-RTG",
			ImpactStartTime: "2026-11-22T01:40:00Z",
			ImpactMitigationTime: status === "Resolved" ? "2026-11-22T02:20:00Z" : "",
			LastUpdateTime: status === "Resolved" ? "2026-11-22T02:25:00Z" : "2026-11-22T01:55:00Z",
			Impact: [
				{
					ImpactedService: "Azure Policy",
					ImpactedRegions: [
						{ ImpactedRegion: "West Europe", Status: status, ImpactedSubscriptions: [] },
						{ ImpactedRegion: "North Europe", Status: status, ImpactedSubscriptions: [] },
					],
				},
			],
			...overrides,
		},
	};
}

const REPOSITORY = {
	id: 118,
	name: "policy-api",
	full_name: "vendor/policy-api",
	html_url: "https://github.com/vendor/policy-api",
};

export function gitHubDeployment(environment = "production") {
	return {
		action: "created",
		deployment: {
			url: "https://api.github.com/repos/vendor/policy-api/deployments/145988746",
			id: 145988746,
			task: "deploy",
			environment,
			created_at: "2026-11-22T01:58:00Z",
			updated_at: "2026-11-22T01:58:00Z",
			ref: "main",
			sha: "f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
			payload: { ring: "ring-2", region: "westeurope" },
			creator: { login: "octo-deployer" },
		},
		repository: REPOSITORY,
		sender: { login: "octo-deployer" },
	};
}

export function gitHubDeploymentStatus(state: string, updatedAt: string) {
	return {
		...gitHubDeployment(),
		deployment_status: {
			id: 209916254,
			state,
			description: "",
			environment: "production",
			target_url: "",
			log_url: "https://ci.vendor.example/runs/7",
			created_at: updatedAt,
			updated_at: updatedAt,
			creator: { login: "octo-deployer" },
		},
	};
}

export function gitHubWorkflowRun(status: string, conclusion: string | null, updatedAt: string) {
	return {
		action: status,
		workflow_run: {
			id: 9001,
			name: "Release",
			display_title: "Roll out 4.2",
			head_branch: "main",
			head_sha: "f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
			run_attempt: 1,
			run_started_at: "2026-11-22T01:30:00Z",
			created_at: "2026-11-22T01:30:00Z",
			updated_at: updatedAt,
			status,
			conclusion,
			html_url: "https://github.com/vendor/policy-api/actions/runs/9001",
			triggering_actor: { login: "ana" },
		},
		repository: REPOSITORY,
	};
}

export function azureDevOpsDeployment(what: "started" | "completed", status = "succeeded") {
	return {
		subscriptionId: "aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e",
		notificationId: 3,
		id: "c4ac6b2f-1a2b-4c3d-8e9f-000000000001",
		eventType: `ms.vss-release.deployment-${what}-event`,
		publisherId: "rm",
		message: { text: `Deployment ${what} of release Release-42.` },
		resource: {
			environment: {
				id: 5,
				releaseId: 42,
				name: "Ring 2",
				status: what === "started" ? "inProgress" : status,
				releaseDefinition: { id: 1, name: "Policy API" },
				release: {
					id: 42,
					name: "Release-42",
					_links: { web: { href: "https://dev.azure.com/vendor/_release?id=42" } },
				},
				owner: { displayName: "Chuck Reinhart" },
			},
			deployment:
				what === "started"
					? null
					: {
							id: 7,
							attempt: 1,
							startedOn: "2026-11-22T01:10:00.123Z",
							completedOn: "2026-11-22T01:24:30.5Z",
							deploymentStatus: status,
							requestedFor: { displayName: "Ana" },
						},
			project: { id: "be9b3917-87e6-42a4-a549-2bc06a7a878f", name: "Vendor" },
		},
		createdDate: what === "started" ? "2026-11-22T01:10:01.000Z" : "2026-11-22T01:24:31.000Z",
	};
}

export function flagEvent(overrides: Readonly<Record<string, unknown>> = {}) {
	return {
		specversion: "1.0",
		id: "f-1",
		source: "https://flags.vendor.example",
		type: "example.vendor.flag.changed",
		subject: "policy/new-evaluator",
		time: "2026-11-22T01:59:00Z",
		datacontenttype: "application/json",
		data: {
			title: "new-evaluator on for Woodgrove Bank",
			workload: "policy",
			tenants: ["Woodgrove Bank"],
			actor: "ana",
			url: "https://flags.vendor.example/new-evaluator",
		},
		...overrides,
	};
}
