import type { AttributeSettings } from "./attribute-settings.ts";
import type { RetentionSettings } from "./retention.ts";
import type { WatchdogSettings } from "./watchdog-settings.ts";

export interface Settings {
	readonly organisation: string;
	/** Address people open the console under; links in pages and notices start with it. Undefined: the bound address. */
	readonly publicUrl?: string | undefined;
	/** Undefined `callbacks`: addresses that callers give must be public. */
	readonly egress: { readonly allow: readonly string[]; readonly callbacks?: readonly string[] | undefined };
	readonly smtp?: SmtpSettings | undefined;
	/** Undefined: at most 30 pages to one person in an hour. */
	readonly paging?: { readonly perPersonPerHour: number } | undefined;
	/** Undefined: DEFAULT_WATCHDOG. */
	readonly watchdog?: WatchdogSettings | undefined;
	readonly telemetry: {
		/** Points older or later than this are rejected; also the dedup horizon. ms. */
		readonly latenessMs: number;
		readonly futureMs: number;
		readonly maxStreams: number;
		/** Identities of events kept within the lateness limit; when full, new events are refused with 503. Undefined: 10 million. */
		readonly maxEventIds?: number | undefined;
		/** Delta streams of customers that are no key tenant kept one by one; those beyond are folded. Default: 50,000. */
		readonly maxOtherStreams?: number | undefined;
		/** Attributes that may name a tenant, besides those of the register; their values are listed for matching. */
		readonly tenantAttributes?: readonly string[] | undefined;
		readonly maxBodyBytes: number;
		/** Undefined: DEFAULT_RETENTION. */
		readonly retention?: RetentionSettings | undefined;
		/** Undefined: DEFAULT_ATTRIBUTES. */
		readonly attributes?: AttributeSettings | undefined;
		/** Undefined: DEFAULT_LIMITS. */
		readonly limits?: IngestLimits | undefined;
	};
	/** Undefined: an incident can be taken up again for an hour after it came to rest. */
	readonly incidents?: { readonly coolDownMs: number } | undefined;
	readonly baselines: {
		readonly autoDetectedShare: number;
		readonly ttdManualMs: number;
		readonly ttdAutoMs: number;
		/** How many tenants that are not key tenants the feeds of cases speak of. Undefined: not known. */
		readonly comparisonTenants?: number | undefined;
	};
}

/** What each tenant and each source may send. Undefined: no limit of its own. */
export interface IngestLimits {
	readonly tenants: TenantLimits;
	readonly sources: SourceLimits;
}

/** `streams` are kept at most; the fair share of `maxStreams` holds besides. */
export interface TenantLimits {
	readonly streams?: number | undefined;
	/** Points and events that an SLO may select, duplicates and rejected ones included. */
	readonly pointsPerSecond?: number | undefined;
}

/** Bytes as they come, compressed or not. */
export interface SourceLimits {
	readonly requestsPerSecond?: number | undefined;
	readonly pointsPerSecond?: number | undefined;
	readonly bytesPerSecond?: number | undefined;
}

export interface SmtpSettings {
	readonly host: string;
	readonly port: number;
	readonly secure: boolean;
	readonly from: string;
	readonly user?: string | undefined;
	/** Secret reference, `${env:X}` or `${file:/path}`; resolved where it is used, never stored. */
	readonly passwordRef?: string | undefined;
}
