import { Option } from "commander";
import { duration } from "./argument-kinds.ts";
import { common, err, finish, program, serverOptions, terminal } from "./command-line.ts";

/** What a catalogue says and would do, and making a server use it. */
export function addCatalogueCommands(): void {
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
}
