import { expect, it } from "vitest";
import { ShadowFirings } from "./shadow-firings.ts";

const firing = (at: number) => ({ monitor: "strict", tenant: "contoso", slo: "sign-ins", at, says: "" });

it("claims in shadow are counted by pair, and the last five hundred wait to be taken once", () => {
	const firings = new ShadowFirings();
	for (let at = 0; at < 600; at++) firings.add(at % 2, firing(at));
	expect([firings.count(0), firings.count(1), firings.count(2)]).toEqual([300, 300, 0]);
	expect(firings.take().map(({ at }) => at)).toEqual(Array.from({ length: 500 }, (_, k) => 100 + k));
	expect(firings.take()).toEqual([]);
});
