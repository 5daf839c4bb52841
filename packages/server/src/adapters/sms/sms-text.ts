import type { Message } from "#platform";

/** One message: 160 septets of the GSM alphabet, else 70 UTF-16 units (3GPP TS 23.038). */
const GSM_UNITS = 160;
const WIDE_UNITS = 70;

const GSM_BASIC = new Set(
	"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
/** Take two septets each. */
const GSM_EXTENDED = new Set("^{}\\[~]|€");

const PLAINER: Readonly<Record<string, string>> = {
	"\u2018": "'",
	"\u2019": "'",
	"\u201c": '"',
	"\u201d": '"',
	"\u2013": "-",
	"\u2014": "-",
	"\u2026": "...",
	"\u00a0": " ",
	"\u202f": " ",
};

/**
 * A page in one text message: severity, tenant and what fails first, then how to answer, then the link if it still fits.
 * The answer is never cut: what does not fit of the rest is left out.
 */
export function smsText(message: Message): string {
	const { payload } = message;
	const { card } = payload;
	const severity = /^\[([^\]]{1,20})\]/.exec(payload.subject)?.[1];
	const head = [severity, card?.short ?? payload.subject.replace(/^\[[^\]]*\]\s*/, "")].filter(Boolean).join(" ");
	const answer = card?.acknowledge?.code === undefined ? "" : ` Reply ACK ${card.acknowledge.code}`;
	const [what, how] = [tidy(head), tidy(answer)];
	const isWide = !isGsm(what + how);
	const units = isWide ? (text: string) => text.length : gsmUnits;
	const limit = isWide ? WIDE_UNITS : GSM_UNITS;
	const body = `${cut(what, limit - units(how), units)}${how}`;
	const link = ` ${payload.url ?? ""}`;
	return payload.url !== undefined && units(body + link) <= limit ? body + link : body;
}

/** Signs that look alike and need no wide alphabet; accents go where the alphabet has none of them. */
function tidy(text: string): string {
	const plain = [...text.replace(/\s+/g, " ")].map((sign) => PLAINER[sign] ?? sign).join("");
	return [...plain].map((sign) => (isGsm(sign) ? sign : withoutAccents(sign))).join("");
}

function withoutAccents(sign: string): string {
	const base = sign.normalize("NFKD").replace(/\p{M}/gu, "");
	return base !== "" && isGsm(base) ? base : sign;
}

function isGsm(text: string): boolean {
	return [...text].every((sign) => GSM_BASIC.has(sign) || GSM_EXTENDED.has(sign));
}

function gsmUnits(text: string): number {
	return [...text].reduce((sum, sign) => sum + (GSM_EXTENDED.has(sign) ? 2 : 1), 0);
}

function cut(text: string, limit: number, units: (text: string) => number): string {
	if (units(text) <= limit) return text;
	const signs = [...text];
	while (signs.length > 0 && units(`${signs.join("")}..`) > limit) signs.pop();
	return `${signs.join("").trimEnd()}..`;
}
