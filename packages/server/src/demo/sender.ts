import { gzipSync } from "node:zlib";
import type { DemoFleet, DemoTenant } from "./fleet.ts";
import { otlpRequest } from "./otlp-request.ts";
import { type PostOptions, post, sleepUntilAborted } from "./post.ts";
import type { Scenario } from "./scenario.ts";

/** A group of tenants whose telemetry travels in one request, like one collector in front of them. */
export interface SenderGroup {
	readonly tenants: readonly DemoTenant[];
	readonly periodMs: number;
	/** End of its first interval after the start, so that groups do not all send at once. */
	readonly phaseMs: number;
}

export interface SenderOptions extends PostOptions {
	readonly endpoint: string;
	readonly token?: string | undefined;
	readonly fleet: DemoFleet;
	readonly scenario: Scenario;
	readonly startAt: number;
	/** Told of what was refused, in words. */
	readonly report: (message: string) => void;
}

const TENANTS_PER_REQUEST = 10;
const PERIODS_MS = [2000, 3000, 4000, 5000, 2500];
/** A gap longer than this (a laptop that slept) is left as a gap: nothing was measured then. */
const LONGEST_CATCH_UP_MS = 10 * 60_000;

export function senderGroups(fleet: DemoFleet): SenderGroup[] {
	const groups: SenderGroup[] = [];
	for (const tenants of [fleet.keyTenants, fleet.others]) {
		for (let i = 0; i < tenants.length; i += TENANTS_PER_REQUEST) {
			// The first key tenants are those that scenarios break: the shortest period shows it soonest.
			const periodMs = PERIODS_MS[(i / TENANTS_PER_REQUEST) % PERIODS_MS.length] as number;
			const phaseMs = 300 + ((groups.length * 370) % periodMs);
			groups.push({ tenants: tenants.slice(i, i + TENANTS_PER_REQUEST), periodMs, phaseMs });
		}
	}
	return groups;
}

/** Sends a group's telemetry from `startAt` on, interval after interval, until the signal aborts. Late intervals follow at once. */
export async function runSender(group: SenderGroup, options: SenderOptions): Promise<void> {
	const { signal, now = Date.now, sleep = sleepUntilAborted } = options;
	let from = options.startAt;
	let to = options.startAt + group.phaseMs;
	while (!signal.aborted) {
		if (now() < to) await sleep(to - now(), signal);
		if (signal.aborted) return;
		if (now() - to > LONGEST_CATCH_UP_MS) {
			to = now();
			from = to - group.periodMs;
		}
		await sendInterval(group, options, from, to);
		from = to;
		to += group.periodMs;
	}
}

async function sendInterval(group: SenderGroup, options: SenderOptions, from: number, to: number): Promise<void> {
	const body = otlpRequest(options.fleet, options.scenario, group.tenants, from, to);
	if (!body) return;
	const result = await post(
		{
			url: `${options.endpoint}/v1/metrics`,
			headers: {
				"content-type": "application/x-protobuf",
				"content-encoding": "gzip",
				...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
			},
			body: new Uint8Array(gzipSync(body)),
		},
		options,
	);
	if (result.status === "refused") options.report(`The server refused a request (${result.code}): ${result.text}`);
}
