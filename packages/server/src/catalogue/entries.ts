import { explain } from "./explain.ts";
import type { Findings } from "./finding.ts";
import { apiVersionOf, type Input, KINDS, type Kind, UNUSED_KINDS } from "./kinds.ts";
import type { SourceDocument } from "./source.ts";
import type { Place } from "./types.ts";
import { oneOf, type Path, show, suggest } from "./wording.ts";

/** A document whose shape is right. `path` leads to `spec`-like content inside the document for messages. */
export interface Entry<K extends Kind = Kind> {
	readonly kind: K;
	readonly name: string;
	readonly input: Input<K>;
	readonly document: SourceDocument;
}

/** Right entries by kind, and the names of wrong ones: a reference to those is no second error. */
export class Entries {
	readonly #byKind = new Map<Kind, Entry[]>();
	readonly #broken = new Map<Kind, Set<string>>();
	/** Names in documents of which not even the kind could be told. */
	readonly lost = new Set<string>();

	add(entry: Entry): void {
		const list = this.#byKind.get(entry.kind) ?? [];
		list.push(entry);
		this.#byKind.set(entry.kind, list);
	}

	addBroken(kind: Kind, name: string): void {
		const names = this.#broken.get(kind) ?? new Set();
		this.#broken.set(kind, names.add(name));
	}

	of<K extends Kind>(kind: K): Entry<K>[] {
		return (this.#byKind.get(kind) ?? []) as Entry<K>[];
	}

	broken(kind: Kind): ReadonlySet<string> {
		return this.#broken.get(kind) ?? new Set();
	}

	/** Anything broken of these kinds: then "there is none" cannot be said. */
	hasBroken(...kinds: Kind[]): boolean {
		return kinds.some((kind) => this.broken(kind).size > 0);
	}
}

/** Checks the shape of every document against the schema of its kind, and that names are unique within a kind. */
export function readEntries(documents: readonly SourceDocument[], findings: Findings): Entries {
	const entries = new Entries();
	const first = new Map<string, Place>();
	for (const document of documents) {
		const kind = kindOf(document, findings);
		if (!kind) {
			const name = nameOf(document.value);
			if (name !== undefined) entries.lost.add(name);
			continue;
		}
		const schema = KINDS[kind].schema;
		const parsed = schema.safeParse(document.value);
		const name = kind === "Settings" || kind === "KeyTenantList" ? "" : nameOf(document.value);
		if (!parsed.success) {
			const told = new Set<string>();
			for (const each of parsed.error.issues.flatMap((issue) => explain(schema, issue, document.value))) {
				// An empty text breaks two rules at once; it is one mistake.
				if (told.has(each.message)) continue;
				told.add(each.message);
				findings.error(document.place(each.path, each.at), each.message, each.remedy);
			}
			entries.addBroken(kind, name ?? "");
			for (const inner of kind === "KeyTenantList" ? listNames(document.value) : [])
				entries.addBroken("KeyTenant", inner);
			continue;
		}
		if (name !== undefined && (name !== "" || kind === "Settings")) {
			const path: Path = name === "" ? ["kind"] : ["metadata", "name"];
			if (!claim(first, `${kind} ${name}`, document.place(path), kind, name, findings)) continue;
		}
		entries.add({ kind, name: name ?? "", input: parsed.data, document } as Entry);
	}
	return entries;
}

/** True when nobody had the name before; else the second place is reported, naming the first. */
export function claim(
	first: Map<string, Place>,
	key: string,
	place: Place,
	kind: Kind,
	name: string,
	findings: Findings,
): boolean {
	const before = first.get(key);
	if (!before) {
		first.set(key, place);
		return true;
	}
	const what = name === "" ? kind : `${kind} ${show(name)}`;
	const remedy = name === "" ? "Keep one." : "Give one of the two another name, or remove it.";
	findings.error(place, `${what} is already at ${before.file}:${before.line}.`, remedy);
	return false;
}

function kindOf(document: SourceDocument, findings: Findings): Kind | undefined {
	const value = document.value;
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		findings.error(
			document.place([]),
			`The document ${show(value)} is not an object.`,
			"Begin with apiVersion and kind.",
		);
		return undefined;
	}
	const { apiVersion, kind } = value as Record<string, unknown>;
	const missing = (["apiVersion", "kind"] as const).find(
		(key) => (value as Record<string, unknown>)[key] === undefined,
	);
	if (missing) {
		const remedy =
			missing === "kind"
				? `Write kind: ${oneOf(kindsOf(apiVersion))}.`
				: "Write bellwether/v1, or openslo/v1 for SLOs.";
		findings.error(document.place([]), `${missing} is missing.`, remedy);
		return undefined;
	}
	if (apiVersion !== "bellwether/v1" && apiVersion !== "openslo/v1") {
		const remedy = suggest(typeof apiVersion === "string" ? apiVersion : "", ["bellwether/v1", "openslo/v1"], "");
		findings.error(document.place(["apiVersion"]), `apiVersion ${show(apiVersion)} is unknown.`, remedy);
		return undefined;
	}
	if (apiVersion === "openslo/v1" && (UNUSED_KINDS as readonly unknown[]).includes(kind)) {
		findings.warn(
			document.place(["kind"]),
			`kind ${show(kind)} is not used.`,
			"Write a bellwether/v1 Monitor to say what pages.",
		);
		return undefined;
	}
	if (typeof kind !== "string" || !Object.hasOwn(KINDS, kind)) {
		const remedy = suggest(typeof kind === "string" ? kind : "", kindsOf(apiVersion), "");
		findings.error(document.place(["kind"]), `kind ${show(kind)} is unknown.`, remedy);
		return undefined;
	}
	const right = apiVersionOf(kind as Kind);
	if (right !== apiVersion) {
		findings.error(
			document.place(["apiVersion"]),
			`kind "${kind}" does not belong to ${apiVersion}.`,
			`Write apiVersion: ${right}.`,
		);
		return undefined;
	}
	return kind as Kind;
}

function kindsOf(apiVersion: unknown): Kind[] {
	const kinds = Object.keys(KINDS) as Kind[];
	const own = kinds.filter((kind) => apiVersionOf(kind) === apiVersion);
	return own.length > 0 ? own : kinds;
}

function nameOf(value: unknown): string | undefined {
	const name = (value as { metadata?: { name?: unknown } | null } | null)?.metadata?.name;
	return typeof name === "string" ? name : undefined;
}

function listNames(value: unknown): string[] {
	const tenants = (value as { spec?: { tenants?: unknown } | null }).spec?.tenants;
	return Array.isArray(tenants) ? tenants.map((each) => String((each as { name?: unknown } | null)?.name ?? "")) : [];
}
