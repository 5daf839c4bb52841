import { DAY_MS, HOUR_MS } from "@bellwether/model";
import { expect, test } from "vitest";
import { parseCatalogue } from "#catalogue";
import { phoneTree } from "./phone-tree.ts";

const MONDAY = Date.UTC(2026, 10, 23, 9);

function catalogueOf(text: string) {
	const { catalogue, findings } = parseCatalogue([{ path: "all.yaml", text }]);
	if (!catalogue) throw new Error(JSON.stringify(findings));
	return catalogue;
}

const CATALOGUE = catalogueOf(`
apiVersion: bellwether/v1
kind: Person
metadata: { name: ada, displayName: "Ada | <b>" }
spec: { timeZone: Europe/Berlin, contacts: [ { channel: phone-panel, address: "+49301234567" } ] }
---
apiVersion: bellwether/v1
kind: Person
metadata: { name: bob, displayName: Bob }
spec: { timeZone: UTC, contacts: [ { channel: mail, address: bob@example.com } ] }
---
apiVersion: bellwether/v1
kind: Schedule
metadata: { name: cre, displayName: CRE }
spec: { timeZone: UTC, startsAt: 2026-11-23T09:00:00Z, shift: 1d, people: [ada, bob] }
---
apiVersion: bellwether/v1
kind: EscalationPolicy
metadata: { name: default }
spec:
  repeatEvery: 5m
  acknowledgeWithin: 15m
  steps: [ { after: 0s, notify: { schedule: cre } }, { after: 10m, notify: { person: bob } } ]
---
apiVersion: bellwether/v1
kind: Workload
metadata: { name: mail, displayName: Mail }
spec: { owner: mail-team }
`);

test("says who is on call now and in the next seven days, in what order they are called, and when it was written", () => {
	const sheet = phoneTree(CATALOGUE, MONDAY);
	expect(sheet).toContain("Written 2026-11-23 09:00 UTC. On-call below holds until 2026-11-30 09:00 UTC");
	for (let day = 0; day < 7; day++) {
		const date = new Date(MONDAY + day * DAY_MS).toISOString().slice(0, 10);
		expect(sheet).toContain(`| ${date} 09:00 UTC | CRE | primary | ${day % 2 === 0 ? "Ada" : "Bob"}`);
	}
	expect(sheet).toContain("1. after 0s: primary of CRE\n2. after 10m: Bob");
	expect(sheet).toContain("| Mail | mail-team | none |");
});

test("names ways to reach people without giving a telephone number away, and lets no name break the page", () => {
	const sheet = phoneTree(CATALOGUE, MONDAY);
	expect(sheet).toContain("phone-panel …4567");
	expect(sheet).not.toContain("301234567");
	expect(sheet).toContain("Ada \\| &lt;b&gt; (ada)");
	expect(sheet).toContain("mail bob@example.com");
});

test("lists what was open when it was written, and says nothing of it when that is not known", () => {
	expect(phoneTree(CATALOGUE, MONDAY)).not.toContain("## Open when");
	expect(phoneTree(CATALOGUE, MONDAY, { openIncidents: [] })).toContain("No incident was open.");
	const open = {
		id: "INC-1",
		severity: "2.5",
		state: "detected",
		title: "Contoso: sign-in",
		detectedAt: MONDAY - HOUR_MS,
	};
	expect(phoneTree(CATALOGUE, MONDAY, { openIncidents: [open] })).toContain(
		"| INC-1 | 2.5 | detected | 2026-11-23 08:00 UTC | Contoso: sign-in |",
	);
});

test("of an empty catalogue it still says what to do", () => {
	const sheet = phoneTree(catalogueOf(""), MONDAY);
	expect(sheet).toContain("No schedule is configured.");
	expect(sheet).toContain("bellwether doctor");
});
