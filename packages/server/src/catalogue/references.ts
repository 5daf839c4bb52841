import type { Entries, Entry } from "./entries.ts";
import type { Findings } from "./finding.ts";
import type { Kind } from "./kinds.ts";
import { writtenSlos } from "./slo-names.ts";
import type { SourceDocument } from "./source.ts";
import { nearest, type Path, pathText, show, suggest } from "./wording.ts";

/** What every step of the assembly sees: right entries, the place for complaints, and which names exist. */
export class Context {
	readonly entries: Entries;
	readonly findings: Findings;
	/** Where values are written, `file:line` by `kind/name/field`. */
	readonly places = new Map<string, string>();
	readonly #unreadable: ReadonlySet<string>;
	readonly #builtIn: Readonly<Partial<Record<Kind, readonly string[]>>>;

	/** Markdown files by path. */
	readonly texts: ReadonlyMap<string, string>;

	/** `unreadable`: names that stand in files that are no YAML; whatever they are, a reference to them is no second error. */
	constructor(
		entries: Entries,
		findings: Findings,
		unreadable: ReadonlySet<string>,
		texts: ReadonlyMap<string, string> = new Map(),
	) {
		this.texts = texts;
		this.entries = entries;
		this.findings = findings;
		this.#unreadable = unreadable;
		this.#builtIn = { Channel: ["phone-panel", "mail"], DataSource: ["otlp"] };
	}

	/** Reports a reference to something that does not exist. True when the name is good or can be good. */
	refer(
		kinds: readonly Kind[],
		name: string,
		document: SourceDocument,
		path: Path,
		at: "key" | "value" = "value",
	): boolean {
		const known = kinds.flatMap((kind) => this.names(kind));
		if (known.includes(name) || this.#unreadable.has(name)) return true;
		if (this.entries.lost.has(name)) return true;
		// A document whose name itself is wrong, such as Purview, is what purview means.
		if (kinds.some((kind) => nearest(name, this.entries.broken(kind)) !== undefined)) return true;
		const where = at === "key" ? pathText(path.slice(0, -1)) : pathText(path);
		const remedy = suggest(
			name,
			[...new Set(known)].toSorted(),
			`Write a document of kind ${kinds[0]} with this name.`,
		);
		const message =
			at === "key"
				? `${where} names the unknown ${kinds[0]} ${show(name)}.`
				: `${where} ${show(name)} is not a known ${kinds[0]}.`;
		this.findings.error(document.place(path, at), message, remedy);
		return false;
	}

	names(kind: Kind): string[] {
		return [...(this.#builtIn[kind] ?? []), ...this.#listed(kind), ...this.entries.of(kind).map((entry) => entry.name)];
	}

	#listed(kind: Kind): string[] {
		if (kind === "SLO") return writtenSlos(this.entries).flatMap(({ name, index }) => (index > 0 ? name : []));
		if (kind !== "KeyTenant") return [];
		return this.entries.of("KeyTenantList").flatMap((entry) => entry.input.spec.tenants.map((tenant) => tenant.name));
	}

	/** False when a document of these kinds, or any file, could not be read: then "there is none" cannot be said. */
	complete(...kinds: Kind[]): boolean {
		return this.#unreadable.size === 0 && !this.entries.hasBroken(...kinds);
	}

	/** Remembers where a value is written that may differ from tenant to tenant. */
	note(key: string, document: SourceDocument, path: Path): void {
		const { file, line } = document.place(path, "key");
		this.places.set(key, `${file}:${line}`);
	}

	error(
		entry: { document: SourceDocument },
		path: Path,
		message: string,
		remedy: string,
		at: "key" | "value" = "value",
	): void {
		this.findings.error(entry.document.place(path, at), message, remedy);
	}

	warn(
		entry: { document: SourceDocument },
		path: Path,
		message: string,
		remedy: string,
		at: "key" | "value" = "value",
	): void {
		this.findings.warn(entry.document.place(path, at), message, remedy);
	}
}

export function displayName(entry: Entry): string {
	const metadata = entry.input.metadata as { displayName?: string | undefined } | undefined;
	return metadata?.displayName ?? entry.name;
}

/** A record without a prototype, so that a name such as `toString` finds nothing that was not written. */
export function record<T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> {
	const result: Record<string, T> = Object.create(null);
	for (const [key, value] of entries) result[key] = value;
	return result;
}

export function sortedSet(values: Iterable<string>): string[] {
	return [...new Set(values)].toSorted();
}
