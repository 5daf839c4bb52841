import { parseDuration } from "@bellwether/model";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { FORMATS } from "#catalogue";
import { VERSION } from "../app/version.ts";
import { SCENARIOS } from "../demo/scenario-names.ts";
import { type CommandOptions, EXIT } from "./command-options.ts";

/** The command line: one verb per command file, which is loaded only when it runs. */

const out = (text: string) => void process.stdout.write(text);
const err = (text: string) => void process.stderr.write(text);

const program = new Command("bellwether")
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

program
	.command("serve")
	.description("everything in one process: telemetry in, detection, pages, notices, console")
	.requiredOption("--catalogue <dir>", "folder of the catalogue")
	.requiredOption("--data <dir>", "folder of the data; made when missing")
	.option("--host <address>", "address to bind; one that others can reach needs --token-file", "127.0.0.1")
	.option("--port <number>", "console and API; 0 picks a free one", portNumber, 8080)
	.option("--otlp-port <number>", "telemetry alone; 0 picks a free one", portNumber, 4318)
	.option("--grpc-port <number>", "OTLP/gRPC as well; 0 picks a free one; usual is 4317", portNumber)
	.addOption(
		new Option("--token-file <path>", "file with the operator's admin token, for its owner alone").env(
			"BELLWETHER_TOKEN_FILE",
		),
	)
	.option("--status-dir <dir>", "where phone-tree.md and status.json are written each minute; default: the data folder")
	.option("--demo", "say in the console that the data are a demo's")
	.addOption(
		new Option("--log-level <level>", "what goes to standard error")
			.choices(["fatal", "error", "warn", "info", "debug", "silent"])
			.default("warn"),
	)
	.option("--json", "print one line of JSON when ready")
	.action(async (options) => {
		const { takeEarly } = await import("../app/early-start.ts");
		const { compileCacheDir, warmWorker } = takeEarly(options.data);
		const { runServe } = await import("./serve-command.ts");
		const asked = { demo: options.demo === true, json: options.json === true };
		return finish(await runServe({ ...options, ...asked, out, err, compileCacheDir, warmWorker }));
	});

program
	.command("demo")
	.description("the product with a fleet of 50 tenants; after a minute something breaks, such as one tenant")
	.addOption(new Option("--scenario <name>", "what happens").choices(SCENARIOS).default("tenant-outage"))
	.option("--seed <number>", "the same seed gives the same fleet and events", wholeNumber, 1)
	.option("--port <number>", "console and API; 0 picks a free one", portNumber, 8080)
	.option("--otlp-port <number>", "telemetry; 0 picks a free one", portNumber, 4318)
	.option("--data <dir>", "keep the data there; otherwise they go at the end")
	.addOption(
		new Option("--break-after <duration>", "how long all is well first").argParser(duration).default(60_000, "60s"),
	)
	.option("--json", "print one line of JSON when ready")
	.action(async ({ breakAfter, ...options }) => {
		const { runDemo } = await import("./demo-command.ts");
		const stop = new AbortController();
		for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stop.abort());
		return finish(
			await runDemo({ ...options, json: options.json === true, breakAfterMs: breakAfter, out, err, stop: stop.signal }),
		);
	});

program
	.command("init")
	.argument("[dir]", "folder to write to", ".")
	.description("write a commented, valid starter catalogue")
	.option("--json", "answer as JSON")
	.action(async (dir, options) => finish(await (await import("./init-command.ts")).runInit(common(dir, options))));

program
	.command("validate")
	.argument("<dir>", "folder of the catalogue")
	.description("check a catalogue offline: all errors at once, with file, line and column")
	.option("--json", "answer as JSON")
	.action(async (dir, options) =>
		finish(await (await import("./validate-command.ts")).runValidate(common(dir, options))),
	);

program
	.command("explain")
	.argument("<dir>", "folder of the catalogue")
	.description("show which objective and monitor values hold for a tenant, and where each is written")
	.option("--tenant <name>", "key tenant; without it the fleet")
	.option("--slo <name>", "SLO; without it all that the tenant uses")
	.option("--json", "answer as JSON")
	.action(async (dir, { tenant, slo, ...options }) =>
		finish(await (await import("./explain-command.ts")).runExplain({ ...common(dir, options), tenant, slo })),
	);

