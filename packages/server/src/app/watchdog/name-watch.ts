import { lookup as systemLookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Catalogue } from "#catalogue";

/** Looks up the names that pages need. A name that fails twice in a row is told; names that do not exist are not ours to judge. */
export interface NameWatch {
	/** Names that could not be looked up now and the time before. */
	look(names: readonly string[]): Promise<string[]>;
}

const TIMEOUT_MS = 4_000;
const MOST_NAMES = 20;

export function createNameWatch(lookup: (name: string) => Promise<unknown> = (name) => systemLookup(name)): NameWatch {
	const failed = new Set<string>();
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
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<boolean>((resolve) => {
			timer = setTimeout(() => resolve(false), TIMEOUT_MS);
		});
		const answer = await Promise.race([asked, late]);
		clearTimeout(timer);
		return answer;
	}

	return {
		async look(names) {
			const wanted = names.slice(0, MOST_NAMES);
			const answers = await Promise.all(wanted.map(isResolved));
			const failing = wanted.filter((_, index) => answers[index] === false);
			const twice = failing.filter((name) => failed.has(name));
			failed.clear();
			for (const name of failing) failed.add(name);
			return twice;
		},
	};
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
