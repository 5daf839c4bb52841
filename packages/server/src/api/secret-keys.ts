import { timingSafeEqual } from "node:crypto";

/** The keys behind a secret: all that hold now, one a line, so that a sender can change them without a gap. */
export function keysOf(secrets: string): string[] {
	return secrets
		.split(/\r?\n/)
		.map((line) => line.trim())
		.filter((line) => line !== "");
}

/** Takes the same time whatever is wrong. */
export function isEqual(a: Buffer, b: Buffer): boolean {
	return a.length === b.length && timingSafeEqual(a, b);
}
