import type { Feed } from "#catalogue";
import { gather, MAX_OBJECTS, type Reading } from "./gather.ts";
import { instantOf, type JsonObject, linkOf, listOf, names, objectOf, textOf } from "./read.ts";
import type { FeedMessage, ParsedFeed, PlatformHealthFact, PlatformState } from "./types.ts";

/**
 * Alertmanager's webhook, version 4 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config). The same
 * alert comes again at each repeat interval; it is one fact per fingerprint and start. Grafana's webhook has this shape too.
 */
export function parseAlertmanager(feed: Feed, { body }: FeedMessage): ParsedFeed {
	if (Array.isArray(body)) return parseActiveAlerts(feed, body);
	const message = objectOf(body);
	const alerts = message && listOf(message.alerts);
	if (!message || !Array.isArray(message.alerts) || !alerts) {
		return { status: "malformed", message: "The body has no list `alerts`, so it is no webhook of Alertmanager." };
	}
	if (message.version !== undefined && message.version !== "4" && textOf(message.orgId) === undefined) {
		return {
			status: "malformed",
			message: `Version ${textOf(message.version, 20)} of Alertmanager's webhook is not known; 4 is.`,
		};
	}
	if (alerts.length > MAX_OBJECTS)
		return { status: "malformed", message: `More than ${MAX_OBJECTS} alerts in one message.` };
	const page = linkOf(message.externalURL);
	return {
		status: "parsed",
		gives: "platform-health",
		...gather(feed, "alerts", alerts, (alert) => factOf(feed, alert, page)),
	};
}

/**
 * The list of `GET /api/v2/alerts`
 * (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml): what is in it fires, for Alertmanager drops
 * what is resolved; `endsAt` is when it would forget an alert that nobody repeats.
 */
function parseActiveAlerts(feed: Feed, alerts: readonly unknown[]): ParsedFeed {
	if (alerts.length > MAX_OBJECTS) return { status: "malformed", message: `More than ${MAX_OBJECTS} alerts at once.` };
	const firing = (alert: JsonObject) => factOf(feed, { ...alert, status: "firing" }, undefined);
	return { status: "parsed", gives: "platform-health", ...gather(feed, "", alerts, firing) };
}

function factOf(feed: Feed, alert: JsonObject, page: string | undefined): Reading<PlatformHealthFact> {
	const labels = objectOf(alert.labels) ?? {};
	const annotations = objectOf(alert.annotations) ?? {};
	const startedAt = instantOf(alert.startsAt);
	const fingerprint = textOf(alert.fingerprint, 100);
	if (startedAt === undefined) return { fault: "startsAt is missing or no time" };
	if (fingerprint === undefined) return { fault: "fingerprint is missing" };
	if (alert.status !== "firing" && alert.status !== "resolved")
		return { fault: "status is neither firing nor resolved" };
	const isEnded = alert.status === "resolved";
	const endedAt = isEnded ? (instantOf(alert.endsAt) ?? startedAt) : undefined;
	const alertname = textOf(labels.alertname);
	const component = names(labels[feed.componentLabel], labels.job, alertname);
	return [
		{
			externalId: `alert:${fingerprint}:${startedAt}`,
			revisedAt: endedAt ?? startedAt,
			rank: isEnded ? 1 : 0,
			title: textOf(annotations.summary) ?? textOf(annotations.title) ?? alertname ?? "Alert",
			link: linkOf(annotations.runbook_url) ?? linkOf(alert.generatorURL) ?? page,
			component,
			state: stateOf(labels),
			sourceStatus: alert.status,
			startedAt,
			isStartKnown: true,
			endedAt,
		},
	];
}

/** An always-firing alert is how Alertmanager says that it lives: it is heard, and says nothing bad. */
function stateOf(labels: JsonObject): PlatformState {
	if (labels.alertname === "Watchdog" || labels.severity === "none") return "operational";
	return labels.severity === "critical" || labels.severity === "page" ? "outage" : "degraded";
}
