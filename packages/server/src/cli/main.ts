import { CommanderError } from "commander";
import { VERSION } from "../app/version.ts";
import { addAgentCommands } from "./agent-commands.ts";
import { addCatalogueCommands } from "./catalogue-commands.ts";
import { out, program } from "./command-line.ts";
import { EXIT } from "./command-options.ts";
import { addExchangeCommands } from "./exchange-commands.ts";
import { tellMisspelt } from "./misspelt.ts";
import { addOperatorCommands } from "./operator-commands.ts";
import { addServingCommands } from "./serving-commands.ts";

/** The command line: one verb per command file, which is loaded only when it runs. */

addServingCommands();
addCatalogueCommands();
addOperatorCommands();
addExchangeCommands();
addAgentCommands();
program
	.command("version")
	.description("print the version")
	.action(() => out(`${VERSION}\n`));

// A wrong call is answered with where that verb's own words are.
for (const command of program.commands) {
	command.showHelpAfterError(`See bellwether ${command.name()} --help.`);
	tellMisspelt(command);
	for (const each of command.commands) {
		each.showHelpAfterError(`See bellwether ${command.name()} ${each.name()} --help.`);
		tellMisspelt(each);
	}
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
