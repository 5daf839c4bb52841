import { createHmac } from "node:crypto";
import { isEqual, keysOf } from "./secret-keys.ts";

/** `unproven`: wrong or missing proof, of which the sender is told no more. */
export type ChannelProof = { readonly status: "proven" } | { readonly status: "unproven"; readonly reason: string };

const TOLERANCE_S = 5 * 60;

/**
 * Whether a request comes from Slack: HMAC-SHA256 over `v0:timestamp:body` (api.slack.com/authentication/verifying-requests).
 * `secrets`: one a line, all of which hold, so that they can be changed without a gap.
 */
export function proveSlack(
	secrets: string,
	headers: { readonly signature: string | undefined; readonly timestamp: string | undefined },
	body: Uint8Array,
	now: number,
): ChannelProof {
	const { signature = "", timestamp = "" } = headers;
	if (!/^v0=[0-9a-f]{64}$/.test(signature) || !/^\d{1,12}$/.test(timestamp))
		return unproven("X-Slack-Signature or X-Slack-Request-Timestamp is missing");
	const isSigned = keysOf(secrets).some((key) => {
		const right = createHmac("sha256", key).update(`v0:${timestamp}:`).update(body).digest();
		return isEqual(right, Buffer.from(signature.slice(3), "hex"));
	});
	if (!isSigned) return unproven("the signature does not fit the body and this channel's secret");
	const awayS = Math.abs(now / 1000 - Number(timestamp));
	return awayS <= TOLERANCE_S ? { status: "proven" } : unproven(`the request is ${Math.round(awayS)} s away from now`);
}

/**
 * Whether a form comes from Twilio: HMAC-SHA1 over the address that it called and its fields in order
 * (twilio.com/docs/usage/security). `url` is that address as the provider has it, with its query.
 */
export function proveTwilio(
	secrets: string,
	signature: string | undefined,
	url: string,
	fields: URLSearchParams,
): ChannelProof {
	if (signature === undefined || !/^[A-Za-z0-9+/]{27}=$/.test(signature))
		return unproven("X-Twilio-Signature is missing");
	const names = [...new Set(fields.keys())].toSorted();
	const values = names.flatMap((name) => [...new Set(fields.getAll(name))].toSorted().map((value) => name + value));
	const isSigned = keysOf(secrets).some((key) =>
		isEqual(
			createHmac("sha1", key)
				.update(url + values.join(""))
				.digest(),
			Buffer.from(signature, "base64"),
		),
	);
	return isSigned ? { status: "proven" } : unproven(`the signature does not fit ${url} and this channel's token`);
}

function unproven(reason: string): ChannelProof {
	return { status: "unproven", reason };
}
