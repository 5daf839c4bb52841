import { describe, expect, it } from "vitest";
import { type Entry, matching, SHOWN } from "./palette-entries.ts";

const entry = (kind: Entry["kind"], name: string, about = ""): Entry => ({ kind, name, about, to: `/${name}` });
const ENTRIES = [
	entry("page", "Fleet"),
	entry("tenant", "City Power", "S500"),
	entry("tenant", "Power Works"),
	entry("workload", "City Power, Mail"),
	entry("slo", "Mail delivery", "mail-delivery"),
	entry("incident", "INC-1002", "City Power: mail fails"),
];

function names(text: string): string[] {
	return matching(ENTRIES, text).map(({ name }) => name);
}

describe("what the palette finds", () => {
	it.each([
		["everything, while nothing is written", "", ENTRIES.map(({ name }) => name)],
		["names that begin so before others", "power", ["Power Works", "City Power", "City Power, Mail", "INC-1002"]],
		["what has every word, in any order", "mail city", ["City Power, Mail", "INC-1002"]],
		["by the words beside the name", "fails", ["INC-1002"]],
		["whatever the case", "INC", ["INC-1002"]],
		["nothing, where a word is nowhere", "mail nobody", []],
	])("%s", (_, text, expected) => {
		expect(names(text)).toEqual(expected);
	});

	it("is no longer than a screen", () => {
		const many = Array.from({ length: 300 }, (_, k) => entry("tenant", `Tenant ${k}`));
		expect(matching(many, "tenant").length).toBe(SHOWN);
	});
});
