import { DAY_MS } from "@bellwether/model";
import { bounded } from "./assemble-oncall.ts";
import type { Entry } from "./entries.ts";
import type { Context } from "./references.ts";
import { DEFAULT_RETENTION, type RetentionSettings, type TierKeep } from "./retention.ts";

/** Field of each tier, and the least and the most that it may be kept. */
const FIELDS = [
	["ten-seconds", "tenSeconds", 1, 30],
	["minutes", "minutes", 1, 400],
	["ten-minutes", "tenMinutes", 7, 400],
	["hours", "hours", 100, 4000],
] as const;

type WrittenKeep = { readonly [field in (typeof FIELDS)[number][1]]?: string | undefined };

interface Written {
	readonly tenants?: WrittenKeep | undefined;
	readonly fleet?: WrittenKeep | undefined;
	readonly maxBytes?: number | undefined;
}

/** Undefined when nothing is written: then the defaults hold. */
export function assembleRetention(
	context: Context,
	entry: Entry<"Settings">,
	written: Written | undefined,
): RetentionSettings | undefined {
	if (!written) return undefined;
	const keepOf = (of: "tenants" | "fleet"): TierKeep => {
		const keep: Record<keyof TierKeep, number> = { ...DEFAULT_RETENTION[of] };
		let finer = 0;
		for (const [tier, field, least, most] of FIELDS) {
			const path = ["spec", "telemetry", "retention", of, field];
			const own = bounded(context, entry, path, written[of]?.[field], keep[tier], least * DAY_MS, most * DAY_MS);
			if (own < finer && written[of]?.[field] !== undefined)
				context.error(
					entry,
					path,
					`${path.join(".")} is shorter than the finer tier before it.`,
					"A coarser tier takes what the finer one no longer keeps: write at least as much.",
				);
			keep[tier] = Math.max(own, finer);
			finer = keep[tier];
		}
		return keep;
	};
	return {
		tenants: keepOf("tenants"),
		fleet: keepOf("fleet"),
		maxBytes: written.maxBytes ?? DEFAULT_RETENTION.maxBytes,
	};
}
