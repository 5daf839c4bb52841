import { describe, expect, it } from "vitest";
import type { CellState } from "../api-types.ts";
import { arrange, place } from "./order.ts";

/** "a! b~ c? d" reads: a in breach, b at risk, c without data, d healthy. */
function rows(text: string) {
	const states: Record<string, CellState> = { "!": "breach", "~": "at-risk", "?": "no-data", "": "healthy" };
	return text.split(" ").map((word) => ({ name: word[0] ?? "", worst: states[word.slice(1)] ?? "healthy" }));
}

const line = (shown: { order: readonly string[]; attention: number }) =>
	`${shown.order.slice(0, shown.attention).join("")}|${shown.order.slice(shown.attention).join("")}`;

describe("rows while nobody touches the grid", () => {
	it("stand as the server orders them, with those that need action first", () => {
		expect(line(place(arrange(rows("a b c")), rows("c! b~ a"), false).shown)).toBe("cb|a");
	});
	it("leave nothing waiting", () => {
		expect(place(arrange(rows("a b c")), rows("c! b~ a"), false).waiting).toBe(0);
	});
});

describe("rows under a pointer or focus", () => {
	it.each([
		["stay when one comes to be at risk", "a! b c d", "a! d~ b c", "a|bcd", 1],
		["stay when one recovers", "a! b~ c d", "a! c d b", "ab|cd", 1],
		["stay when a breach becomes a risk", "a! b! c", "b! a~ c", "ab|c", 1],
		["let a new breach in at once, below older breaches", "a! b~ c d", "a! d! b~ c", "adb|c", 0],
		["let a new breach in above a recovered one", "a! b c", "c! a b", "ca|b", 1],
		["let several breaches in, in the server's order", "a b c d", "d! c! a b", "dc|ab", 0],
		["let a row leave", "a! b~ c d", "a! c d", "a|cd", 0],
		["let a new quiet row join at the end", "a! b c", "a! d b c", "a|bcd", 1],
		["let a new row in breach enter on top", "a b", "n! a b", "n|ab", 0],
		["do not move when only numbers change", "a! b~ c d", "a! b~ c d", "ab|cd", 0],
	])("%s", (_, before, after, order, waiting) => {
		const result = place(arrange(rows(before)), rows(after), true);
		expect(line(result.shown)).toBe(order);
		expect(result.waiting).toBe(waiting);
	});

	it("keep their places over many updates until somebody asks", () => {
		let shown = arrange(rows("a! b~ c d e"));
		let waiting = 0;
		for (const update of ["b~ a c d e", "b~ c~ a d e", "c~ d~ a b e"]) {
			({ shown, waiting } = place(shown, rows(update), true));
			expect(line(shown)).toBe("ab|cde");
		}
		expect(waiting).toBe(4);
		expect(line(place(shown, rows("c~ d~ a b e"), false).shown)).toBe("cd|abe");
	});

	it("are arranged when nothing was shown before", () => {
		expect(line(place({ order: [], attention: 0, breached: new Set() }, rows("a! b"), true).shown)).toBe("a|b");
	});
});
