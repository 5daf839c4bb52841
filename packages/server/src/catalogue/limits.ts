import type { IngestLimits, KeyTenant, Settings, Source, SourceLimits, TenantLimits } from "./types.ts";

/**
 * A key tenant of 100,000 points a second would be a third of what one machine takes in: more is a mistake of its sender
 * until somebody says otherwise. Senders have no limit by default: a full memory for requests already answers 429.
 */
export const DEFAULT_LIMITS: IngestLimits = { tenants: { pointsPerSecond: 100_000 }, sources: {} };

type Written = { readonly tenants?: TenantLimits | undefined; readonly sources?: SourceLimits | undefined };

/** Limits of the settings, with the defaults for what they leave out. */
export function ingestLimits(written: Written): IngestLimits {
	return {
		tenants: { ...DEFAULT_LIMITS.tenants, ...written.tenants },
		sources: { ...DEFAULT_LIMITS.sources, ...written.sources },
	};
}

export function limitsOfTenant(tenant: KeyTenant | undefined, limits: Settings["telemetry"]["limits"]): TenantLimits {
	return { ...(limits ?? DEFAULT_LIMITS).tenants, ...tenant?.limits };
}

export function limitsOfSource(source: Source | undefined, limits: Settings["telemetry"]["limits"]): SourceLimits {
	return { ...(limits ?? DEFAULT_LIMITS).sources, ...source?.limits };
}
