import { z } from "zod";
import * as f from "./fields.ts";

export const MAX_RUNBOOK_LENGTH = 60_000;

const markdown = (about: string, max: number) =>
	f.worded(
		z
			.string()
			.min(1)
			.max(max)
			// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
			.regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]*$/)
			.describe(about),
		`is not a text of 1 to ${max} characters`,
		"Shorten it and leave control characters out; a longer one goes into several runbooks.",
	);

export const Runbook = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Runbook"),
	metadata: z
		.strictObject({
			name: f.name("Name by which others refer to it; unique within its kind."),
			displayName: f.text("Name for people. Default: the name.", 120).optional(),
		})
		.describe("Names."),
	spec: z.strictObject({
		text: markdown(
			"What to do, in Markdown; list items that begin with [ ] are a checklist. Either this or file.",
			MAX_RUNBOOK_LENGTH,
		).optional(),
		file: f.text("Markdown file of the catalogue, such as runbooks/sign-in.md. Either this or text.", 300).optional(),
		for: z
			.strictObject({
				slos: z.array(f.name("SLO.")).min(1).max(1_000).describe("For breaches of these SLOs.").optional(),
				sliKinds: z
					.array(
						f.choice(
							["availability", "latency", "freshness", "throughput", "correctness", "saturation"],
							"Kind of SLI.",
						),
					)
					.min(1)
					.max(6)
					.describe("For breaches of SLIs of these kinds.")
					.optional(),
				workloads: z
					.array(f.name("Workload."))
					.min(1)
					.max(1_000)
					.describe("For breaches of these workloads.")
					.optional(),
			})
			.describe("What it is for; each of these is enough."),
		tenants: z
			.record(f.name("Key tenant."), markdown("Markdown.", 4_000))
			.describe("Key tenant to what is to be known about it, in Markdown; shown beside the text.")
			.optional(),
	}),
});

export const IncidentSettings = z
	.strictObject({
		reopenWithin: f
			.duration(
				"An incident can be taken up again for so long after it came to rest, by a person or by its signal, from 0s to 1d. Default: 1h.",
			)
			.optional(),
	})
	.describe("Life of incidents.");
