export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const WEEK_MS = 7 * DAY_MS;

const UNIT_MS: Readonly<Record<string, number>> = {
	ms: 1,
	s: SECOND_MS,
	m: MINUTE_MS,
	h: HOUR_MS,
	d: DAY_MS,
	w: WEEK_MS,
};

/**
 * Milliseconds of a duration as people write it in the catalogue: `90s`, `5m`, `1h30m`, `28d`, `4w`.
 * Undefined when the text is not such a duration; the caller knows the place and says so.
 */
export function parseDuration(text: string): number | undefined {
	const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)];
	if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text) return undefined;
	return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit as string] as number), 0);
}

/** The shortest catalogue form: `28d`, `1h30m`, `0s`. */
export function formatDuration(ms: number): string {
	let rest = ms;
	let text = "";
	for (const unit of ["d", "h", "m", "s", "ms"] as const) {
		const count = Math.floor(rest / (UNIT_MS[unit] as number));
		rest -= count * (UNIT_MS[unit] as number);
		if (count > 0) text += `${count}${unit}`;
	}
	return text || "0s";
}

/** For people: two largest units, `2 h 14 min`, `52 s`, `3 d 1 h`. */
export function describeDuration(ms: number): string {
	const total = Math.max(0, Math.round(ms / SECOND_MS));
	const units: ReadonlyArray<readonly [number, string]> = [
		[Math.floor(total / 86_400), "d"],
		[Math.floor((total % 86_400) / 3_600), "h"],
		[Math.floor((total % 3_600) / 60), "min"],
		[total % 60, "s"],
	];
	const first = units.findIndex(([count]) => count > 0);
	if (first < 0) return "0 s";
	return units
		.slice(first, first + 2)
		.filter(([count]) => count > 0)
		.map(([count, unit]) => `${count} ${unit}`)
		.join(" ");
}
