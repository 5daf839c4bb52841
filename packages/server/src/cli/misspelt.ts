import type { Command, Option } from "commander";

/** Two methods of commander that its types leave out; both end the call. */
interface Complaints {
	missingMandatoryOptionValue(option: Option): void;
	unknownOption(flag: string): void;
}

/**
 * Commander looks for missing options first: whoever writes --catalog would read that --catalogue is missing, and not why.
 * Nor does it find what is alike when a value follows with "=".
 */
export function tellMisspelt(command: Command): void {
	const complaints = command as unknown as Complaints;
	const unknownOption = complaints.unknownOption.bind(command);
	complaints.unknownOption = (flag) => unknownOption(flag.split("=")[0] ?? flag);
	const missing = complaints.missingMandatoryOptionValue.bind(command);
	complaints.missingMandatoryOptionValue = (option) => {
		const unknown = command.args.find((each) => each.startsWith("-"));
		if (unknown !== undefined) complaints.unknownOption(unknown);
		missing(option);
	};
}
