import { MINUTE_MS } from "@bellwether/model";
import { bounded } from "./assemble-oncall.ts";
import type { Entry } from "./entries.ts";
import type { Context } from "./references.ts";
import { OWNERSHIP_STEPS, type Ownership, PARTIES, type Party, type PartyPart } from "./routing-types.ts";
import type { Workload } from "./types.ts";
import { count, oneOf, type Path, pathText, show } from "./wording.ts";

const DEFAULT_TAKE_WITHIN_MS = 30 * MINUTE_MS;
const MAX_TAKE_WITHIN_MS = 7 * 24 * 60 * MINUTE_MS;

/** The register: who does what for which workload. Two A or none is an error, a step or a party left open a warning. */
export function assembleOwnership(context: Context, workloads: readonly Workload[]): Ownership[] {
	const entries = context.entries.of("Ownership");
	const first = new Map<string, Entry<"Ownership">>();
	const register = entries.map((entry) => {
		const { workload } = entry.input.spec;
		context.refer(["Workload", "Service"], workload, entry.document, ["spec", "workload"]);
		const before = first.get(workload);
		if (before) {
			const { file, line } = before.document.place(["spec", "workload"]);
			const message = `Workload ${show(workload)} already has an owner at ${file}:${line}.`;
			context.error(entry, ["spec", "workload"], message, "Keep one Ownership per workload.");
		} else first.set(workload, entry);
		return assembleOne(
			context,
			entry,
			workloads.find((each) => each.name === workload),
		);
	});
	if (entries.length > 0 && context.complete("Ownership")) warnWithout(context, new Set(first.keys()));
	return register;
}

function warnWithout(context: Context, owned: ReadonlySet<string>): void {
	for (const entry of context.entries.of("Workload")) {
		if (owned.has(entry.name)) continue;
		const message = `Workload ${show(entry.name)} is in no Ownership, so it is open who does what for it.`;
		context.warn(entry, ["metadata", "name"], message, "Write an Ownership with spec.workload of this name.");
	}
}

function assembleOne(context: Context, entry: Entry<"Ownership">, workload: Workload | undefined): Ownership {
	const { spec } = entry.input;
	if (workload?.raci !== undefined) {
		const message = `Workload ${show(workload.name)} says in spec.raci too who does what.`;
		context.error(entry, ["spec", "raci"], message, "Remove spec.raci of the workload.", "key");
	}
	const { file, line } = entry.document.place(["metadata", "name"]);
	const parties = PARTIES.flatMap((name) => {
		const written = spec.parties?.[name];
		return written ? [assembleParty(context, entry, name, written)] : [];
	});
	const steps = OWNERSHIP_STEPS.flatMap((step) => {
		const written = spec.raci[step];
		if (!written) {
			const message = `${show(entry.name)} says of nobody who is accountable for step ${step}.`;
			context.warn(entry, ["spec", "raci"], message, `Write ${step}: with exactly one A (or RA).`, "key");
			return [];
		}
		const parts = PARTIES.flatMap((party): PartyPart[] => {
			const part = written[party];
			return part ? [{ party, part: part === "AR" ? "RA" : part }] : [];
		});
		checkParts(context, entry, ["spec", "raci", step], parts);
		return [{ step, parts }];
	});
	checkParties(context, entry, parties, steps);
	return {
		name: entry.name,
		place: `${file}:${line}`,
		workload: spec.workload,
		team: spec.team ?? workload?.owner ?? "unassigned",
		parties,
		steps,
	};
}

type WrittenParty = {
	readonly team?: string | undefined;
	readonly escalation?: string | undefined;
	readonly takeWithin?: string | undefined;
};

function assembleParty(context: Context, entry: Entry<"Ownership">, name: Party["name"], written: WrittenParty): Party {
	const path = ["spec", "parties", name];
	if (written.escalation !== undefined && written.escalation !== "default")
		context.refer(["EscalationPolicy"], written.escalation, entry.document, [...path, "escalation"]);
	const at = [...path, "takeWithin"];
	return {
		name,
		team: written.team ?? name,
		...(written.escalation === undefined ? {} : { escalation: written.escalation }),
		takeWithinMs: bounded(
			context,
			entry,
			at,
			written.takeWithin,
			DEFAULT_TAKE_WITHIN_MS,
			MINUTE_MS / 60,
			MAX_TAKE_WITHIN_MS,
		),
	};
}

/** With nobody accountable nobody decides, with two nobody does either; without R nobody does it. */
function checkParts(context: Context, entry: Entry<"Ownership">, path: Path, parts: readonly PartyPart[]): void {
	const accountable = parts.filter(({ part }) => part.includes("A")).map(({ party }) => party);
	if (accountable.length !== 1) {
		const who =
			accountable.length === 0
				? "no accountable party"
				: `${count(accountable.length, "accountable party", "accountable parties")} (${accountable.join(", ")})`;
		context.error(entry, path, `${pathText(path)} has ${who}.`, "Give exactly one party an A (or RA).", "key");
	}
	if (parts.some(({ part }) => part.includes("R"))) return;
	const message = `${pathText(path)} has nobody who does it.`;
	context.warn(entry, path, message, "Give a party an R (or RA).", "key");
}

function checkParties(
	context: Context,
	entry: Entry<"Ownership">,
	parties: readonly Party[],
	steps: Ownership["steps"],
): void {
	for (const party of parties) {
		if (steps.some(({ parts }) => parts.some((part) => part.party === party.name))) continue;
		const path = ["spec", "parties", party.name];
		const message = `${pathText(path)} has no part in any step.`;
		context.warn(entry, path, message, "Give it a part in spec.raci, or remove it.", "key");
	}
	// Whoever must mend it, or answer for the response, has to be reachable.
	for (const { step, parts } of steps) {
		if (step !== "respond") continue;
		const deaf = parts
			.filter(({ part }) => part.includes("A") || part.includes("R"))
			.map(({ party }) => party)
			.filter((name) => parties.find((party) => party.name === name)?.escalation === undefined);
		if (deaf.length === 0) continue;
		const path = ["spec", "raci", step];
		const message = `${pathText(path)} gives a part to ${oneOf(deaf)}, who cannot be paged.`;
		context.warn(entry, path, message, `Write spec.parties.${deaf[0]}.escalation.`, "key");
	}
}
