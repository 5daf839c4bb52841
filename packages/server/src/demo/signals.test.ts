import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readCatalogue } from "#catalogue";
import { SIGNALS } from "./signals.ts";

const { catalogue, findings } = await readCatalogue(
	fileURLToPath(new URL("../../../../examples/demo", import.meta.url)),
);

describe("what the demo sends", () => {
	it("is described by a catalogue without errors, in which nothing can leave the machine", () => {
		expect(findings.filter((finding) => finding.level === "error")).toEqual([]);
		expect(catalogue?.settings.smtp).toBeUndefined();
		expect(catalogue?.channels.filter((channel) => channel.kind === "webhook")).toEqual([]);
		expect(new Set(catalogue?.people.flatMap((person) => person.contacts.map((contact) => contact.channel)))).toEqual(
			new Set(["phone-panel"]),
		);
	});

	it("has one signal for each SLO, no more", () => {
		expect(SIGNALS.map((signal) => signal.slo).sort()).toEqual(catalogue?.slos.map((slo) => slo.name).sort());
	});

	it.each(SIGNALS.map((signal) => [signal.slo, signal] as const))("is selected by %s as it is sent", (name, signal) => {
		const slo = catalogue?.slos.find((each) => each.name === name);
		const { shape } = signal;
		expect(slo).toMatchObject({
			workload: signal.workload,
			objective: signal.objective,
			periodMs: 28 * 86_400_000,
			indicator: {
				kind: "ratio",
				numerator: "good",
				total: { metric: signal.metric, where: [] },
				part:
					shape.kind === "counter"
						? { metric: signal.metric, where: [{ name: shape.attribute, op: "=", values: [shape.good] }] }
						: { metric: signal.metric, le: shape.goodUpTo },
			},
		});
	});
});
