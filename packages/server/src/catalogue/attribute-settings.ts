import { DAY_MS } from "@bellwether/model";

/** Attributes kept of each SLI, to tell where it fails; see `telemetry.attributes` of the settings. */
export interface AttributeSettings {
	/** Of SLOs that name none themselves. */
	readonly keep: readonly string[];
	/** Values of each attribute that are counted by themselves, per key tenant and SLO, and for the fleet and its cohorts. */
	readonly perTenant: number;
	readonly fleet: number;
	/** How long counts are kept by the minute, and by the hour. */
	readonly minutesMs: number;
	readonly hoursMs: number;
}

export type AttributeLimits = Omit<AttributeSettings, "keep">;

/** What holds where nothing is written: names of the OpenTelemetry conventions. */
export const DEFAULT_ATTRIBUTES: AttributeSettings = {
	keep: ["cloud.region", "error.type", "http.route", "service.version"],
	perTenant: 64,
	fleet: 1_000,
	minutesMs: 3 * DAY_MS,
	hoursMs: 28 * DAY_MS,
};

/** Attributes of one SLO at most: their combinations are counted too. */
export const MAX_KEPT_ATTRIBUTES = 8;

export function attributeLimits({
	attributes = DEFAULT_ATTRIBUTES,
}: {
	readonly attributes?: AttributeSettings | undefined;
}): AttributeLimits {
	return attributes;
}

/** The attributes that an SLO keeps, its own or those of the settings. */
export function keptAttributesOf(
	slo: { readonly keep?: readonly string[] | undefined },
	{ attributes = DEFAULT_ATTRIBUTES }: { readonly attributes?: AttributeSettings | undefined },
): readonly string[] {
	return slo.keep ?? attributes.keep;
}

/** Names in an annotation, between commas; undefined: something is wrong with them. "none" keeps nothing. */
export function keptNames(text: string): readonly string[] | undefined {
	if (text.trim() === "none") return [];
	const names = text.split(",").map((name) => name.trim());
	return names.some((name) => name === "" || name.length > 255) || names.length > MAX_KEPT_ATTRIBUTES
		? undefined
		: [...new Set(names)].sort();
}
