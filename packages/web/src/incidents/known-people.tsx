import { useQuery } from "@tanstack/react-query";
import { onCallQuery } from "../api.ts";

/** Names to choose from: who is or will be on call. Others can be written. */
export function KnownPeople({ id }: { readonly id: string }) {
	const onCall = useQuery(onCallQuery);
	const names = new Map<string, string>();
	for (const { person, personDisplayName, next, nextDisplayName } of onCall.data?.schedules ?? []) {
		if (person !== null) names.set(person, personDisplayName ?? person);
		if (next !== null) names.set(next, nextDisplayName ?? next);
	}
	return (
		<datalist id={id}>
			{[...names].map(([name, displayName]) => (
				<option key={name} value={name}>
					{displayName}
				</option>
			))}
		</datalist>
	);
}
