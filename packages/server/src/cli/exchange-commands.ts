import { Option } from "commander";
import { FORMATS } from "#catalogue";
import { duration, webAddress, wholeNumber } from "./argument-kinds.ts";
import { common, err, finish, out, program, serverOptions, stopSignal, terminal } from "./command-line.ts";

/** What other tools read and write. */
export function addExchangeCommands(): void {
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
			const given = { paths, map, url, token, isDryRun: dryRun === true, terminal: terminal(), stop: stopSignal() };
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
}
