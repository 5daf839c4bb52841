import { lookup as systemLookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Catalogue } from "#catalogue";

/** Looks up the names that pages need. */
export interface NameWatch {
	/** Names that could not be looked up, twice within seconds. That a name does not exist is not ours to judge. */
	look(names: readonly string[]): Promise<string[]>;
}

const TIMEOUT_MS = 2_000;
const AGAIN_AFTER_MS = 1_000;
const MOST_NAMES = 20;

export function createNameWatch(
	lookup: (name: string) => Promise<unknown> = (name) => systemLookup(name),
	againAfterMs = AGAIN_AFTER_MS,
): NameWatch {
	/** A look-up that hangs holds one of the few threads for them: none is begun beside it. */
	const underWay = new Map<string, Promise<boolean>>();

	async function isResolved(name: string): Promise<boolean> {
		const asked =
			underWay.get(name) ??
			lookup(name)
				.then(() => true)
				.catch((error: NodeJS.ErrnoException) => error.code === "ENOTFOUND")
				.finally(() => underWay.delete(name));
		underWay.set(name, asked);
		return (await within(asked, TIMEOUT_MS)) ?? false;
	}

	async function failing(names: readonly string[]): Promise<string[]> {
		const answers = await Promise.all(names.map(isResolved));
		return names.filter((_, index) => answers[index] === false);
	}

	return {
		async look(names) {
			const once = await failing(names.slice(0, MOST_NAMES));
			if (once.length === 0) return [];
			await new Promise((resolve) => setTimeout(resolve, againAfterMs));
			return failing(once);
		},
	};
}

/** Undefined: it took too long. */
export async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<undefined>((resolve) => {
		timer = setTimeout(() => resolve(undefined), ms);
	});
	const answer = await Promise.race([work, late]);
	clearTimeout(timer);
	return answer;
}

/** Hosts by name that pages and heartbeats go to. */
export function namesOf(catalogue: Catalogue, heartbeatUrls: readonly string[]): string[] {
	const addresses = catalogue.people.flatMap(({ contacts }) => contacts.map(({ address }) => address));
	const hosts = [...addresses, ...heartbeatUrls].flatMap((text) =>
		/^https?:/.test(text) && URL.canParse(text) ? [new URL(text).hostname] : [],
	);
	const { smtp } = catalogue.settings;
	const all = new Set([...hosts, ...(smtp ? [smtp.host] : [])]);
	return [...all].filter((name) => name !== "localhost" && isIP(name.replace(/^\[|\]$/g, "")) === 0).sort();
}
