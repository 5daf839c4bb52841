import { z } from "zod";
import type { PullSettings } from "#catalogue";
import {
	ask,
	type EngineQuery,
	isoInstants,
	jsonOf,
	type PullCredentials,
	type PullEngine,
	type PulledRow,
	PullFailure,
	type PullHttp,
	type PullRange,
	withPlaceholders,
} from "#telemetry";

export interface GraphOptions {
	readonly settings: PullSettings;
	readonly http: PullHttp;
	readonly credentials: PullCredentials;
}

const GRAPH = "https://graph.microsoft.com";
/** A page is a thousand rows at most; beyond this many the range is too long for one query. */
const MAX_PAGES = 2_000;

const Page = z.object({
	value: z.array(z.record(z.string(), z.unknown())),
	"@odata.nextLink": z.string().optional(),
});

/** Lists of Microsoft Graph, page after page: sign-ins, service health and whatever else answers with `value`. */
export function createGraphEngine({ settings, http, credentials }: GraphOptions): PullEngine {
	const base = new URL(settings.url === "" ? GRAPH : settings.url);
	return {
		async *rows({ query }: EngineQuery, range: PullRange, signal): AsyncIterable<PulledRow> {
			const { from, to } = isoInstants(range);
			const path = withPlaceholders(query.text ?? "", { from, to, step: String(range.stepMs / 1000) }).trim();
			let next: URL | undefined = new URL(`${base.origin}${path.startsWith("/") ? "" : "/"}${path}`);
			let bytesLeft = settings.maxResponseBytes;
			for (let page = 0; next; page++) {
				if (page === MAX_PAGES)
					throw new PullFailure("too_large", `${base.host} has more than ${MAX_PAGES} pages`, "lower maxRange");
				const url: string = next.href;
				const { body } = await ask(
					http,
					credentials,
					{
						url,
						method: "GET",
						headers: { accept: "application/json", consistencylevel: "eventual" },
						maxBytes: bytesLeft,
						timeoutMs: settings.timeoutMs,
						signal,
					},
					errorIn,
				);
				bytesLeft -= body.byteLength;
				const parsed = Page.safeParse(jsonOf(body, base.host));
				if (!parsed.success)
					throw new PullFailure("malformed", `${base.host} gave no list of values`, "write the path of a list");
				yield* parsed.data.value;
				next = nextPage(parsed.data["@odata.nextLink"], base);
			}
		},
		close: async () => {},
	};
}

/** The token goes to the host it is for and to no other, whatever an answer says. */
function nextPage(link: string | undefined, base: URL): URL | undefined {
	if (link === undefined) return undefined;
	const url = URL.canParse(link) ? new URL(link) : undefined;
	if (url?.origin === base.origin) return url;
	throw new PullFailure(
		"malformed",
		`${base.host} names a next page on another host (${url?.host ?? "no address"}), which is not followed`,
		"check url of the source",
	);
}

function errorIn(body: string): string | undefined {
	try {
		return (JSON.parse(body) as { error?: { message?: string } }).error?.message ?? body.slice(0, 300);
	} catch {
		return body.slice(0, 300);
	}
}
