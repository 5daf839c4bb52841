/** What doctor looked at, what it found, and what to do. `fail`: it will not work so; `warn`: it works, look at it. */
export interface Check {
	readonly name: string;
	readonly state: "ok" | "warn" | "fail";
	readonly says: string;
	/** Empty when nothing is to be done. */
	readonly remedy: string;
}

export const ok = (name: string, says: string): Check => ({ name, state: "ok", says, remedy: "" });
export const warn = (name: string, says: string, remedy: string): Check => ({ name, state: "warn", says, remedy });
export const fail = (name: string, says: string, remedy: string): Check => ({ name, state: "fail", says, remedy });
