import { Option } from "commander";
import { duration, hostAndPort, portNumber } from "./argument-kinds.ts";
import { common, err, finish, out, program, serverOptions, stopSignal, terminal } from "./command-line.ts";

/** For who runs a server: whether it is well, its data, who may sign in. */
export function addOperatorCommands(): void {
	serverOptions(
		program
			.command("doctor")
			.description("look at a running server, or at what one would be started with: what is wrong, and what to do"),
		false,
	)
		.option("--catalogue <dir>", "folder of a catalogue")
		.option("--data <dir>", "data folder")
		.option("--host <address>", "address that would be bound", "127.0.0.1")
		.option("--port <number>", "port that would be bound", portNumber, 8080)
		.option("--otlp-port <number>", "telemetry port that would be bound", portNumber, 4318)
		.option("--json", "answer as JSON")
		.addHelpText(
			"after",
			"\nExit codes: 0 nothing fails, 1 something fails, 2 nothing was named, 3 the server was not reached.",
		)
		.action(async (options) => {
			const { runDoctor } = await import("./doctor-command.ts");
			return finish(await runDoctor({ ...options, ...common("", options), now: Date.now }));
		});

	program
		.command("watch")
		.description("on another machine: wait for a server's heartbeats, and page without it when they stay away")
		.option("--url <address>", "console address of the server; it is asked for its heartbeat")
		.option("--listen <host:port>", "or where its heartbeats are sent to (spec.watchdog.heartbeat)", hostAndPort)
		.addOption(
			new Option("--within <duration>", "a heartbeat must come this often").argParser(duration).default(60_000, "60s"),
		)
		.option("--page <url...>", "webhooks that are told")
		.option("--page-secret-file <path>", "key that signs what webhooks are told (Standard Webhooks)")
		.option("--mail <address...>", "mail addresses that are told; needs --smtp and --mail-from")
		.option("--smtp <host:port>", "mail server", hostAndPort)
		.option("--mail-from <address>", "sender of the mail")
		.option("--secret-file <path>", "key of the heartbeats' signature; without it they are taken unsigned")
		.addOption(
			new Option("--repeat <duration>", "while it is missing, tell again this often")
				.argParser(duration)
				.default(300_000, "5m"),
		)
		.addOption(
			new Option("--max-skew <duration>", "clocks may differ by this much").argParser(duration).default(30_000, "30s"),
		)
		.option("--json", "print what happens as lines of JSON")
		.action(async (options) => {
			const { runWatch, watchOptions } = await import("./watch-command.ts");
			return finish(await runWatch({ ...watchOptions(options), out, err, stop: stopSignal() }));
		});

	program
		.command("verify")
		.argument("<dir>", "data folder, also of a running server, or a backup")
		.description("read everything that is stored and say what is damaged, cut or does not add up")
		.option("--json", "answer as JSON")
		.action(async (dir, options) =>
			finish(await (await import("./verify-command.ts")).runVerify({ ...common(dir, options), terminal: terminal() })),
		);

	program
		.command("backup")
		.argument("<dir>", "data folder, also of a running server")
		.requiredOption("--out <dir>", "new folder for the backup; what it holds is as confidential as the data folder")
		.description("copy a data folder as it stands at one moment")
		.option("--json", "answer as JSON")
		.action(async (dir, options) =>
			finish(
				await (await import("./backup-command.ts")).runBackup({
					...common(dir, options),
					target: options.out,
					terminal: terminal(),
				}),
			),
		);

	program
		.command("restore")
		.argument("<dir>", "folder that bellwether backup wrote")
		.requiredOption("--data <dir>", "new data folder")
		.description("make a data folder of a backup; what waited to be sent then is not sent again")
		.option("--json", "answer as JSON")
		.action(async (dir, options) =>
			finish(
				await (await import("./backup-command.ts")).runRestore({
					...common(dir, options),
					target: options.data,
					terminal: terminal(),
				}),
			),
		);

	serverOptions(program.command("token").description("make a token for a person or a program"), true)
		.requiredOption("--name <name>", "whose it is; stands in timelines and the audit log")
		.addOption(
			new Option("--role <role>", "what it may do")
				.choices(["admin", "responder", "viewer", "agent", "ingest"])
				.makeOptionMandatory(),
		)
		.option("--tenants <name...>", "key tenants it may see, for the roles responder, viewer and agent; without: all")
		.option("--ttl <duration>", "how long it is good, such as 90d; without: until it is revoked", duration)
		.option("--json", "answer as JSON")
		.action(async ({ ttl, ...options }) => {
			const { runToken } = await import("./token-command.ts");
			return finish(await runToken({ ...common("", options), ...options, ttlMs: ttl }));
		});
}
