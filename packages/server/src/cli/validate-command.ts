import { type CommandOptions, EXIT } from "./command-options.ts";

export async function runValidate(_options: CommandOptions): Promise<number> {
	return EXIT.fine;
}