const routeCommand = program.command("route").description("what the routes of a catalogue do");
routeCommand
	.command("test")
	.argument("<facts...>", "of the incident: tenant=…, workload=…, slo=…, severity=…, monitor=…")
	.description("explain who would be paged and told for an incident, and why; offline, from files")
	.option("--dir <dir>", "folder of the catalogue", ".")
	.option("--at <time>", "ISO 8601; default: now")
	.option("--json", "answer as JSON")
	.action(async (facts, { dir, at, ...options }) => {
		const { runRouteTest } = await import("./route-command.ts");
		return finish(await runRouteTest({ ...common(dir, options), facts, at, now: Date.now() }));
	});

serverOptions(
	program
		.command("test-monitor")
		.argument("<monitor>", "monitor of the running server")
		.description("fire a monitor as a test: somebody is paged, and the page says TEST"),
	true,
)
	.requiredOption("--tenant <name>", "key tenant that it fires on")
	.requiredOption("--slo <name>", "SLO that it fires on")
	.option("--json", "answer as JSON")
	.action(async (monitor, options) => {
		const { runTestMonitor } = await import("./test-monitor-command.ts");
		return finish(await runTestMonitor({ ...common("", options), ...options, monitor, json: options.json === true }));
	});

const pageCommand = program.command("page").description("try the ways by which people are paged");
serverOptions(
	pageCommand
		.command("test")
		.argument("<person>", "name of a Person of the running catalogue, or me")
		.description(
			"send a real page, marked as a test, by each of a person's contacts, and tell what each receiver said",
		),
	true,
)
	.option("--channel <name>", "only by this channel")
	.addOption(
		new Option("--wait <duration>", "how long to wait for the receivers' answers")
			.argParser(duration)
			.default(30_000, "30s"),
	)
	.option("--json", "answer as JSON")
	.addHelpText(
		"after",
		"\nExit codes: 0 every message was taken, 1 one was not, 2 wrong usage, 3 the server was not reached.",
	)
	.action(async (person, { wait, ...options }) => {
		const { runPageTest } = await import("./page-test-command.ts");
		return finish(
			await runPageTest({ ...common("", options), ...options, person, waitMs: wait, json: options.json === true }),
		);
	});

program
	.command("backtest")
	.argument("<dir>", "folder of the catalogue")
	.description("print what its monitors would have claimed over stored counts, with the engine that runs live")
	.requiredOption("--data <dir>", "data folder of a server, also one in use, or a backup; it is not written")
	.option("--from <time>", "ISO 8601; default: a day before --to")
	.option("--to <time>", "ISO 8601; default: the newest counts")
	.option("--json", "answer as JSON")
	.action(async (dir, { data: dataDir, from, to, ...options }) =>
		finish(
			await (await import("./backtest-command.ts")).runBacktest({
				...common(dir, options),
				dataDir,
				from,
				to,
				now: Date.now(),
				terminal: terminal(),
			}),
		),
	);

serverOptions(
	program
		.command("plan")
		.argument("<dir>", "folder of the catalogue")
		.description("show what apply would change on the server at --url; without it, what the catalogue holds"),
	false,
)
	.option("--json", "answer as JSON")
	.action(async (dir, options) => {
		const { runPlan } = await import("./plan-command.ts");
		if (options.url === undefined) return finish(await runPlan(common(dir, options)));
		const { fetchRunning } = await import("./running-catalogue.ts");
		const running = await fetchRunning(options);
		if (running.status === "failed") {
			err(`bellwether: ${running.message}\n`);
			return finish(running.exitCode);
		}
		return finish(await runPlan({ ...common(dir, options), running: running.catalogue }));
	});

serverOptions(
	program
		.command("apply")
		.argument("<dir>", "folder of the catalogue")
		.description("make a running server use this catalogue: all of it or nothing"),
	true,
)
	.option("--json", "answer as JSON")
	.action(async (dir, options) =>
		finish(
			await (await import("./apply-command.ts")).runApply({
				...common(dir, options),
				url: options.url,
				token: options.token,
			}),
		),
	);

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
		const stop = new AbortController();
		for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stop.abort());
		return finish(await runWatch({ ...watchOptions(options), out, err, stop: stop.signal }));
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

program
	.command("schemas")
	.argument("[dir]", "folder to write to", "schemas")
	.description("write JSON Schemas of the catalogue's kinds, for editors")
	.option("--json", "answer as JSON")
	.action(async (dir, options) =>
		finish(await (await import("./schemas-command.ts")).runSchemas(common(dir, options))),
	);

