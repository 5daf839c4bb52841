import { createColors } from "picocolors";
import { VERSION } from "../app/version.ts";
import { type CommandOptions, EXIT } from "./command-options.ts";
import type { Check } from "./doctor/check.ts";
import { checkCatalogue, checkData, checkPort, checkVersion } from "./doctor/machine.ts";
import { checkServer } from "./doctor/server.ts";

export interface DoctorOptions extends Omit<CommandOptions, "dir"> {
	readonly url?: string | undefined;
	readonly token?: string | undefined;
	readonly catalogue?: string | undefined;
	readonly data?: string | undefined;
	readonly host: string;
	readonly port: number;
	readonly otlpPort: number;
	readonly now: () => number;
}

/**
 * Looks at a server, or at what one would be started with, and says what is wrong and what to do. 0: nothing fails
 * (warnings are told), 1: something fails, 2: nothing was named, 3: the server was not reached.
 */
export async function runDoctor(options: DoctorOptions): Promise<number> {
	const { url, token, catalogue, data, json, out } = options;
	if (url === undefined && catalogue === undefined && data === undefined) {
		out("Name what to look at: --url ADDRESS of a running server, or --catalogue DIR and --data DIR before a start.\n");
		return EXIT.usage;
	}
	const checks: Check[] = [checkVersion(VERSION, process.versions.node)];
	if (catalogue !== undefined) checks.push(...(await checkCatalogue(catalogue, { withPages: url === undefined })));
	if (data !== undefined) {
		const { checks: found, holder } = checkData(data);
		checks.push(...found);
		// With an address the server runs, here or elsewhere: its ports are its own.
		if (url === undefined) {
			checks.push(await checkPort(options.host, options.port, "--port", holder));
			checks.push(await checkPort(options.host, options.otlpPort, "--otlp-port", holder));
		}
	}
	const server = url === undefined ? undefined : await checkServer({ url, token, version: VERSION, now: options.now });
	checks.push(...(server?.checks ?? []));
	const count = (state: Check["state"]) => checks.filter((check) => check.state === state).length;
	const exitCode = server?.isReached === false ? EXIT.unreachable : count("fail") > 0 ? EXIT.findings : EXIT.fine;
	const totals = { ok: count("ok"), warn: count("warn"), fail: count("fail") };
	if (json) out(`${JSON.stringify({ status: exitCode === EXIT.fine ? "fine" : "findings", ...totals, checks })}\n`);
	else out(doctorText(checks, totals, options.colour));
	return exitCode;
}

function doctorText(
	checks: readonly Check[],
	totals: Readonly<Record<Check["state"], number>>,
	colour: boolean,
): string {
	const paint = createColors(colour);
	const mark = { ok: paint.green, warn: paint.yellow, fail: paint.red };
	const width = Math.max(...checks.map(({ name }) => name.length));
	const lines = checks.map(({ name, state, says, remedy }) => {
		const line = `${mark[state](state.padEnd(4))} ${name.padEnd(width)}  ${says}\n`;
		return remedy === "" ? line : `${line}${" ".repeat(width + 7)}${remedy}\n`;
	});
	return `${lines.join("")}${totals.ok} ok, ${totals.warn} to look at, ${totals.fail} failed.\n`;
}
