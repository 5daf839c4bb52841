import { DAY_MS } from "@bellwether/model";
import { bounded } from "./assemble-oncall.ts";
import { type AttributeSettings, DEFAULT_ATTRIBUTES } from "./attribute-settings.ts";
import type { Entry } from "./entries.ts";
import { type Context, sortedSet } from "./references.ts";

interface Written {
	readonly keep?: readonly string[] | undefined;
	readonly perTenant?: number | undefined;
	readonly fleet?: number | undefined;
	readonly minutes?: string | undefined;
	readonly hours?: string | undefined;
}

/** Undefined when nothing is written: then the defaults hold. */
export function assembleAttributes(
	context: Context,
	entry: Entry<"Settings">,
	written: Written | undefined,
): AttributeSettings | undefined {
	if (!written) return undefined;
	const at = (field: string) => ["spec", "telemetry", "attributes", field];
	const { keep, perTenant, fleet, minutesMs, hoursMs } = DEFAULT_ATTRIBUTES;
	const ownMinutesMs = bounded(context, entry, at("minutes"), written.minutes, minutesMs, DAY_MS, 30 * DAY_MS);
	const ownHoursMs = bounded(context, entry, at("hours"), written.hours, hoursMs, DAY_MS, 400 * DAY_MS);
	return {
		keep: sortedSet(written.keep ?? keep),
		perTenant: written.perTenant ?? perTenant,
		fleet: written.fleet ?? fleet,
		minutesMs: ownMinutesMs,
		hoursMs: Math.max(ownHoursMs, ownMinutesMs),
	};
}
