import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction, Socket } from "node:net";
import { addressFault } from "./address-guard.ts";
import { normaliseEntry } from "./egress.ts";

/**
 * A socket for clients of other protocols than HTTP that open it by `connect(port, host)`: it reaches only addresses that
 * outgoing HTTP may reach. `allow`: `host:port` entries for private addresses; a port that is not `usualPort` needs one as well.
 */
export function guardedSocket(
	allow: readonly string[],
	usualPort: number,
	lookup: LookupFunction = systemLookup as LookupFunction,
): Socket {
	const allowed = new Set(allow.map(normaliseEntry));
	return new GuardedSocket(allowed, usualPort, lookup);
}

class GuardedSocket extends Socket {
	readonly #allowed: ReadonlySet<string>;
	readonly #usualPort: number;
	readonly #lookup: LookupFunction;

	constructor(allowed: ReadonlySet<string>, usualPort: number, lookup: LookupFunction) {
		super();
		this.#allowed = allowed;
		this.#usualPort = usualPort;
		this.#lookup = lookup;
	}

	override connect(...args: unknown[]): this {
		const [port, host] = args;
		if (typeof port !== "number" || typeof host !== "string") {
			this.destroy(new Error("a guarded socket connects to a port and a host"));
			return this;
		}
		const name = `${host.includes(":") ? `[${host}]` : host.toLowerCase()}:${port}`;
		const isAdmitted = this.#allowed.has(name);
		const remedy = `if this server is yours, add "${name}" to settings.egress.allow`;
		const refuse = (fault: string): Error => new Error(`${name}: ${fault}: ${remedy}`);
		const literal = isIP(host) ? addressFault(host, isAdmitted) : undefined;
		const fault = !isAdmitted && port !== this.#usualPort ? `port ${port} is not allowed` : literal;
		if (fault) {
			// As a failed connection would be told: after whoever asked listens.
			queueMicrotask(() => this.destroy(refuse(fault)));
			return this;
		}
		const guarded: LookupFunction = (hostname, options, done) => {
			this.#lookup(hostname, { ...options, all: true }, (error, answers) => {
				if (error) return done(error, []);
				const addresses = answers as LookupAddress[];
				for (const { address } of addresses) {
					const bad = addressFault(address, isAdmitted);
					if (bad) return done(refuse(bad), []);
				}
				const [first] = addresses;
				if (!first) return done(new Error(`${hostname} has no address`), []);
				if (options.all) done(null, addresses);
				else done(null, first.address, first.family);
			});
		};
		return super.connect({ port, host, lookup: guarded });
	}
}
