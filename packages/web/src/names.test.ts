import { describe, expect, it } from "vitest";
import type { FleetView } from "./api-types.ts";
import { matchedNames, namesOf } from "./names.ts";

const names = namesOf({
	tenants: [{ name: "woodgrove", displayName: "Woodgrove Bank" }],
	workloads: [{ name: "policy", displayName: "Policy" }],
} as unknown as FleetView);

describe("what people call tenants and workloads", () => {
	it("is the name itself where the fleet does not have it", () => {
		expect(names.tenant("woodgrove")).toBe("Woodgrove Bank");
		expect(names.tenant("gone")).toBe("gone");
		expect(namesOf(undefined).workload("policy")).toBe("policy");
	});

	it.each([
		['tenant="woodgrove"', "Woodgrove Bank"],
		['tenant=~"woodgrove|gone", workload="policy"', "Woodgrove Bank, Policy"],
		['tenant!="woodgrove"', ""],
		['severity="2.5"', ""],
		['tenant=~"wood.*"', ""],
	])("is told beside the matchers %s as %j", (matchers, told) => {
		expect(matchedNames(matchers, names)).toBe(told);
	});
});
