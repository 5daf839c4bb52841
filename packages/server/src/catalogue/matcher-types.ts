/** `=` with several values: any of them; `!=`: none. `=~`, `!~`: RE2 patterns that fit the whole value; several likewise. */
export type MatchOp = "=" | "!=" | "=~" | "!~";

/** One condition on an attribute. An attribute that is missing equals "". */
export interface Matcher {
	readonly name: string;
	readonly op: MatchOp;
	readonly values: readonly string[];
}
