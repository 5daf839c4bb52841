import { expect, test } from "vitest";
import { InstantParameter } from "./instant-parameter.ts";

test.each([
	["1795417052325", 1795417052325],
	["2026-11-23T07:00:00Z", Date.UTC(2026, 10, 23, 7)],
	["2026-11-23T08:00+01:00", Date.UTC(2026, 10, 23, 7)],
])("%s is an instant", (text, at) => {
	expect(InstantParameter.parse(text)).toBe(at);
});

test.each(["", "-1", "now", "1e9", "2026-11-23", "2026-13-01T00:00:00Z", "9999999999999999", "0x10"])(
	"%j is none",
	(text) => {
		expect(InstantParameter.safeParse(text).success).toBe(false);
	},
);
