import { HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import type { z } from "zod";
import { bounded } from "./assemble-oncall.ts";
import type { Entry } from "./entries.ts";
import type { Watchdog } from "./kinds-watchdog.ts";
import type { Context } from "./references.ts";
import { DEFAULT_WATCHDOG, type HeartbeatTarget, type WatchdogSettings } from "./watchdog-settings.ts";

/** Undefined when nothing is written: then the defaults hold. */
export function assembleWatchdog(
	context: Context,
	entry: Entry<"Settings">,
	written: z.infer<typeof Watchdog> | undefined,
): WatchdogSettings | undefined {
	if (!written) return undefined;
	const path = ["spec", "watchdog"];
	const { everyMs } = DEFAULT_WATCHDOG;
	const heartbeats = (written.heartbeat ?? []).map((each, index): HeartbeatTarget => {
		const at = [...path, "heartbeat", index];
		if ((each.url === undefined) === (each.urlFrom === undefined))
			context.error(
				entry,
				at,
				`spec.watchdog.heartbeat.${index} names ${each.url === undefined ? "no address" : "two addresses"}.`,
				"Write url, or urlFrom when the address itself is a secret.",
			);
		const method = each.method ?? "POST";
		if (method === "GET" && each.secret !== undefined)
			context.error(
				entry,
				[...at, "secret"],
				`spec.watchdog.heartbeat.${index}.secret would sign nothing: a GET has no body.`,
				"Remove secret, or write method: POST.",
			);
		return {
			...(each.url === undefined ? {} : { url: each.url }),
			...(each.urlFrom === undefined ? {} : { urlRef: each.urlFrom }),
			method,
			everyMs: bounded(context, entry, [...at, "every"], each.every, 0, SECOND_MS, HOUR_MS),
			...(each.secret === undefined ? {} : { secretRef: each.secret }),
		};
	});
	return {
		everyMs: bounded(context, entry, [...path, "every"], written.every, everyMs, SECOND_MS, 5 * MINUTE_MS),
		heartbeats,
		...(written.secret === undefined ? {} : { secretRef: written.secret }),
	};
}
