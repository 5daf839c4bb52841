import type { SourceLimits } from "./settings-types.ts";

export type PullKind = "prometheus" | "kusto" | "log-analytics" | "graph" | "postgresql" | "clickhouse";
export type PushKind = "otlp" | "remote-write" | "events";

/** An engine that is asked on a schedule (`pull`), or a sender that is only named. */
export interface Source {
	readonly name: string;
	readonly displayName: string;
	readonly kind: PullKind | PushKind;
	readonly pull?: PullSettings | undefined;
	/** Of a sender: what is left out is as in the settings. */
	readonly limits?: SourceLimits | undefined;
	/** Of a sender: without a request for this long it is late. Undefined: three times its usual interval. */
	readonly expectEveryMs?: number | undefined;
}

export interface PullSettings {
	/** Without a slash at the end; empty for graph and log-analytics: their public address. */
	readonly url: string;
	/** Database of kusto and clickhouse, workspace id of log-analytics. */
	readonly database?: string | undefined;
	readonly auth: SourceAuth;
	/** Of postgresql: TLS with a checked certificate. */
	readonly tls: boolean;
	readonly intervalMs: number;
	/** Length of the buckets that counts are asked for; a multiple of 10 s. */
	readonly stepMs: number;
	readonly overlapMs: number;
	/** Ripeness: data younger than this are not asked for. */
	readonly delayMs: number;
	readonly catchUpMs: number;
	readonly maxRangeMs: number;
	readonly maxQueriesPerMinute: number;
	readonly timeoutMs: number;
	readonly maxResponseBytes: number;
	readonly queries: readonly PullQuery[];
}

/** Names ending in Ref are `${env:X}` or `${file:/path}`; resolved where they are used, never stored. */
export type SourceAuth =
	| { readonly kind: "none" }
	| { readonly kind: "bearer"; readonly tokenRef: string }
	| { readonly kind: "basic"; readonly user: string; readonly passwordRef: string }
	| {
			readonly kind: "client-credentials";
			readonly tokenUrl: string;
			readonly clientId: string;
			readonly secretRef: string;
			readonly scope: string;
	  }
	| { readonly kind: "managed-identity"; readonly clientId?: string | undefined; readonly scope: string };

/** Counts the events of one SLO for all tenants. A prometheus query without `promql` takes the raw samples of the SLO's metrics. */
export interface PullQuery {
	readonly slo: string;
	/** With {{from}}, {{to}}, {{step}}. */
	readonly text?: string | undefined;
	readonly promql?:
		| {
				readonly good?: string | undefined;
				readonly bad?: string | undefined;
				readonly total?: string | undefined;
				readonly value?: string | undefined;
		  }
		| undefined;
	/** Of a ratio: total and one of good and bad, unless `goodWhen`; of a threshold: value. */
	readonly columns: {
		readonly tenant: string;
		readonly time: string;
		readonly good?: string | undefined;
		readonly bad?: string | undefined;
		readonly total?: string | undefined;
		readonly value?: string | undefined;
	};
	/** Each row is one event, good when every field has one of its values. */
	readonly goodWhen?: Readonly<Record<string, readonly string[]>> | undefined;
	/** Attribute of the tenant register that the tenant column is compared with. */
	readonly tenantAttribute: string;
}

/** What a feed tells: the platform's own word about workloads, what was changed, or what customers reported. */
export type FeedGives = "platform-health" | "changes" | "cases";

/** The shape in which a feed speaks. */
export type FeedKind =
	| "alertmanager"
	| "status-json"
	| "m365-health"
	| "azure-service-health"
	| "cloudevents"
	| "github"
	| "azure-devops"
	| "json";

/** How a feed's messages prove where they come from. */
export type FeedAuth = "standard-webhooks" | "github" | "bearer" | "basic";

/** A source of facts beside the telemetry. */
export interface Feed {
	readonly name: string;
	readonly displayName: string;
	readonly kind: FeedKind;
	readonly gives: FeedGives;
	readonly auth: FeedAuth;
	/** Secret reference; undefined: nothing is taken by `POST /api/v1/feeds/NAME`, the feed is only pulled. */
	readonly secretRef?: string | undefined;
	/** Without a message for this long the feed is stale. Undefined: it has no rhythm. */
	readonly expectEveryMs?: number | undefined;
	/** A component as the source names it, in lower case → workloads. Empty: components are workloads' names. */
	readonly components: Readonly<Record<string, readonly string[]>>;
	/** Label of an alert that names its component. */
	readonly componentLabel: string;
	/** Our field → where it stands in the source's object, such as `data.customer.id`. */
	readonly fields: Readonly<Record<string, string>>;
	/** Where the list of objects stands; undefined: the body is one object or a list. */
	readonly items?: string | undefined;
	/** Path in the source's object → values; others are left out. */
	readonly only: Readonly<Record<string, readonly string[]>>;
	/** It is asked as well, on a schedule. Undefined: it only sends. */
	readonly pull?: FeedPullSettings | undefined;
}

/** How a feed is asked. All addresses must answer: what one of them does not tell is not known. */
export interface FeedPullSettings {
	readonly urls: readonly string[];
	readonly everyMs: number;
	readonly auth: SourceAuth;
	/** For one answer. */
	readonly timeoutMs: number;
	/** All pages of one address together. */
	readonly maxResponseBytes: number;
	/** Alertmanager: an answer without this alert tells nothing of what is well. */
	readonly expectAlert?: string | undefined;
	/** Azure Resource Graph: those that are asked for; empty: all that the identity may read. */
	readonly subscriptions: readonly string[];
}
