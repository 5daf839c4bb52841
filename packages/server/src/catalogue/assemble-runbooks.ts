import type { Entry } from "./entries.ts";
import { MAX_RUNBOOK_LENGTH } from "./kinds-runbook.ts";
import { type Context, displayName, record, sortedSet } from "./references.ts";
import type { Runbook, SliKind } from "./types.ts";
import { show, suggest } from "./wording.ts";

/** Runbooks with their text, whether it stands in them or in a file of its own. */
export function assembleRunbooks(context: Context): Runbook[] {
	const read = new Set<string>();
	const runbooks = context.entries.of("Runbook").map((entry): Runbook => {
		const { spec } = entry.input;
		const linked = spec.for;
		linked.slos?.forEach((name, k) => {
			context.refer(["SLO"], name, entry.document, ["spec", "for", "slos", k]);
		});
		linked.workloads?.forEach((name, k) => {
			context.refer(["Workload", "Service"], name, entry.document, ["spec", "for", "workloads", k]);
		});
		for (const name of Object.keys(spec.tenants ?? {})) {
			context.refer(["KeyTenant"], name, entry.document, ["spec", "tenants", name], "key");
		}
		if (!linked.slos && !linked.workloads && !linked.sliKinds) {
			const message = `spec.for is empty, so no incident would show ${show(entry.name)}.`;
			context.error(entry, ["spec", "for"], message, "Write slos, workloads or sliKinds.", "key");
		}
		if (spec.file !== undefined) read.add(spec.file);
		return {
			name: entry.name,
			displayName: displayName(entry),
			text: textOf(context, entry),
			for: {
				slos: sortedSet(linked.slos ?? []),
				sliKinds: sortedSet(linked.sliKinds ?? []) as SliKind[],
				workloads: sortedSet(linked.workloads ?? []),
			},
			notes: record(
				Object.entries(spec.tenants ?? {})
					.map(([tenant, text]) => [tenant, text.trim()] as const)
					.toSorted(([a], [b]) => (a < b ? -1 : 1)),
			),
		};
	});
	if (context.complete("Runbook")) {
		for (const path of context.texts.keys()) {
			if (read.has(path)) continue;
			const remedy = `Write a document of kind Runbook with file: ${path}, or remove it.`;
			context.findings.warn({ file: path, line: 1, column: 1 }, "No Runbook names this file.", remedy);
		}
	}
	return runbooks;
}

function textOf(context: Context, entry: Entry<"Runbook">): string {
	const { text, file } = entry.input.spec;
	if ((text === undefined) === (file === undefined)) {
		const says = text === undefined ? "has neither text nor file" : "has both text and file";
		const message = `Runbook ${show(entry.name)} ${says}.`;
		context.error(entry, ["spec"], message, "Write the Markdown under text, or name its file.", "key");
		return "";
	}
	if (text !== undefined) return text.trim();
	const found = context.texts.get(file as string);
	if (found === undefined) {
		const message = `spec.file ${show(file as string)} is no file of the catalogue.`;
		const remedy = suggest(file as string, [...context.texts.keys()], "Write the file, such as runbooks/sign-in.md.");
		context.error(entry, ["spec", "file"], message, remedy);
		return "";
	}
	const trimmed = found.replace(/^\uFEFF/, "").trim();
	const place = { file: file as string, line: 1, column: 1 };
	if (trimmed === "") context.findings.error(place, "The file is empty.", "Write what to do.");
	if (trimmed.length > MAX_RUNBOOK_LENGTH) {
		const message = `The file has ${trimmed.length} characters, more than ${MAX_RUNBOOK_LENGTH}.`;
		context.findings.error(place, message, "Split it into several runbooks.");
	}
	return trimmed;
}
