import { parseDuration, SEVERITIES } from "@bellwether/model";
import { z } from "zod";
import { patternFault } from "./matcher.ts";

const OWN_LABELS = new Set([
	"tenant",
	"tier",
	"scope",
	"slo",
	"workload",
	"owner",
	"sli_kind",
	"severity",
	"monitor",
	"detector",
]);

/** How a fault in a field is told: `<path> <value> <says>.` and the remedy. */
export interface Wording {
	readonly says: string;
	readonly remedy: string;
	/** The value may be or hold a secret, so that a message does not repeat it. */
	readonly secret?: boolean;
}

/** Wording by schema. A registry of our own keeps it out of the JSON Schemas. */
const wordings = new WeakMap<z.core.$ZodType, Wording>();

export function wordingOf(schema: z.core.$ZodType): Wording | undefined {
	return wordings.get(schema);
}

export function worded<T extends z.core.$ZodType>(schema: T, says: string, remedy: string, secret = false): T {
	wordings.set(schema, { says, remedy, secret });
	return schema;
}

/** Outside the printable: control characters and those that turn the writing direction. */
const PRINTABLE = /^[^\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+$/u;
const MULTILINE = /^(?:[\n\t\r]|[^\p{Cc}\u202a-\u202e\u2066-\u2069])*$/u;

const NAME = /^(?!constructor$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** RFC 1123 label, as OpenSLO asks; `constructor` is refused because every plain object already has it. */
export const name = (about: string) =>
	worded(
		z.string().regex(NAME).describe(about),
		"is not a name",
		"Write lower-case letters, digits and hyphens, at most 63, beginning and ending with a letter or digit.",
	);

export const text = (about: string, max = 200) =>
	worded(
		z.string().min(1).max(max).regex(PRINTABLE).describe(about),
		`is not a text of 1 to ${max} printable characters`,
		"Write one line of text; quote it when it contains : or #.",
	);

export const paragraph = (about: string, max = 1_050) =>
	worded(
		z.string().max(max).regex(MULTILINE).describe(about),
		`is not a text of at most ${max} characters`,
		"Shorten it and leave control characters out.",
	);

export const duration = (about: string) =>
	worded(
		z
			.string()
			.max(40)
			.regex(/^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/)
			.refine((value) => Number.isSafeInteger(parseDuration(value)))
			.describe(about),
		"is not a duration",
		"Write a count and a unit, such as 90s, 5m, 3h, 28d or 4w.",
	);

/** The objective as a ratio. What is wrong with a number is told by `explain`, which sees percent for what it is. */
export const objective = (about: string) =>
	worded(z.number().gt(0).lt(1).describe(about), "is not a ratio between 0 and 1", "Write a number such as 0.995.");

export const ratio = (about: string) =>
	worded(z.number().min(0).max(1).describe(about), "is not a ratio from 0 to 1", "Write a number such as 0.08.");

export const probability = (about: string) =>
	worded(
		z.number().gt(0).lt(1).describe(about),
		"is not a probability between 0 and 1",
		"Write a small number such as 0.0001.",
	);

export const wholeNumber = (about: string, min: number, max: number) =>
	worded(
		z.number().int().min(min).max(max).describe(about),
		`is not a whole number from ${min} to ${max}`,
		`Write a number such as ${Math.max(min, Math.min(max, 100))}.`,
	);

export const choice = <const T extends readonly [string, ...string[]]>(values: T, about: string) =>
	z.enum(values).describe(about);

export const severity = (about: string) =>
	worded(
		z.union([z.enum(["1", "2", "2.5", "3", "4"]), z.literal([1, 2, 2.5, 3, 4])]).describe(about),
		"is not a severity",
		`Write one of ${Object.keys(SEVERITIES)
			.toSorted((a, b) => Number(a) - Number(b))
			.join(", ")}.`,
	);

/** As HTML's mail input takes it: no comments, quotes, address literals or lists, so it is safe in a header. */
const MAIL =
	/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

export function isMail(value: string): boolean {
	return value.length <= 254 && MAIL.test(value);
}

export const mail = (about: string) =>
	worded(
		z.string().max(254).regex(MAIL).describe(about),
		"is not a mail address",
		"Write one address such as j.park@example.com.",
	);

export const sender = (about: string) =>
	worded(
		z
			.string()
			.max(320)
			.refine((value) => isMail(value) || isMail(/^[^\p{Cc}<>@,;"]{1,60} <([^<>\s]+)>$/u.exec(value)?.[1] ?? ""))
			.describe(about),
		"is not a sender",
		"Write cre@example.com or CRE team <cre@example.com>.",
	);

export function isWebUrl(value: string): boolean {
	if (!URL.canParse(value)) return false;
	const url = new URL(value);
	return /^https?:\/\//i.test(value) && url.username === "" && url.password === "" && url.hash === "";
}

export const webUrl = (about: string) =>
	worded(
		z
			.string()
			.max(2_000)
			.refine((value) => isWebUrl(value) && !/[\s\\]/.test(value))
			.describe(about),
		"is not a web address",
		"Write https://host/path, without user name, password or #.",
		true,
	);

export const destination = (about: string) =>
	worded(
		z
			.string()
			.max(300)
			.regex(/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/)
			.refine((value) => URL.canParse(`http://${value}`))
			.describe(about),
		"is not host:port",
		"Write the host and its port, such as 127.0.0.1:9000 or [fd00::1]:8443.",
	);

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text to write
export const SECRET_EXAMPLE = "${env:NAME}";
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text to write
export const SECRET_FILE_EXAMPLE = "${file:/path}";

/** A place where a secret is kept, never the secret. */
export const secret = (about: string) =>
	worded(
		z
			.string()
			.max(500)
			.regex(/^\$\{(?:env:[A-Za-z_][A-Za-z0-9_]*|file:\/[^}\p{Cc}]+)\}$/u)
			.describe(about),
		"is not a reference to a secret",
		`Write ${SECRET_EXAMPLE} or ${SECRET_FILE_EXAMPLE}. If a secret stood here, change it: files are copied.`,
		true,
	);

/** Labels of a tenant's incidents; those that every incident has are no one's own. */
export const routingLabels = worded(
	z
		.record(
			z
				.string()
				.regex(/^[a-z_][a-z0-9_]{0,62}$/)
				.refine((label) => !OWN_LABELS.has(label)),
			text("Value.", 255),
		)
		.describe("What routes and mutes can match besides tenant and tier, such as region and ring."),
	"is not an object of labels and their values",
	"Write labels such as { region: emea, ring: r2 }, in lower case; tenant, tier, workload and the like are there by themselves.",
);

export function isTimeZone(value: string): boolean {
	try {
		new Intl.DateTimeFormat("en", { timeZone: value });
		return /^[A-Za-z]/.test(value);
	} catch {
		return false;
	}
}

export const timeZone = (about: string) =>
	worded(
		z.string().max(60).refine(isTimeZone).describe(about),
		"is not a time zone",
		"Write an IANA name such as Europe/Paris, America/New_York or UTC.",
	);

export function isLanguage(value: string): boolean {
	try {
		return Intl.getCanonicalLocales(value)[0] === value;
	} catch {
		return false;
	}
}

export const language = (about: string) =>
	worded(
		z.string().max(35).refine(isLanguage).describe(about),
		"is not a language tag",
		"Write a tag such as en, ja or pt-BR.",
	);

/** Value of a telemetry attribute. Numbers and booleans are compared by their text. */
const attributeValue = z.union([z.string().min(1).max(1_000).regex(PRINTABLE), z.number(), z.boolean()]);

/** One value or a list of values. */
export const attributeValues = (about: string) =>
	worded(
		z.union([attributeValue, z.array(attributeValue).min(1).max(10_000)]).describe(about),
		"is not an attribute value or a list of them",
		"Write a text, or a list such as [ok, throttled].",
	);

export const attributeKey = worded(
	z.string().min(1).max(255).regex(PRINTABLE),
	"is not an attribute name",
	"Write the name as telemetry carries it, such as tenant.id.",
);

/** Linear-time matching needs RE2's syntax; what is wrong with it is told where it is assembled. */
export const pattern = (about: string) =>
	worded(
		z
			.string()
			.min(1)
			.refine((value) => patternFault(value) === undefined)
			.describe(about),
		"is not a pattern in RE2 syntax of at most 256 characters",
		"Write one without look-around and back references, such as contoso-.*",
	);

/** A local time in the schedule's zone, or an instant with its offset. */
export const localTime = (
	about: string,
	remedy = "Write 2026-01-05T09:00 for the schedule's own time zone, or 2026-01-05T08:00Z.",
) =>
	worded(
		z
			.string()
			.regex(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?$/)
			.describe(about),
		"is not a time",
		remedy,
	);

export const apiVersion = <const T extends string>(value: T) => z.literal(value).describe("Version of the kind.");
export const kind = <const T extends string>(value: T) => z.literal(value).describe("Sort of object.");

/** What one source that sends may send, in the settings and on the source itself. */
export const sourceLimits = () =>
	z.strictObject({
		requestsPerSecond: wholeNumber("Requests a second, over time. Default: no limit.", 1, 1_000_000).optional(),
		pointsPerSecond: wholeNumber(
			"Points and events a second, over time. Default: no limit.",
			1,
			1_000_000_000,
		).optional(),
		bytesPerSecond: wholeNumber(
			"Bytes a second as they come, over time. Default: no limit.",
			1,
			10_000_000_000,
		).optional(),
	});
