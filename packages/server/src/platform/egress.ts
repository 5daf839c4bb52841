import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { type Clock, systemClock } from "@bellwether/model";
import type { buildConnector as Connector } from "undici";
import { addressFault } from "./address-guard.ts";

/** Who gave the address: the catalogue, or a caller of the API. What is allowed for one is not for the other. */
export type EgressSetting = "settings.egress.allow" | "settings.egress.callbacks";

export interface EgressOptions {
	/** `host:port` entries that may be reached although they are private, loopback, or on an unusual port. */
	readonly allow: readonly string[];
	/** Where `allow` is from, as remedies name it. Default: settings.egress.allow. */
	readonly setting?: EgressSetting | undefined;
	/** Ports of public receivers. Default 80 and 443. */
	readonly ports?: readonly number[];
	/** Whole time for one request, ms. Default 10 s. */
	readonly timeoutMs?: number;
	/** Stands in for the system's resolver; its answers are checked all the same. */
	readonly lookup?: LookupFunction;
	/** Tells how long to wait when a receiver names an instant. Default: the system's. */
	readonly clock?: Clock;
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
	/** Never throws, never follows a redirect, never uses a proxy. Reasons name the host, never the path or query. */
	post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<EgressResult>;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 64 * 1024;
export const USUAL_PORTS = [80, 443];

/** Throws when an allow entry is not `host:port`. */
export function createEgress(options: EgressOptions): Egress {
	const allowed = new Set(options.allow.map(normaliseEntry));
	const ports = new Set(options.ports ?? USUAL_PORTS);
	const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
	const lookup = options.lookup ?? (systemLookup as LookupFunction);
	const clock = options.clock ?? systemClock;
	const { setting } = options;

	return {
		async post(url, headers, body) {
			const target = judgeUrl(url, allowed, ports, setting);
			if ("fault" in target) return { status: "blocked", reason: target.fault };
			// Loaded with the first message: a start does without it.
			const { buildConnector, Client } = await import("undici");
			const gate = createGate(target, lookup, timeoutMs, buildConnector);
			// A client per request: no connection is kept, so none can be used under another name later.
			const client = new Client(target.url.origin, { connect: gate.connect, pipelining: 0, allowH2: false });
			let isLate = false;
			// Destroying ends whatever is going on at once: the look-up, the handshake, the wait, a body that drips.
			const deadline = setTimeout(() => {
				isLate = true;
				client.destroy(new Error("late")).catch(() => {});
			}, timeoutMs);
			try {
				const answer = await client.request({
					path: target.url.pathname + target.url.search,
					method: "POST",
					headers: { "user-agent": "bellwether", ...headers },
					body,
					reset: true,
				});
				return {
					status: "answered",
					statusCode: answer.statusCode,
					retryAfterMs: retryAfterMs(answer.headers["retry-after"], clock.now()),
					body: await readCapped(answer.body),
				};
			} catch (error) {
				if (gate.fault) return { status: "blocked", reason: gate.fault };
				const reason = isLate ? `no answer from ${target.host} within ${timeoutMs} ms` : describe(error, target);
				return { status: gate.isOpened ? "unanswered" : "unreached", reason };
			} finally {
				clearTimeout(deadline);
				// Nobody waits for the farewell of a connection that is not used again.
				client.destroy().catch(() => {});
			}
		},
	};
}

/** The way out to addresses that callers give. */
export function createCallbackEgress(
	settings: { readonly egress: { readonly callbacks?: readonly string[] | undefined } },
	options: Pick<EgressOptions, "timeoutMs" | "clock"> = {},
): Egress {
	return createEgress({ allow: settings.egress.callbacks ?? [], setting: "settings.egress.callbacks", ...options });
}

export interface Target {
	readonly url: URL;
	/** Host and port, lower case, as allow entries are written. */
	readonly host: string;
	readonly isAdmitted: boolean;
	readonly setting?: EgressSetting | undefined;
}

/** Why nothing would be sent there, as far as the address itself tells; undefined: its names are yet to be looked up. */
export function urlFault(text: string, allow: readonly string[], setting?: EgressSetting): string | undefined {
	const target = judgeUrl(text, new Set(allow.map(normaliseEntry)), new Set(USUAL_PORTS), setting);
	if ("fault" in target) return target.fault;
	const isOpen = target.url.protocol === "http:" && !target.isAdmitted;
	return isOpen ? `what is sent could be read on its way: use https, or ${remedy(target.host, setting)}` : undefined;
}

/** What can be said before any look-up. The URL parser has turned every spelling of an IPv4 address into the plain one. */
export function judgeUrl(
	text: string,
	allowed: ReadonlySet<string>,
	ports: ReadonlySet<number>,
	setting?: EgressSetting,
): Target | { readonly fault: string } {
	if (!URL.canParse(text)) return { fault: "the address is no valid URL: write https://host/path" };
	const url = new URL(text);
	if (url.protocol !== "https:" && url.protocol !== "http:") {
		return { fault: `${url.protocol} is not allowed: use https or http` };
	}
	if (url.username || url.password) return { fault: "the address holds a user name or password: remove it" };
	const port = url.port ? Number(url.port) : url.protocol === "https:" ? 443 : 80;
	const host = `${url.hostname}:${port}`;
	const isAdmitted = allowed.has(host);
	if (!isAdmitted && !ports.has(port)) return { fault: `port ${port} is not allowed: ${remedy(host, setting)}` };
	const literal = url.hostname.replace(/^\[|\]$/g, "");
	const fault = isIP(literal) ? addressFault(literal, isAdmitted) : undefined;
	return fault ? { fault: `${fault}: ${remedy(host, setting)}` } : { url, host, isAdmitted, setting };
}

/** Opens the connection, refusing any address that is not allowed: each answer of the look-up, and the peer that was reached. */
export function createGate(
	target: Target,
	lookup: LookupFunction,
	timeoutMs: number,
	buildConnector: typeof Connector,
) {
	const state: { fault: string | undefined; isOpened: boolean } = { fault: undefined, isOpened: false };
	const refuse = (fault: string): Error => {
		state.fault = `${target.host}: ${fault}: ${remedy(target.host, target.setting)}`;
		return new Error(state.fault);
	};
	const guardedLookup: LookupFunction = (hostname, lookupOptions, done) => {
		lookup(hostname, { ...lookupOptions, all: true }, (error, answers) => {
			if (error) return done(error, []);
			const addresses = answers as LookupAddress[];
			for (const { address } of addresses) {
				const fault = addressFault(address, target.isAdmitted);
				// One bad answer spoils the name: whoever mixes inside and outside addresses means no good.
				if (fault) return done(refuse(fault), []);
			}
			const first = addresses[0];
			if (!first) return done(new Error(`${hostname} has no address`), []);
			if (lookupOptions.all) done(null, addresses);
			else done(null, first.address, first.family);
		});
	};
	const open = buildConnector({ timeout: timeoutMs, allowH2: false, lookup: guardedLookup, maxCachedSessions: 0 });
	const connect: Connector.connector = (options, done) => {
		open(options, (...result) => {
			const [error, socket] = result;
			if (error || !socket) return done(error ?? new Error("no connection"), null);
			const fault = addressFault(socket.remoteAddress ?? "", target.isAdmitted);
			if (fault) {
				socket.destroy();
				return done(refuse(fault), null);
			}
			state.isOpened = true;
			done(null, socket);
		});
	};
	return {
		connect,
		get fault() {
			return state.fault;
		},
		get isOpened() {
			return state.isOpened;
		},
	};
}

/** The status is known by now, so a body that is too long or breaks off changes nothing: what came is kept. */
async function readCapped(body: AsyncIterable<Buffer>): Promise<string> {
	const chunks: Buffer[] = [];
	let length = 0;
	try {
		for await (const chunk of body) {
			chunks.push(chunk.subarray(0, MAX_RESPONSE_BYTES - length));
			length += chunk.length;
			if (length >= MAX_RESPONSE_BYTES) break;
		}
	} catch {
		// Broken off.
	}
	return Buffer.concat(chunks).toString("utf8");
}

/** Retry-After in seconds or as an HTTP date (RFC 9110, 10.2.3); anything else counts as not given. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
	const text = (Array.isArray(header) ? header[0] : header)?.trim();
	if (!text) return undefined;
	if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
	// The parser of dates takes almost anything, "-5" for one.
	const at = / GMT$/.test(text) ? Date.parse(text) : Number.NaN;
	return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** Error codes and texts of the network, without anything of the URL but its host. */
export function describe(error: unknown, target: Target): string {
	const { code, message } = error as { code?: string; message?: string };
	return `${target.host}: ${code ?? message ?? "failed"}`;
}

function remedy(host: string, setting: EgressSetting = "settings.egress.allow"): string {
	return `if this receiver is yours, add "${host}" to ${setting}`;
}

export function normaliseEntry(entry: string): string {
	const url = URL.canParse(`http://${entry}`) ? new URL(`http://${entry}`) : undefined;
	if (!url?.hostname || !/:\d+$/.test(entry) || url.pathname !== "/" || url.username || url.search || url.hash) {
		throw new Error(`egress.allow: "${entry}" must be host:port, such as 127.0.0.1:9000`);
	}
	return `${url.hostname}:${url.port || "80"}`;
}
