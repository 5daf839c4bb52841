import { PullFailure } from "#telemetry";

/** Reads JSON at an address; throws PullFailure. With a body it is sent. */
export type ReadJson = (url: string, body?: string) => Promise<unknown>;

/** Credentials go to the host that they are for and to no other, whatever an answer says. */
export function sameOrigin(link: string, base: string): string {
	const { origin, host } = new URL(base);
	const url = URL.canParse(link, base) ? new URL(link, base) : undefined;
	if (url?.origin === origin) return url.href;
	const message = `${host} names an address on another host (${url?.host ?? "no address"}), which is not followed`;
	throw new PullFailure("malformed", message, "check the address of the feed");
}
