import { randomBytes } from "node:crypto";
import type { Clock } from "@bellwether/model";
import type { Ids } from "./types.ts";

/** Crockford's base 32, lower case: keeps the order of what it encodes, and no letter looks like a digit. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;

/**
 * Ids such as `inc_01k9…`: 48 bits of time, then 80 random bits. Within one process they always ascend, also within
 * a millisecond and when the wall clock steps back, so that "order by id" is the order of making.
 */
export function systemIds(clock: Clock): Ids {
	let lastMs = 0;
	let tail = new Uint8Array(RANDOM_DIGITS);
	return {
		next(prefix) {
			const now = clock.now();
			if (now > lastMs) {
				lastMs = now;
				tail = randomBytes(RANDOM_DIGITS).map((byte) => byte & 31);
			} else {
				increment(tail);
			}
			return `${prefix}_${timeDigits(lastMs)}${[...tail].map((digit) => ALPHABET[digit]).join("")}`;
		},
		secret: (bytes) => randomBytes(bytes).toString("hex"),
	};
}

/** Ids that count up: `inc_000001`. For tests and replay, where the same run must give the same ids. */
export function sequenceIds(): Ids {
	let ids = 0;
	let secrets = 0;
	return {
		next: (prefix) => `${prefix}_${String(++ids).padStart(6, "0")}`,
		secret: (bytes) =>
			(++secrets)
				.toString(16)
				.padStart(bytes * 2, "0")
				.slice(-bytes * 2),
	};
}

function timeDigits(ms: number): string {
	let rest = ms;
	let text = "";
	for (let digit = 0; digit < TIME_DIGITS; digit++) {
		text = ALPHABET[rest % 32] + text;
		rest = Math.floor(rest / 32);
	}
	return text;
}

function increment(digits: Uint8Array): void {
	for (let at = digits.length - 1; at >= 0; at--) {
		const digit = ((digits[at] ?? 0) + 1) & 31;
		digits[at] = digit;
		if (digit !== 0) return;
	}
}