// A format that has no catalogue of its own (events) is one more subcommand of `import`.
const importCommand = program.command("import").description("turn other tools' files into catalogue files");
for (const format of FORMATS) {
	if (!format.import) continue;
	importCommand
		.command(format.name)
		.argument("<file...>", "files to read")
		.description(format.import.about)
		.option("--out <dir>", "folder of a catalogue, new or existing; without it the documents are printed")
		.option("--dry-run", "say what would be written, and write nothing")
		.option("--period <duration>", "period of SLOs whose file names none, such as 28d", duration)
		.option("--workload <name>", "workload of SLOs whose file names none")
		.option("--json", "answer as JSON")
		.action(async (paths, { out: outDir, dryRun, period, workload, ...options }) => {
			const { runImport } = await import("./import-command.ts");
			const shared = common("", options);
			return finish(
				await runImport({ ...shared, format, paths, outDir, isDryRun: dryRun === true, periodMs: period, workload }),
			);
		});
}
importCommand
	.command("ical")
	.argument("<source>", "file, or https address")
	.description("events of a calendar as a schedule of single shifts; titles name people, [L3] in one is the priority")
	.requiredOption("--catalogue <dir>", "folder of the catalogue whose people the titles name")
	.option("--schedule <name>", "name of the schedule", "imported")
	.option("--zone <zone>", "time zone of the schedule and of whole-day events", "UTC")
	.option("--override", "the shifts win over all other layers")
	.option("--days <count>", "how far ahead recurrences are expanded", wholeNumber, 365)
	.option("--out <file>", "file to write; without it the document is printed")
	.option("--json", "answer as JSON")
	.action(async (source, { catalogue, schedule, zone, override, days, out: outFile, ...options }) => {
		const { runImportIcal } = await import("./import-ical-command.ts");
		const { dir: _dir, ...shared } = common("", options);
		return finish(
			await runImportIcal({
				...shared,
				source,
				catalogueDir: catalogue,
				schedule,
				timeZone: zone,
				isOverride: override === true,
				days,
				outFile,
				now: Date.now(),
			}),
		);
	});

serverOptions(
	importCommand
		.command("events")
		.argument("<file...>", "CSV or NDJSON files with the columns tenant, slo, at, good, bad, total")
		.description("send history to a running server; run again, it goes on where it stopped and counts nothing twice"),
	false,
)
	.option("--map <column=field...>", "what a column holds, such as customer=tenant; note=- leaves one out")
	.option("--dry-run", "read and check the files, and send nothing")
	.option("--json", "answer as JSON")
	.action(async (paths, { map = [], dryRun, url, token, ...options }) => {
		const { runImportEvents } = await import("./import-events-command.ts");
		const stop = new AbortController();
		for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stop.abort());
		const given = { paths, map, url, token, isDryRun: dryRun === true, terminal: terminal(), stop: stop.signal };
		return finish(await runImportEvents({ ...common("", options), ...given }));
	});

const exportCommand = program.command("export").description("say what the catalogue holds in other systems' words");
for (const format of FORMATS) {
	if (!format.export) continue;
	serverOptions(exportCommand.command(format.name).description(format.export.about), false)
		.option("--catalogue <dir>", "folder of the catalogue; without it, what runs on the server at --url")
		.option("--out <path>", "file, or folder when there are several files; without it the text is printed")
		.option("--endpoint <url>", "address of this Bellwether's OTLP receiver, such as http://127.0.0.1:4318")
		.option("--interval <duration>", "how often rules are evaluated: the scrape interval; default 1m", duration)
		.option("--lag <duration>", "how long a scrape may take; default 10s", duration)
		.option("--json", "answer as JSON")
		.action(async ({ catalogue: dir, out: outPath, endpoint, interval, lag, ...options }) => {
			const { catalogueToExport } = await import("./exported-catalogue.ts");
			const source = await catalogueToExport(dir, options);
			if (source.status === "failed") {
				err(`bellwether: ${source.message}\n`);
				return finish(source.exitCode);
			}
			const { runExport } = await import("./export-command.ts");
			const { catalogue } = source;
			const shared = common("", options);
			return finish(
				await runExport({ ...shared, format, catalogue, outPath, endpoint, intervalMs: interval, lagMs: lag, err }),
			);
		});
}

