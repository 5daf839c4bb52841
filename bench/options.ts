import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** `name`: as it follows "npm run"; `parts`: the words that may stand before the options, none unless given. */
interface Command {
	readonly name: string;
	readonly usage: string;
	readonly parts?: readonly string[];
	readonly args?: readonly string[];
}

/**
 * The options of `npm run bench`, `chaos` and `fuzz`. `--help` prints the usage and ends with 0; an option or part that is
 * not known, or a word where the default is a number, is told in one line by `wrong` and ends with 2.
 */
export function readOptions<const O extends Options>(command: Command, options: O) {
	const { name, usage, parts = [], args = process.argv.slice(2) } = command;
	const wrong = (what: string): never => {
		const help = `npm run ${name.includes(" ") ? name.replace(" ", " -- ") : `${name} --`} --help`;
		console.error(`${name}: ${what} See ${help}.`);
		process.exit(2);
	};
	if (args.includes("--help") || args.includes("-h")) {
		console.log(usage.trim());
		process.exit(0);
	}
	try {
		const { values, positionals } = parseArgs({
			args: [...args],
			options,
			allowPositionals: true,
			allowNegative: true,
		});
		const strange = positionals.find((each) => !parts.includes(each));
		if (strange !== undefined)
			wrong(`"${strange}" is not a part${parts.length > 0 ? `: write ${parts.join(", ")}` : ""}.`);
		const read: Record<string, unknown> = values;
		for (const [option, { default: usual }] of Object.entries(options))
			if (isNumber(usual) && !isNumber(read[option]))
				wrong(`--${option} is "${read[option]}": write a whole number, such as ${usual}.`);
		return { values, positionals, wrong };
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (!code?.startsWith("ERR_PARSE_ARGS")) throw error;
		return wrong(`${message.split(/\.?(?:\n|\. |$)/)[0]}.`);
	}
}

const isNumber = (value: unknown) => typeof value === "string" && /^\d+$/.test(value);
