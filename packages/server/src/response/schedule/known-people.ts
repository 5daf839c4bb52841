import type { Person } from "#catalogue";
import type { OnCallState } from "./types.ts";

const cleansed = new WeakMap<OnCallState, { readonly people: readonly Person[]; readonly state: OnCallState }>();

/**
 * The state without people whom the catalogue no longer has: an override that puts nobody else on call is as none, for
 * a page to somebody who left reaches nobody. Without a list of people everybody counts.
 */
export function ofKnownPeople(people: readonly Person[] | undefined, state: OnCallState): OnCallState {
	if (!people || (state.overrides.length === 0 && state.events.length === 0)) return state;
	const before = cleansed.get(state);
	if (before?.people === people) return before.state;
	const known = new Set(people.map(({ name }) => name));
	const result: OnCallState = {
		...state,
		overrides: state.overrides.flatMap((override) => {
			const there = override.people.filter((person) => known.has(person));
			return there.length > 0 ? { ...override, people: there } : [];
		}),
		events: state.events.filter(({ person }) => known.has(person)),
	};
	cleansed.set(state, { people, state: result });
	return result;
}
