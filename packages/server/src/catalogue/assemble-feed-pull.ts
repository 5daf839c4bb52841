import { DAY_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { bounded } from "./assemble-oncall.ts";
import { signInOf } from "./assemble-sources.ts";
import type { Entry } from "./entries.ts";
import type { Context } from "./references.ts";
import type { FeedGives, FeedKind, FeedPullSettings } from "./types.ts";

const DEFAULT_URLS: Readonly<Partial<Record<FeedKind, string>>> = {
	// https://learn.microsoft.com/graph/api/serviceannouncement-list-healthoverviews
	"m365-health": "https://graph.microsoft.com/v1.0/admin/serviceAnnouncement/healthOverviews?$expand=issues",
	// https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources
	"azure-service-health":
		"https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01",
};
/** Where the answer stands when only the system's address is written. */
const DEFAULT_PATHS: Readonly<Partial<Record<FeedKind, string>>> = {
	"status-json": "/api/v2/summary.json",
	// Whoever silences an alert in Alertmanager is not told of it there; nor is it told here.
	alertmanager: "/api/v2/alerts?silenced=false&inhibited=false",
};
/** The application that Azure DevOps is in Microsoft Entra. */
const AZURE_DEVOPS_SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/.default";
const DEFAULT_RESPONSE_BYTES = 8 * 1_048_576;

/** How the feed is asked; undefined: it only sends. */
export function feedPullOf(context: Context, entry: Entry<"Feed">, gives: FeedGives): FeedPullSettings | undefined {
	const { kind, pull } = entry.input.spec;
	if (pull === undefined) return undefined;
	const complain = (field: string, message: string, remedy: string) =>
		context.error(entry, ["spec", "pull", ...(field === "" ? [] : [field])], message, remedy, "key");
	if (kind === "cloudevents")
		complain("", "CloudEvents are sent and cannot be asked for.", "Remove pull, or write kind: json for a list.");
	if (pull.url === undefined && DEFAULT_URLS[kind] === undefined)
		complain(
			"",
			`spec.pull.url is missing, and kind ${kind} has no address of its own.`,
			"Write url: https://host/path.",
		);
	if (pull.expectAlert !== undefined && kind !== "alertmanager")
		complain("expectAlert", `spec.pull.expectAlert is not used by kind ${kind}.`, "Remove it.");
	if (pull.subscriptions !== undefined && kind !== "azure-service-health")
		complain("subscriptions", `spec.pull.subscriptions is not used by kind ${kind}.`, "Remove it.");
	const isMicrosoft = kind === "m365-health" || kind === "azure-service-health";
	if (isMicrosoft && pull.auth === undefined) {
		const remedy = "Write auth with clientCredentials, managedIdentity or bearer.";
		complain("", `spec.pull.auth is missing, and ${kind} answers nobody unknown.`, remedy);
	}
	const urls = [pull.url ?? DEFAULT_URLS[kind] ?? []].flat().map((url) => withPath(url, kind));
	if (pull.auth !== undefined && urls.some((url) => /^http:/i.test(url))) {
		const message = "spec.pull.url is not encrypted, and credentials go with it.";
		context.warn(entry, ["spec", "pull", "url"], message, "Write https://, unless the way there is your own.");
	}
	const time = (field: "every" | "timeout", defaultMs: number, minMs: number, maxMs: number) =>
		bounded(context, entry, ["spec", "pull", field], pull[field], defaultMs, minMs, maxMs);
	return {
		urls,
		everyMs: time("every", gives === "platform-health" ? MINUTE_MS : 5 * MINUTE_MS, 10 * SECOND_MS, DAY_MS),
		auth: signInOf(context, entry, ["spec", "pull", "auth"], pull.auth ?? {}, scopeOf(urls[0], kind)),
		timeoutMs: time("timeout", 15 * SECOND_MS, 100, 2 * MINUTE_MS),
		maxResponseBytes: pull.maxResponseBytes ?? DEFAULT_RESPONSE_BYTES,
		...(pull.expectAlert === undefined ? {} : { expectAlert: pull.expectAlert }),
		subscriptions: [...(pull.subscriptions ?? [])],
	};
}

function withPath(url: string, kind: FeedKind): string {
	const path = DEFAULT_PATHS[kind];
	if (path === undefined || !URL.canParse(url)) return url;
	const { origin, pathname, search } = new URL(url);
	return pathname === "/" && search === "" ? `${origin}${path}` : url;
}

function scopeOf(url: string | undefined, kind: FeedKind): string {
	if (kind === "azure-devops") return AZURE_DEVOPS_SCOPE;
	return url !== undefined && URL.canParse(url) ? `${new URL(url).origin}/.default` : "";
}
