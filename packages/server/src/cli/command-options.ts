/** What every command gets: the folder, where text goes, and how it looks. `out` writes text as it is (newlines included). */
export interface CommandOptions {
	readonly dir: string;
	readonly json: boolean;
	readonly colour: boolean;
	readonly out: (text: string) => void;
}

/** Exit codes of all commands. */
export const EXIT = { fine: 0, findings: 1, usage: 2, unreachable: 3 } as const;
