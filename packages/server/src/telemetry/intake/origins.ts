import type { Accounting, Protocol } from "../types.ts";
import { PROTOCOLS } from "./reasons.ts";

/** Kinds of senders that nobody named: the protocol says all that is known of them. */
export type SenderKind = "otlp" | "remote-write" | "events";

const UNNAMED: Readonly<Record<Accounting["protocol"], SenderKind | "import" | "pull">> = {
	"otlp-protobuf": "otlp",
	"otlp-json": "otlp",
	"otlp-traces": "otlp",
	"otlp-logs": "otlp",
	"remote-write-1": "remote-write",
	"remote-write-2": "remote-write",
	events: "events",
	import: "import",
	pull: "pull",
};

/** The source of requests that name none. */
export function unnamedSource(protocol: Accounting["protocol"]): string {
	return UNNAMED[protocol];
}

/** Kind of sender that a protocol belongs to. */
export function senderKind(protocol: Exclude<Protocol, "pull">): SenderKind {
	return UNNAMED[protocol] as SenderKind;
}

/** Books are kept per source and protocol up to this many; what comes from still more sources is in one book, "other". */
export const MAX_ORIGINS = 256;
const OTHER = "other";

export interface Origin {
	readonly source: string;
	/** Number of the protocol. */
	readonly protocol: number;
}

/**
 * Where requests come from, as numbers: source and protocol. The first ones are the unnamed source of each protocol, so
 * there an origin is its protocol's number. They mean nothing beyond this process: the journal names sources by their text.
 */
export class Origins {
	readonly #origins: Origin[] = [];
	readonly #bySource = new Map<string, number>();

	constructor() {
		for (const [protocol, name] of PROTOCOLS.entries()) this.#add(unnamedSource(name), protocol);
	}

	get count(): number {
		return this.#origins.length;
	}

	of(source: string | undefined, protocol: number): number {
		if (source === undefined) return protocol;
		const known = this.#bySource.get(`${protocol} ${source}`);
		if (known !== undefined) return known;
		const isFull = this.count >= MAX_ORIGINS - PROTOCOLS.length;
		return isFull && source !== OTHER ? this.of(OTHER, protocol) : this.#add(source, protocol);
	}

	at(origin: number): Origin {
		return this.#origins[origin] as Origin;
	}

	#add(source: string, protocol: number): number {
		const origin = this.#origins.length;
		this.#origins.push({ source, protocol });
		this.#bySource.set(`${protocol} ${source}`, origin);
		return origin;
	}
}
