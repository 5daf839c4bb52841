import { describeDuration } from "@bellwether/model";
import type { HealthDetails } from "#api";
import { callServer, refusalText, type ServerAnswer } from "../server-client.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** What a running server says of itself, and whether its clock is ours. */

const SKEW_WARN_MS = 5_000;
const SKEW_FAIL_MS = 60_000;
const MAX_SHOWN = 5;

export interface ServerLook {
	readonly checks: readonly Check[];
	readonly isReached: boolean;
}

export interface ServerToLookAt {
	readonly url: string;
	/** Undefined: only what needs no sign-in is looked at. */
	readonly token: string | undefined;
	/** Of this program. */
	readonly version: string;
	readonly now: () => number;
}

export async function checkServer(server: ServerToLookAt): Promise<ServerLook> {
	const { url, token = "", now } = server;
	const ask = (path: string) => callServer({ url, token }, "GET", path);
	const sentAt = now();
	const health = await ask("/healthz");
	const tookMs = now() - sentAt;
	if (health.status === "unreachable") {
		const remedy = "See that the server runs, and that this address and the network between are right.";
		return { checks: [fail("server", `${health.message}.`, remedy)], isReached: false };
	}
	if (health.statusCode !== 200)
		return {
			checks: [fail("server", `${url}: ${refusalText(health)}`, "Name a Bellwether's console address.")],
			isReached: true,
		};
	const checks = [ok("server", `${url} answers in ${tookMs} ms.`), ...readyChecks(await ask("/readyz"))];
	const askedAt = now();
	const answer = await ask("/api/v1/health/details");
	const between = { askedAt, answeredAt: now() };
	if (answer.status !== "answered" || answer.statusCode !== 200) {
		const why = answer.status === "answered" ? refusalText(answer) : answer.message;
		const remedy = "Give a token with the role responder or admin: --token or BELLWETHER_TOKEN.";
		return {
			checks: [...checks, warn("token", `What the server says of itself could not be read: ${why}`, remedy)],
			isReached: true,
		};
	}
	const details = answer.body as HealthDetails;
	checks.push(versionCheck(server.version, details.version), clockCheck(details.at, between), ...partChecks(details));
	checks.push(...sourceChecks(await ask("/api/v1/sources")), ...uncoveredChecks(details));
	checks.push(...unmatchedChecks(await ask("/api/v1/match?limit=3")));
	return { checks, isReached: true };
}

function readyChecks(answer: ServerAnswer): Check[] {
	if (answer.status !== "answered") return [fail("ready", answer.message, "Ask again; see the server's log.")];
	const { checks = [] } = answer.body as { checks?: { name: string; ok: boolean; level: string; reason: string }[] };
	const bad = checks.filter((check) => !check.ok);
	if (bad.length === 0 && answer.statusCode === 200) return [ok("ready", "The server is ready.")];
	return bad.map(({ name, level, reason }) =>
		(level === "error" ? fail : warn)("ready", `${name}: ${reason}.`, "See docs/reliability.md and the server's log."),
	);
}

function versionCheck(ours: string, theirs: string): Check {
	if (ours === theirs) return ok("server version", `The server is ${theirs}, as this program.`);
	return warn("server version", `The server is ${theirs}, this program ${ours}.`, "Use the same version of both.");
}

/** The server's instant lies somewhere between question and answer: half of that time is not skew. */
export function clockCheck(at: number, between: { readonly askedAt: number; readonly answeredAt: number }): Check {
	const { askedAt, answeredAt } = between;
	const skewMs = at < askedAt ? askedAt - at : at > answeredAt ? at - answeredAt : 0;
	const way = at < askedAt ? "behind" : "ahead of";
	if (skewMs <= SKEW_WARN_MS) return ok("clock", "The server's clock agrees with this machine's.");
	const says = `The server's clock is ${describeDuration(skewMs)} ${way} this machine's.`;
	const remedy = "Set both by NTP: points from the future are rejected, late ones are lost.";
	return skewMs > SKEW_FAIL_MS ? fail("clock", says, remedy) : warn("clock", says, remedy);
}

/** Sources and SLOs come one by one below. */
const TOLD_BELOW: readonly string[] = ["sources", "slos"];

export function partChecks({ parts }: Pick<HealthDetails, "parts">): Check[] {
	return parts
		.filter(({ key, state }) => state === "well" || state === "unknown" || !TOLD_BELOW.includes(key))
		.map(({ key, state, says, remedy }) => {
			if (state === "well") return ok(key, says);
			if (state === "failing") return fail(key, says, remedy);
			// Unknown is not fine: nobody has seen it work.
			return warn(key, state === "unknown" ? `Unknown: ${says}` : says, remedy);
		});
}

interface SourceSeen {
	readonly displayName: string;
	readonly state: string;
	readonly error: { readonly message: string; readonly remedy: string } | null;
}

export function sourceChecks(answer: ServerAnswer): Check[] {
	if (answer.status !== "answered" || answer.statusCode !== 200)
		return [warn("sources", "The list of sources could not be read.", "Ask again; see the server's log.")];
	const { items } = answer.body as { items: readonly SourceSeen[] };
	return items
		.filter(({ state }) => state === "failing")
		.map(({ displayName, error }) =>
			fail(`source ${displayName}`, error?.message ?? "It fails.", error?.remedy ?? "See the page Sources."),
		);
}

export function uncoveredChecks({ uncovered }: Pick<HealthDetails, "uncovered">): Check[] {
	const checks = uncovered.slice(0, MAX_SHOWN).map(({ slo, waitsFor, seenInstead }) => {
		const seen =
			seenInstead.length > 0 ? `Seen instead: ${seenInstead.join("; ")}.` : "Nothing came that no SLO counts.";
		return warn(
			`SLO ${slo}`,
			`It never saw data. It waits for ${waitsFor.join(", ")}. ${seen}`,
			"Correct the metric or the conditions of its selector, or have the metric sent.",
		);
	});
	const more = uncovered.length - MAX_SHOWN;
	if (more > 0) checks.push(warn("SLOs", `${more} more SLOs never saw data.`, "See the page Health."));
	return checks;
}

interface IdsSeen {
	readonly items: readonly { readonly attribute: string; readonly value: string; readonly tenant: string | null }[];
	readonly total: number;
	readonly unmatched: number;
}

/** Other customers' ids are no fault: the platform has more customers than key tenants. */
export function unmatchedChecks(answer: ServerAnswer): Check[] {
	if (answer.status !== "answered" || answer.statusCode !== 200) return [];
	const { items, total, unmatched } = answer.body as IdsSeen;
	// That nobody was named yet is told by the parts.
	if (total === 0) return [];
	if (unmatched === 0) return [ok("ids", "Every id in the telemetry belongs to a key tenant.")];
	const named = items
		.filter(({ tenant }) => tenant === null)
		.map(({ attribute, value }) => `${attribute}=${value}`)
		.join(", ");
	return [
		ok(
			"ids",
			`${unmatched} ids belong to no key tenant, such as ${named}. The page Match makes one of them a key tenant.`,
		),
	];
}
