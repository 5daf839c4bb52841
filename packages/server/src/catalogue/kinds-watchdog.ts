import { z } from "zod";
import * as f from "./fields.ts";

/** `spec.watchdog` of the settings. */
export const Watchdog = z
	.strictObject({
		every: f.duration("How often the system checks itself from end to end, from 1s to 5m. Default: 20s.").optional(),
		secret: f
			.secret("Reference to the key that signs what is said of the checks (Standard Webhooks). Default: not signed.")
			.optional(),
		heartbeat: z
			.array(
				z.strictObject({
					url: f.webUrl("Where it goes. One that holds a secret stands in urlFrom instead.").optional(),
					urlFrom: f.secret("Reference to the address, when that is a secret itself.").optional(),
					method: f
						.choice(["POST", "GET"], "POST carries the signed statement, GET is a bare ping. Default: POST.")
						.optional(),
					every: f
						.duration("How often at most, from 1s to 1h. Default: as often as the system checks itself.")
						.optional(),
					secret: f
						.secret("Reference to a key of its own that signs it. Only with POST. Default: that of the watchdog.")
						.optional(),
				}),
			)
			.max(5)
			.describe("Receivers that notice when heartbeats stay away; one leaves only after a passed check.")
			.optional(),
	})
	.describe("How the system watches itself, and who is told when it can no longer page.");
