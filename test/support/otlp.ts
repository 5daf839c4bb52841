import { idOf } from "./catalogue.ts";
import { type Answer, type RunningServer, request } from "./server.ts";

/** Events of one tenant in one minute. `tenant` undefined: of customers that are no key tenants. */
export interface Minute {
	readonly tenant: string | undefined;
	/** End of the minute, ms epoch. */
	readonly at: number;
	readonly good: number;
	readonly bad: number;
}

const MINUTE_MS = 60_000;

/** `mail.sends` as delta sums, one request for all. */
export function sendMinutes(server: RunningServer, minutes: readonly Minute[]): Promise<Answer> {
	const byTenant = Map.groupBy(minutes, (minute) => minute.tenant);
	const resourceMetrics = [...byTenant].map(([tenant, own]) => ({
		resource: { attributes: [attribute("tenant.id", tenant === undefined ? "somebody" : idOf(tenant))] },
		scopeMetrics: [
			{
				scope: { name: "scenario" },
				metrics: [
					{
						name: "mail.sends",
						sum: {
							aggregationTemporality: 1,
							isMonotonic: true,
							dataPoints: own.flatMap(({ at, good, bad }) => [point(at, good, "ok"), point(at, bad, "failed")]),
						},
					},
				],
			},
		],
	}));
	return sendJson(server, { resourceMetrics });
}

export function sendJson(server: RunningServer, body: unknown): Promise<Answer> {
	return request(`${server.otlpUrl}/v1/metrics`, { method: "POST", json: body });
}

/** One entry per minute of the last `count` ones, oldest first; the newest ends at `until`. */
export function minutesBefore(until: number, count: number, of: (minutesAgo: number) => Omit<Minute, "at">): Minute[] {
	return Array.from({ length: count }, (_, index) => {
		const minutesAgo = count - 1 - index;
		return { at: until - minutesAgo * MINUTE_MS, ...of(minutesAgo) };
	});
}

function point(at: number, count: number, result: string) {
	return {
		startTimeUnixNano: nanos(at - MINUTE_MS),
		timeUnixNano: nanos(at),
		asInt: String(count),
		attributes: [attribute("result", result)],
	};
}

export function attribute(key: string, stringValue: string) {
	return { key, value: { stringValue } };
}

export function nanos(ms: number): string {
	return `${Math.round(ms)}000000`;
}
