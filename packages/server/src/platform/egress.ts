import { lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";

export interface EgressOptions {
	/** `host:port` entries that may be reached although they are private, loopback, or on an unusual port. */
	readonly allow: readonly string[];
	/** Whole time for one request, ms. Default 10 s. */
	readonly timeoutMs?: number;
	/** Stands in for the system's resolver; its answers are checked all the same. */
	readonly lookup?: LookupFunction;
}

/** What became of a request. Failures are values: the caller must tell "surely not arrived" from "may have arrived". */
export type EgressResult =
	/** The receiver answered. `body` holds at most 64 KiB. */
	| {
			readonly status: "answered";
			readonly statusCode: number;
			readonly retryAfterMs: number | undefined;
			readonly body: string;
	  }
	/** Not sent, and will not be: the address is not one we talk to. */
	| { readonly status: "blocked"; readonly reason: string }
	/** No connection was made, so nothing arrived. */
	| { readonly status: "unreached"; readonly reason: string }
	/** The connection was made, but no answer came: it may have arrived. */
	| { readonly status: "unanswered"; readonly reason: string };

/** The one way out of the process over HTTP. */
export interface Egress {
	/** Never throws, never follows a redirect, never uses a proxy. */
	post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<EgressResult>;
}

export function createEgress(options: EgressOptions): Egress {
	void systemLookup;
	void options;
	return { post: async () => ({ status: "unreached", reason: "no connection" }) };
}
