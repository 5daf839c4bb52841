/** What names begin with that belong to the system itself, for checking itself: no name of a catalogue can. */
const OWN_PREFIX = "!";

export function isOwnName(name: string): boolean {
	return name.startsWith(OWN_PREFIX);
}
