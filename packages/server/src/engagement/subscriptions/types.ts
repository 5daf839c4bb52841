export const SUBSCRIPTION_EVENTS = ["incident.opened", "incident.changed", "breach.opened"] as const;
export type SubscriptionEvent = (typeof SUBSCRIPTION_EVENTS)[number];

/** What of an event's kind is told; undefined: all that the token may see. */
export interface SubscriptionFilter {
	/** Severity keys, such as 2.5. Not asked of breaches, which have none. */
	readonly severities?: readonly string[] | undefined;
	readonly tenants?: readonly string[] | undefined;
	readonly workloads?: readonly string[] | undefined;
	/** Incidents that somebody opened to try the paging. */
	readonly includeTests?: boolean | undefined;
	/** Incidents that are part of a platform incident, which is told of in any case. */
	readonly includeParts?: boolean | undefined;
}

/** Another system that is told of one kind of event, at one address, in the name of one token. */
export interface Subscription {
	readonly id: string;
	readonly tokenId: string;
	/** Name of the token. */
	readonly owner: string;
	readonly event: SubscriptionEvent;
	readonly callbackUrl: string;
	/** `whsec_…`: signs what is sent, as Standard Webhooks do. */
	readonly secret: string;
	/** Comes back in each message, for receivers that cannot check a signature. */
	readonly clientState: string | undefined;
	/** Undefined: what is stored cannot be read. */
	readonly filter: SubscriptionFilter | undefined;
	readonly state: "active" | "disabled";
	/** Why it was disabled. */
	readonly reason: string | undefined;
	readonly createdAt: number;
	readonly disabledAt: number | undefined;
	readonly lastAt: number | undefined;
	readonly lastOutcome: string | undefined;
	/** Messages in a row that failed for good. */
	readonly failures: number;
	/** Messages that arrived. */
	readonly deliveries: number;
}

/** What is sent: CloudEvents 1.0 in structured JSON (https://cloudevents.io), but for its `id`, which is the message's. */
export interface ToldEvent {
	readonly specversion: "1.0";
	readonly type: string;
	readonly source: string;
	readonly subject: string;
	readonly time: string;
	readonly datacontenttype: "application/json";
	readonly clientstate?: string | undefined;
	readonly data: Readonly<Record<string, unknown>>;
}
