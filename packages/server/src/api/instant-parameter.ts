import { z } from "zod";

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/i;

/** An instant in an address, as programs (ms epoch) or people (RFC 3339) write it. */
export const InstantParameter = z
	.string()
	.transform((text, context) => {
		const at = /^\d{1,16}$/.test(text) ? Number(text) : RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
		// What a Date can hold.
		if (at >= 0 && at <= 8_640_000_000_000_000) return at;
		context.addIssue({ code: "custom", message: "write ms since the epoch, or a time such as 2026-11-23T07:00:00Z" });
		return z.NEVER;
	})
	.describe("ms since the Unix epoch, or RFC 3339");
