import { readFileSync } from "node:fs";

const REFERENCE = /^\$\{(env|file):([^}]+)\}$/;

/**
 * The value behind `${env:NAME}` or `${file:/path}`, read anew at each use so that a rotated secret needs no restart.
 * Throws with the reference's name, never with a value: text that is no reference may itself be a secret.
 */
export function resolveSecret(
	reference: string,
	env: Readonly<Record<string, string | undefined>> = process.env,
): string {
	const [, kind, name] = REFERENCE.exec(reference) ?? [];
	if (!kind || !name) {
		throw new Error(`a secret is given as a reference: write \${env:NAME} or \${file:/path}, not the secret itself`);
	}
	const value = kind === "env" ? env[name] : readSecretFile(name);
	if (value === undefined) {
		const remedy = kind === "env" ? "set that environment variable" : "create that file, readable by this user";
		throw new Error(`the secret \${${kind}:${name}} is missing: ${remedy}`);
	}
	if (value === "") throw new Error(`the secret \${${kind}:${name}} is empty: give it a value`);
	return value;
}

function readSecretFile(path: string): string | undefined {
	try {
		// Editors and `echo` end a file with a line break that is no part of the secret.
		return readFileSync(path, "utf8").replace(/\r?\n$/, "");
	} catch {
		return undefined;
	}
}
