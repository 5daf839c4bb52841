import { expect, test } from "vitest";
import { z } from "zod";
import { requestValidator } from "./validation.ts";

const judge = requestValidator({
	schema: z.object({ matchers: z.array(z.string()), secrets: z.array(z.string()).optional() }),
	httpPart: "body",
	url: "/api/v1/mutes",
});

test("a text where a list is expected is quoted legibly, and the remedy shows it as a list", () => {
	expect(judge({ matchers: 'tenant="city-power"' })).toMatchObject({
		error: {
			message: `body.matchers is 'tenant="city-power"', which is not a list.`,
			remedy: String.raw`Send a list: ["tenant=\"city-power\""].`,
		},
	});
});

test("an instant that is no number is asked for with its unit", () => {
	const judgeMute = requestValidator({ schema: z.object({ endsAt: z.number().int() }), httpPart: "body" });
	expect(judgeMute({ endsAt: "2026-11-24T04:00Z" })).toMatchObject({
		error: { remedy: "Send a number, milliseconds since 1970 in UTC." },
	});
});

test("the remedy repeats no secret", () => {
	expect(judge({ matchers: [], secrets: "s3cret" })).toMatchObject({ error: { remedy: "Send a list." } });
});
