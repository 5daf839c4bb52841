import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { feedPullOf } from "./assemble-feed-pull.ts";
import { bounded } from "./assemble-oncall.ts";
import type { Entry } from "./entries.ts";
import { SECRET_EXAMPLE } from "./fields.ts";
import { type Context, displayName, record } from "./references.ts";
import type { Feed, FeedAuth, FeedGives, FeedKind, FeedPullSettings } from "./types.ts";
import { show } from "./wording.ts";

/** What a kind can tell; the first is what it tells when nothing is said, unless there are several. */
const GIVES: Readonly<Record<FeedKind, readonly FeedGives[]>> = {
	alertmanager: ["platform-health"],
	"status-json": ["platform-health"],
	"m365-health": ["platform-health"],
	"azure-service-health": ["platform-health"],
	github: ["changes"],
	"azure-devops": ["changes"],
	cloudevents: ["changes", "cases"],
	json: ["changes", "cases"],
};

const AUTH: Readonly<Partial<Record<FeedKind, FeedAuth>>> = {
	alertmanager: "bearer",
	github: "github",
	"azure-devops": "basic",
};

/** A platform that says nothing for an hour is not known to be well. */
const DEFAULT_HEALTH_RHYTHM_MS = HOUR_MS;
/** A feed that is asked and has not answered so often is stale. */
const MISSES = 3;

export function assembleFeeds(context: Context): Feed[] {
	const secrets = new Map<string, string>();
	return context.entries.of("Feed").map((entry) => {
		const { spec } = entry.input;
		const gives = givesOf(context, entry);
		const pull = feedPullOf(context, entry, gives);
		if (spec.secret !== undefined) {
			const other = secrets.get(spec.secret);
			if (other !== undefined) {
				const message = `spec.secret is also that of Feed ${show(other)}: a message to one would be good for both.`;
				context.error(entry, ["spec", "secret"], message, `Give each feed its own, such as ${SECRET_EXAMPLE}.`);
			}
			secrets.set(spec.secret, entry.name);
		}
		return {
			name: entry.name,
			displayName: displayName(entry),
			kind: spec.kind,
			gives,
			auth: spec.auth ?? AUTH[spec.kind] ?? "standard-webhooks",
			...(spec.secret === undefined ? {} : { secretRef: spec.secret }),
			...rhythmOf(context, entry, gives, pull),
			components: componentsOf(context, entry),
			componentLabel: spec.componentLabel ?? "service",
			fields: record(
				Object.entries(spec.fields ?? {}).flatMap(([field, path]) =>
					typeof path === "string" ? [[field, path] as const] : [],
				),
			),
			...(spec.items === undefined ? {} : { items: spec.items }),
			only: record(
				Object.entries(spec.only ?? {}).map(([path, values]) => [path, [values].flat().map(String)] as const),
			),
			...(pull === undefined ? {} : { pull }),
		};
	});
}

function givesOf(context: Context, entry: Entry<"Feed">): FeedGives {
	const { kind, gives } = entry.input.spec;
	const possible = GIVES[kind];
	if (gives === undefined && possible.length > 1) {
		const message = `A feed of kind ${kind} can tell ${possible.join(" or ")}, and spec.gives is missing.`;
		context.error(entry, ["spec", "kind"], message, `Write gives: ${possible[0]}.`);
	}
	if (gives !== undefined && !possible.includes(gives)) {
		const message = `spec.gives ${show(gives)} cannot come from a feed of kind ${kind}.`;
		context.error(entry, ["spec", "gives"], message, `Write ${possible.join(" or ")}, or another kind.`);
	}
	return gives ?? (possible[0] as FeedGives);
}

function rhythmOf(
	context: Context,
	entry: Entry<"Feed">,
	gives: FeedGives,
	pull: FeedPullSettings | undefined,
): { readonly expectEveryMs?: number } {
	const written = entry.input.spec.expectEvery;
	if (written === undefined && pull) return { expectEveryMs: MISSES * pull.everyMs + pull.timeoutMs };
	if (written === undefined) return gives === "platform-health" ? { expectEveryMs: DEFAULT_HEALTH_RHYTHM_MS } : {};
	const path = ["spec", "expectEvery"];
	return {
		expectEveryMs: bounded(context, entry, path, written, DEFAULT_HEALTH_RHYTHM_MS, MINUTE_MS, 30 * DAY_MS),
	};
}

/** By lower case: sources change the case of names more often than the names. */
function componentsOf(context: Context, entry: Entry<"Feed">): Feed["components"] {
	const result: [string, string[]][] = [];
	for (const [component, written] of Object.entries(entry.input.spec.components ?? {})) {
		const workloads = [written].flat();
		for (const [k, workload] of workloads.entries()) {
			const path = ["spec", "components", component, ...(Array.isArray(written) ? [k] : [])];
			context.refer(["Workload", "Service"], workload, entry.document, path);
		}
		result.push([component.trim().toLowerCase(), workloads]);
	}
	return record(result);
}
