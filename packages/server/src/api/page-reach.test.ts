import { describe, expect, test } from "vitest";
import { pageReach } from "./page-reach.ts";

type Given = Parameters<typeof pageReach>[0];

const ANN = {
	name: "ann",
	displayName: "Ann",
	timeZone: "UTC",
	contacts: [{ channel: "pager", address: "https://p.example" }],
};
const SMTP = { host: "mail.example", port: 587, secure: false, from: "a@b.example" };
const WELL = {
	escalations: [
		{ name: "cre", repeatEveryMs: 1, acknowledgeWithinMs: 1, steps: [{ afterMs: 0, notify: { schedule: "week" } }] },
	],
	schedules: [{ name: "week", displayName: "Week", timeZone: "UTC", startsAt: 0, shiftMs: 1, people: ["ann"] }],
	people: [ANN],
	channels: [{ name: "pager", kind: "webhook", secretRef: `\${env:PAGER}` }],
	tenants: [],
	settings: { smtp: SMTP },
} as unknown as Given;

const there = () => undefined;
const says = (change: object, secretFault: (reference: string) => string | undefined = there) =>
	pageReach({ ...WELL, ...change } as Given, secretFault).faults.map((fault) => `${fault.level}: ${fault.says}`);

describe("whether pages can leave", () => {
	test("they can when each person in a chain has a channel with its secret", () => {
		expect(pageReach(WELL, there)).toEqual({ kinds: ["webhook"], people: 1, faults: [] });
	});

	test.each<[string, object, RegExp]>([
		["no escalation", { escalations: [] }, /^failing: Nobody would be paged/],
		["a person without a contact", { people: [{ ...ANN, contacts: [] }] }, /^failing: Ann .* has no contact/],
		[
			"the phone panel alone",
			{ channels: [{ name: "pager", kind: "phone-panel" }] },
			/^attention: Ann .* wakes nobody/,
		],
		[
			"mail without a mail server",
			{ channels: [{ name: "pager", kind: "mail" }], settings: {} },
			/^failing: Pages by pager cannot leave: there is no mail server/,
		],
		[
			"people of a tenant and no mail server",
			{ settings: {}, tenants: [{ contacts: { csam: "c@d.example", customer: [] } }] },
			/^attention: Notices cannot leave: .* 1 key tenant has people/,
		],
	])("%s", (_, change, expected) => {
		expect(says(change)).toEqual([expect.stringMatching(expected)]);
	});

	test("a secret that is missing is named, and never told", () => {
		expect(says({}, (reference) => `the secret ${reference} is missing`)).toEqual([
			`failing: Pages by pager cannot leave: the secret \${env:PAGER} is missing.`,
		]);
	});
});
