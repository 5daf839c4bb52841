import { resolveSecret } from "#platform";

/** What is wrong with a secret's reference; undefined: its value is there. The value itself is never told. */
export function secretFault(reference: string): string | undefined {
	try {
		resolveSecret(reference);
		return undefined;
	} catch (error) {
		return (error as Error).message;
	}
}
