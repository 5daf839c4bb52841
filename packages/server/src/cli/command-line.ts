import { Command, Option } from "commander";
import { VERSION } from "../app/version.ts";
import { webAddress } from "./argument-kinds.ts";
import type { CommandOptions } from "./command-options.ts";

export const out = (text: string) => void process.stdout.write(text);
export const err = (text: string) => void process.stderr.write(text);

export const program = new Command("bellwether")
	.description(
		"Customer Reliability Engineering: finds the key tenant that is down while the platform is green, pages, and tells the customer first.",
	)
	.option("--no-colour", "no colours, as with the environment variable NO_COLOR")
	.addOption(new Option("--no-color").hideHelp())
	.version(VERSION, "-V, --version", "print the version")
	.showHelpAfterError("See bellwether --help.")
	.exitOverride()
	.configureOutput({ writeOut: out, writeErr: err })
	.addHelpText(
		"after",
		`
To begin:
  bellwether demo                      see it work; nothing leaves this machine
  bellwether init my-catalogue         write a catalogue to change
  bellwether validate my-catalogue     check it
  bellwether serve --catalogue my-catalogue --data my-data
  bellwether doctor --url http://127.0.0.1:8080    see what is wrong, and what to do

Exit codes: 0 fine, 1 findings or refused, 2 wrong usage, 3 server not reached or ended by itself.`,
	);

/** Address of the server that a verb speaks to, and the token for it. */
export function serverOptions(command: Command, isNeeded: boolean): Command {
	return command
		.addOption(
			new Option("--url <address>", "address of the running server")
				.argParser(webAddress)
				.env("BELLWETHER_URL")
				.makeOptionMandatory(isNeeded),
		)
		.addOption(
			new Option("--token <token>", "admin token; better in the environment, where other users do not see it")
				.env("BELLWETHER_TOKEN")
				.makeOptionMandatory(isNeeded),
		);
}

/** What every verb is told; `dir`: the folder that it is about, if any. */
export function common(dir: string, options: { readonly json?: boolean }): CommandOptions {
	const { colour: isWanted, color } = program.opts<{ colour: boolean; color: boolean }>();
	const isAsked = isWanted && color;
	const colour = isAsked && process.stdout.isTTY === true && !process.env.NO_COLOR;
	return { dir, json: options.json === true, colour, out };
}

/** Where progress is shown. */
export function terminal() {
	return { isTerminal: process.stderr.isTTY === true, err, now: () => performance.now() };
}

export function finish(exitCode: number): void {
	process.exitCode = exitCode;
}

/** Aborts when somebody wants the process to end. */
export function stopSignal(): AbortSignal {
	const stop = new AbortController();
	for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stop.abort());
	return stop.signal;
}
