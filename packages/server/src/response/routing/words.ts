/** `2026-11-23 16:05 UTC`. */
export function utc(at: number): string {
	return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `10 s`, `5 min`, `4 h`. */
export function span(ms: number): string {
	if (ms % 3_600_000 === 0 && ms > 0) return `${ms / 3_600_000} h`;
	if (ms % 60_000 === 0 && ms > 0) return `${ms / 60_000} min`;
	return `${Math.round(ms / 1_000)} s`;
}

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
	return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

const MOST_NAMED = 20;

/** Incidents by id and title, `, `-separated; beyond 20 how many more: a page is read on a phone. */
export function namesOf(incidents: readonly { readonly id: string; readonly title: string }[]): string {
	const named = incidents.slice(0, MOST_NAMED).map(({ id, title }) => `${id} (${title})`);
	const more = incidents.length - named.length;
	return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}
