import { describe, expect, it } from "vitest";
import { formatFinding, parseCatalogue } from "./index.ts";
import { sampleFiles } from "./sample-files.ts";

const interval = `apiVersion: bellwether/v1
kind: TimeInterval
metadata: { name: new-year }
spec:
  intervals: [{ months: [january], daysOfMonth: [1] }]
`;
const tenant = (holidays: string) => `apiVersion: bellwether/v1
kind: KeyTenant
metadata: { name: fabrikam }
spec: { match: { tenant.id: [f-1] }, holidays: ${holidays} }
`;

function read(...texts: string[]) {
	const files = texts.map((text, k) => ({ path: `own/${k}.yaml`, text }));
	const { catalogue, findings } = parseCatalogue([...sampleFiles(), ...files]);
	const own = findings.map(formatFinding).filter((line) => line.startsWith("own/"));
	return { findings: own, holidays: catalogue?.tenants.find(({ name }) => name === "fabrikam")?.holidays };
}

describe("holidays of a key tenant", () => {
	it("name time intervals, which are used by that, and resemble a Sunday unless another day is named", () => {
		expect(read(interval, tenant("{ during: [new-year] }"))).toEqual({
			findings: [],
			holidays: { during: ["new-year"], likeWeekday: 0 },
		});
		expect(read(interval, tenant("{ during: [new-year], like: fri }")).holidays?.likeWeekday).toBe(5);
	});

	it("that name an interval which is not there are refused with place and remedy", () => {
		expect(read(interval, tenant("{ during: [newyear] }")).findings[1]).toMatch(
			/^own\/1\.yaml:4:\d+ error spec\.holidays\.during\.0 "newyear" is not a known TimeInterval\.\n {2}Did you mean "new-year"\?/,
		);
	});

	it("that resemble no weekday are refused with the days to choose from", () => {
		expect(read(interval, tenant("{ during: [new-year], like: sunday }")).findings[0]).toMatch(
			/^own\/1\.yaml:4:\d+ error spec\.holidays\.like "sunday".*\n.*sun/,
		);
	});
});
