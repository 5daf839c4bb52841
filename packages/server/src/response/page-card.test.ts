import { expect, onTestFinished, test } from "vitest";
import type { Person } from "#catalogue";
import { breachOpened, exampleCatalogue, exampleEvidence, START } from "../../testing/catalogue.ts";
import { openRooms } from "../../testing/rooms.ts";
import { pageCard } from "./page-card.ts";

const CATALOGUE = exampleCatalogue();
const [ADA] = CATALOGUE.people as readonly [Person, ...Person[]];

async function cardOf(breach: Parameters<typeof breachOpened>[1] = {}, catalogue = CATALOGUE) {
	const { open, incident, remove } = await openRooms(catalogue);
	onTestFinished(() => remove());
	await open(breachOpened("woodgrove", breach));
	const opened = (await incident("INC-1001")) ?? expect.unreachable();
	return pageCard(opened, ADA, catalogue, { publicUrl: "https://b.example/", now: START });
}

test("a card says who and what, then the facts as the person reads them, then where to go", async () => {
	expect(await cardOf()).toEqual({
		short: "Woodgrove Bank: policy creation fails",
		sentence:
			"94.1% of policy creations by Woodgrove Bank succeed since 01:58 (01:58 UTC). Objective 99.9%, platform 99.96%.",
		facts: [
			{ label: "Severity", value: "2.5" },
			{ label: "Tenant", value: "Woodgrove Bank" },
			{ label: "Workload", value: "Policy" },
			{ label: "Now", value: "94.1%" },
			{ label: "Platform", value: "99.96%" },
			{ label: "Objective", value: "99.9%" },
			{ label: "Since", value: "01:58 (01:58 UTC)" },
		],
		incidentUrl: "https://b.example/incidents/INC-1001",
		runbookUrl: "https://b.example/incidents/INC-1001#runbook",
		acknowledge: { url: "https://b.example/p/INC-1001" },
	});
});

test("a workload without a runbook has no link to one", async () => {
	const workloads = CATALOGUE.workloads.map((workload) => ({ ...workload, runbook: [] }));
	expect(await cardOf({}, exampleCatalogue({ workloads }))).not.toHaveProperty("runbookUrl");
	const runbook = { name: "r", displayName: "R", text: "Look.", notes: {}, for: { slos: [], workloads: [] } };
	const fits = { ...runbook, for: { ...runbook.for, sliKinds: ["availability" as const] } };
	const other = { ...runbook, for: { ...runbook.for, sliKinds: ["latency" as const] } };
	expect(await cardOf({}, exampleCatalogue({ workloads, runbooks: [other, fits] }))).toHaveProperty("runbookUrl");
	expect(await cardOf({}, exampleCatalogue({ workloads, runbooks: [other] }))).not.toHaveProperty("runbookUrl");
});

test("a test, and tenants from whom nothing comes, have no figures to show", async () => {
	const drill = exampleEvidence({ drill: { by: "ada" }, says: "A test of the monitor burn, asked for by ada." });
	const absence = exampleEvidence({ absence: { answer: "tenant-stopped", tenants: 1 }, says: "Since 01:58." });
	for (const evidence of [drill, absence]) {
		const { facts } = await cardOf({ evidence });
		expect(facts.map(({ label }) => label)).toEqual([
			"Severity",
			"Tenant",
			"Workload",
			expect.stringMatching(/Since|Detected/),
		]);
	}
});
