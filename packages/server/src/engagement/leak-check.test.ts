import { describe, expect, test } from "vitest";
import { exampleCatalogue, exampleTenant } from "../../testing/catalogue.ts";
import { findLeaks } from "./index.ts";

const tenants = [
	exampleTenant("woodgrove", "Woodgrove Bank", { match: { "tenant.id": ["3f2a9c1e-77aa"] } }),
	exampleTenant("city-power", "City Power", {
		match: { "tenant.id": ["54791fed-d89e"] },
		aliases: [{ attribute: "directory", values: ["dir-9c40"], patterns: [] }],
	}),
	exampleTenant("contoso", "Contoso"),
	exampleTenant("contoso-pharma", "Contoso Pharma"),
	exampleTenant("bp", "BP", { match: { "tenant.id": ["it"] } }),
];
const catalogue = exampleCatalogue({ tenants });
const publicUrl = "https://console.vendor.example:8443";

const leaksIn = (body: string, tenant = "woodgrove", audience: "customer" | "csam" = "customer") =>
	findLeaks(catalogue, { tenant, audience, subject: "We are on it", body }, publicUrl);

describe("the customer must not read", () => {
	test.each([
		{ name: "another tenant's name", body: "Also seen at City Power.", found: '"city power"' },
		{ name: "another tenant's name in capitals", body: "CITY POWER too.", found: '"city power"' },
		{ name: "another tenant's name over a line break", body: "Also at City\nPower.", found: '"city power"' },
		{ name: "another tenant's name with an invisible character", body: "Ci\u200bty Power", found: '"city power"' },
		{ name: "another tenant's name in wide letters", body: "Ｃｉｔｙ Power", found: '"city power"' },
		{
			name: "another tenant's name with an unseen filler",
			body: "Ci\u{3164}ty\u{34f} Pow\u{fe0f}er",
			found: '"city power"',
		},
		{ name: "another tenant's name under accents", body: "Cíty Powér", found: '"city power"' },
		{ name: "another tenant's name with the blank of Braille", body: "City\u2800Power", found: '"city power"' },
		{ name: "another tenant's name of two capitals", body: "BP has it too.", found: '"bp"' },
		{ name: "another tenant's short name", body: "See city-power.", found: '"city-power"' },
		{ name: "another tenant's short name with a typographic hyphen", body: "See city‑power.", found: '"city-power"' },
		{ name: "another tenant's id", body: "id 54791FED-D89E", found: '"54791fed-d89e"' },
		{ name: "another tenant's id by an alias", body: "directory DIR-9C40", found: '"dir-9c40"' },
		{ name: "another tenant's address", body: "Ask ops@city-power.example", found: '"ops@city-power.example"' },
		{ name: "the console's host", body: "https://console.vendor.example/p/INC-1", found: '"console.vendor.example"' },
		{ name: "an internal host", body: "db7.eu.prod.internal is slow", found: '"db7.eu.prod.internal"' },
		{ name: "localhost", body: "localhost answers", found: '"localhost"' },
		{ name: "an IPv4 address", body: "10.20.30.40 is down", found: '"10.20.30.40"' },
		{ name: "an IPv6 address", body: "from 2001:db8:1:2:3:4:5:6", found: '"2001:db8:1:2:3:4:5:6"' },
		{ name: "a short IPv6 address", body: "from fe80::1", found: '"fe80::"' },
		{ name: "an SLO's id", body: "policy-create is low", found: '"policy-create"' },
		{ name: "a metric's name", body: "policy.create counts", found: '"policy.create"' },
		{ name: "a burn rate", body: "The burn rate is high", found: '"burn rate"' },
		{ name: "a burn rate as a factor", body: "It burns at 14.4× now", found: '"14.4×"' },
		{ name: "an error budget", body: "Your error budget is gone", found: '"error budget"' },
		{ name: "a name of staff", body: "M. Ito works on it", found: '"m. ito"' },
		{ name: "an unfilled template", body: "Dear {{ tenant }}", found: '"{{"' },
	])("$name", ({ body, found }) => {
		const messages = leaksIn(body).map((finding) => finding.message);
		expect(messages.some((message) => message.startsWith(`${found} is `))).toBe(true);
	});
});

describe("the customer may read", () => {
	test.each([
		{ name: "its own name", body: "Woodgrove Bank (woodgrove, 3f2a9c1e-77aa) is affected.", tenant: "woodgrove" },
		{ name: "its own name that holds another's", body: "Contoso Pharma is affected.", tenant: "contoso-pharma" },
		{ name: "times and dates", body: "Since 22 Nov 2026, 02:58 CET (01:58 UTC).", tenant: "woodgrove" },
		{ name: "plain words", body: "Policy creation fails. Next update by 04:00: we call you.", tenant: "woodgrove" },
		{ name: "words that hold a name", body: "The electricity powerhouse is fine.", tenant: "woodgrove" },
		{ name: "small words that are also names in capitals", body: "It is at 3 bp.", tenant: "woodgrove" },
		{ name: "its own name of two capitals", body: "BP is affected.", tenant: "bp" },
		{ name: "percentages", body: "94.1% of 1,000 requests", tenant: "woodgrove" },
	])("$name", ({ body, tenant }) => {
		expect(leaksIn(body, tenant)).toEqual([]);
	});
});

test("another's name beside one's own that holds it is still found", () => {
	expect(leaksIn("Contoso Pharma and Contoso are affected.", "contoso-pharma").map((finding) => finding.place)).toEqual(
		["body:1"],
	);
});

test("the CSAM may read internals, but no other tenant", () => {
	const body = `Burn rate 14.4×, ${publicUrl}/incidents/INC-1\nLike City Power.`;
	expect(leaksIn(body, "woodgrove", "csam").map((finding) => finding.place)).toEqual(["body:2"]);
});

test("the place counts lines, of the subject too", () => {
	const notice = {
		tenant: "woodgrove",
		audience: "customer" as const,
		subject: "At City Power",
		body: "a\nb\n10.0.0.1",
	};
	expect(findLeaks(catalogue, notice, publicUrl).map((finding) => finding.place)).toEqual(["subject:1", "body:3"]);
});
