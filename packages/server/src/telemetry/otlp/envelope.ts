import type { Wire } from "../intake/wire.ts";
import type { Attribute, Selection } from "../selection/selection.ts";
import { eachField, readKeyValue, readScope, type Scope } from "./attributes.ts";
import { attributesOf, type Json, list, optional, text } from "./json.ts";

/** Where spans or log records come from: their resource and their scope. Read when something asks for it. */
export interface Origin {
	resource(): readonly Attribute[];
	/** The key tenant that the resource names; 0: none, -1: two. */
	tenant(): number;
	scope(): Scope;
}

/**
 * Walks the shape that export requests of traces and logs share: resources (field 1), their scopes (2), their records (2).
 * Calls `read` with the cursor at each record's beginning.
 */
export function eachRecord(wire: Wire, selection: Selection, read: (origin: Origin, end: number) => void): void {
	eachField(wire, 0x0a, 0, wire.bytes.length, (resourceEnd) => {
		const from = wire.at;
		const origin = new WireOrigin(wire, selection, rangesOf(wire, from, resourceEnd));
		eachField(wire, 0x12, from, resourceEnd, (scopeEnd) => {
			const at = wire.at;
			origin.enterScope(rangesOf(wire, at, scopeEnd));
			eachField(wire, 0x12, at, scopeEnd, (end) => read(origin, end));
		});
	});
}

class WireOrigin implements Origin {
	readonly #wire: Wire;
	readonly #selection: Selection;
	readonly #resourceRanges: readonly number[];
	#scopeRanges: readonly number[] = [];
	#resource: Attribute[] | undefined;
	#tenant: number | undefined;
	#scope: Scope | undefined;

	constructor(wire: Wire, selection: Selection, resourceRanges: readonly number[]) {
		this.#wire = wire;
		this.#selection = selection;
		this.#resourceRanges = resourceRanges;
	}

	enterScope(ranges: readonly number[]): void {
		this.#scopeRanges = ranges;
		this.#scope = undefined;
	}

	resource(): readonly Attribute[] {
		if (this.#resource) return this.#resource;
		const wire = this.#wire;
		const back = wire.at;
		const attributes: Attribute[] = [];
		for (let k = 0; k < this.#resourceRanges.length; k += 2)
			eachField(wire, 0x0a, this.#resourceRanges[k] as number, this.#resourceRanges[k + 1] as number, (end) => {
				attributes.push(readKeyValue(wire, end, 0));
			});
		wire.at = back;
		this.#resource = attributes;
		return attributes;
	}

	tenant(): number {
		this.#tenant ??= this.#selection.tenantOf(this.resource());
		return this.#tenant;
	}

	scope(): Scope {
		this.#scope ??= readScope(this.#wire, this.#scopeRanges);
		return this.#scope;
	}
}

/** [from, to) of every occurrence of field 1, flat. */
function rangesOf(wire: Wire, from: number, end: number): number[] {
	const ranges: number[] = [];
	eachField(wire, 0x0a, from, end, (to) => {
		ranges.push(wire.at, to);
	});
	return ranges;
}

/** The same of OTLP's JSON form; `kind` is Spans or Logs, `records` their list's name. */
export function eachJsonRecord(
	request: Json,
	kind: "Spans" | "Logs",
	records: "spans" | "logRecords",
	selection: Selection,
	read: (origin: Origin, record: Json) => void,
): void {
	for (const ofResource of list(request, `resource${kind}`)) {
		const resource = attributesOf(optional(ofResource, "resource"));
		const tenant = selection.tenantOf(resource);
		for (const ofScope of list(ofResource, `scope${kind}`)) {
			const described = optional(ofScope, "scope");
			const scope = {
				name: text(described, "name"),
				version: text(described, "version"),
				attributes: attributesOf(described),
			};
			const origin = { resource: () => resource, tenant: () => tenant, scope: () => scope };
			for (const record of list(ofScope, records)) read(origin, record);
		}
	}
}