serverOptions(
	exportCommand
		.command("phone-tree")
		.description("whom to call when the server is gone: print it, or keep it on another machine"),
	false,
)
	.option("--catalogue <dir>", "folder of the catalogue; without it, what runs on the server at --url")
	.option("--out <path>", "file; without it the text is printed")
	.action(async ({ catalogue: dir, out: outPath, ...options }) => {
		const { catalogueToExport } = await import("./exported-catalogue.ts");
		const source = await catalogueToExport(dir, options);
		if (source.status === "failed") {
			err(`bellwether: ${source.message}\n`);
			return finish(source.exitCode);
		}
		const { runPhoneTree } = await import("./phone-tree-command.ts");
		return finish(await runPhoneTree({ catalogue: source.catalogue, now: Date.now(), outPath, out }));
	});

exportCommand
	.command("power-automate")
	.description("Power Automate: a custom connector with triggers, actions and tools for agents, and ready flows")
	.addOption(
		new Option("--url <address>", "where Power Automate reaches the server")
			.argParser(webAddress)
			.env("BELLWETHER_URL")
			.default("https://bellwether.example.com"),
	)
	.option("--out <dir>", "folder to write to", "power-automate")
	.option("--json", "answer as JSON")
	.action(async ({ url, out: outDir, ...options }) => {
		const { runPowerAutomate } = await import("./power-automate-command.ts");
		return finish(await runPowerAutomate({ ...common("", options), url, outDir }));
	});

serverOptions(
	program
		.command("mcp")
		.description(
			"tools for agents on standard input and output (Model Context Protocol), passed on to a running server",
		),
	true,
).action(async ({ url, token }) => {
	const { runMcp } = await import("./mcp-command.ts");
	return finish(await runMcp({ url, token, input: process.stdin, output: process.stdout, err }));
});

const detectCommand = program
	.command("detect")
	.description("run the detectors over data on standard input, to score them on data of your own");
detectCommand
	.command("series")
	.description("judge one series, sample by sample: timestamp,value in; timestamp,score,alert out")
	.action(async () => {
		const { runDetectSeries } = await import("./detect-command.ts");
		return finish(await runDetectSeries({ input: process.stdin, out, err }));
	});
detectCommand
	.command("tenants")
	.description("watch many tenants at once: a stream of telemetry and changes in, alerts out")
	.action(async () => {
		const { runDetectTenants } = await import("./detect-tenants-command.ts");
		return finish(await runDetectTenants({ input: process.stdin, out, err }));
	});

program
	.command("version")
	.description("print the version")
	.action(() => out(`${VERSION}\n`));

// A wrong call is answered with where that verb's own words are.
for (const command of program.commands) {
	command.showHelpAfterError(`See bellwether ${command.name()} --help.`);
	for (const each of command.commands)
		each.showHelpAfterError(`See bellwether ${command.name()} ${each.name()} --help.`);
}

function serverOptions(command: Command, isNeeded: boolean): Command {
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

function common(dir: string, options: { readonly json?: boolean }): CommandOptions {
	const { colour: isWanted, color } = program.opts<{ colour: boolean; color: boolean }>();
	const isAsked = isWanted && color;
	const colour = isAsked && process.stdout.isTTY === true && !process.env.NO_COLOR;
	return { dir, json: options.json === true, colour, out };
}

function terminal() {
	return { isTerminal: process.stderr.isTTY === true, err, now: () => performance.now() };
}

function finish(exitCode: number): void {
	process.exitCode = exitCode;
}

function hostAndPort(text: string): { host: string; port: number } {
	const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^\s:/]+):(\d{1,5})$/.exec(text) ?? [];
	if (host === undefined || Number(port) > 65_535)
		throw new InvalidArgumentError("Write host:port, such as 127.0.0.1:8099.");
	return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

function portNumber(text: string): number {
	const port = Number(text);
	if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("Give a port from 0 to 65535.");
	return port;
}

function wholeNumber(text: string): number {
	if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
	return Number(text);
}

function webAddress(text: string): string {
	const isAddress = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
	if (!isAddress) throw new InvalidArgumentError("Give an address such as http://127.0.0.1:8080.");
	return text;
}

function duration(text: string): number {
	const ms = parseDuration(text);
	if (ms === undefined) throw new InvalidArgumentError("Give a duration such as 90s, 5m or 28d.");
	return ms;
}

/** A reader that closes early (head, less) is no failure of ours. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code !== "EPIPE") throw error;
});

try {
	await program.parseAsync();
} catch (error) {
	if (!(error instanceof CommanderError)) throw error;
	// Help and version are answers; all else commander finds is a wrong way of calling.
	process.exitCode = error.exitCode === 0 ? EXIT.fine : EXIT.usage;
}
