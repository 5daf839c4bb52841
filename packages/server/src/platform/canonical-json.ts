/** JSON with sorted keys and no spaces: equal values give equal bytes, so that they can be hashed. `undefined` is left out. */
export function canonicalJson(value: unknown): string {
	return JSON.stringify(value, (_key, part: unknown) => {
		if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
		const entries = Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
		// A Map would not be written, and a plain object would take "__proto__" for its prototype.
		return Object.assign(Object.create(null), Object.fromEntries(entries));
	});
}
