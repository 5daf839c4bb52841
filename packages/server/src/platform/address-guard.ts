import ipaddr from "ipaddr.js";

/** What an explicit allow entry opens up. Link-local (cloud metadata), multicast and reserved ranges stay shut. */
const ADMITTED = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat"]);

/** Public by the registries, yet inside: metadata services of clouds, and ranges that the IP library counts as plain unicast. */
const DENIED_V4 = ["168.63.129.16/32", "100.100.100.200/32", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15"].map(
	(range) => ipaddr.IPv4.parseCIDR(range),
);
const DENIED_V6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"].map((range) => ipaddr.IPv6.parseCIDR(range));
/** All that is handed out to the public internet so far. https://www.iana.org/assignments/ipv6-address-space */
const PUBLIC_V6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** Why an address must not be connected to; undefined: it may. `isAdmitted`: an allow entry names this host and port. */
export function addressFault(text: string, isAdmitted: boolean): string | undefined {
	if (!ipaddr.isValid(text)) return `"${text}" is no IP address`;
	// An IPv4 address in IPv6 clothing is judged as the IPv4 address that it reaches.
	const address = ipaddr.process(text);
	const range = address.range();
	if (isAdmitted && ADMITTED.has(range)) return undefined;
	if (range !== "unicast") return `${address.toString()} is ${RANGE_WORDS[range] ?? range}`;
	const isPublic =
		address instanceof ipaddr.IPv4
			? !DENIED_V4.some((denied) => address.match(denied))
			: address.match(PUBLIC_V6) && !DENIED_V6.some((denied) => address.match(denied));
	return isPublic ? undefined : `${address.toString()} is not a public address`;
}

const RANGE_WORDS: Readonly<Record<string, string>> = {
	loopback: "this machine itself",
	private: "a private address",
	uniqueLocal: "a private address",
	linkLocal: "a link-local address",
	carrierGradeNat: "an address inside a provider's network",
};
