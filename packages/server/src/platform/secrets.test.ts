import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { resolveSecret } from "./secrets.ts";

function fileHolding(text: string): string {
	const folder = mkdtempSync(join(tmpdir(), "bellwether-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const path = join(folder, "secret");
	writeFileSync(path, text);
	return path;
}

test("an environment variable and a file are read, the file without its last line break", () => {
	expect(resolveSecret("$" + "{env:SMTP_PASSWORD}", { SMTP_PASSWORD: "hunter2" })).toBe("hunter2");
	expect(resolveSecret(`\${file:${fileHolding("hunter2\n")}}`)).toBe("hunter2");
	expect(resolveSecret(`\${file:${fileHolding(" hunter 2\r\n")}}`)).toBe(" hunter 2");
});

test.each([
	{ reference: `\${env:NOT_SET}`, message: `the secret \${env:NOT_SET} is missing: set that environment variable` },
	{ reference: `\${env:EMPTY}`, message: `the secret \${env:EMPTY} is empty: give it a value` },
	{
		reference: `\${file:/does/not/exist}`,
		message: `the secret \${file:/does/not/exist} is missing: create that file, readable by this user`,
	},
])("$reference: $message", ({ reference, message }) => {
	expect(() => resolveSecret(reference, { EMPTY: "" })).toThrow(message);
});

test.each(["hunter2", `\${vault:hunter2}`, `x\${env:hunter2}`, ""])(
	"%j is no reference, and the error does not repeat it",
	(text) => {
		let message = "";
		try {
			resolveSecret(text);
		} catch (error) {
			message = (error as Error).message;
		}
		expect(message).toContain("is given as a reference");
		expect(message).not.toContain("hunter2");
	},
);
