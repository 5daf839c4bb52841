import { queryOptions } from "@tanstack/react-query";
import { call } from "../api.ts";
import type { CalendarLink, HandOver, NewCalendarLink, OnCallLoad, ScheduleDetail } from "../api-types.ts";

const path = (schedule: string) => `/oncall/schedules/${encodeURIComponent(schedule)}`;

export const loadQuery = queryOptions({
	queryKey: ["oncall", "load"],
	queryFn: ({ signal }) => call<OnCallLoad>("/oncall/load", {}, signal),
	refetchInterval: 300_000,
});

export const scheduleQuery = (name: string, from: number, to: number) =>
	queryOptions({
		queryKey: ["oncall", "schedule", name, from, to],
		queryFn: ({ signal }) => call<ScheduleDetail>(`${path(name)}?from=${from}&to=${to}`, {}, signal),
		refetchInterval: 30_000,
		placeholderData: (before, query) => (query?.queryKey[2] === name ? before : undefined),
	});

export const handOverQuery = (schedule: string | undefined) =>
	queryOptions({
		queryKey: ["oncall", "hand-over", schedule ?? ""],
		queryFn: ({ signal }) => call<HandOver>(`${path(schedule ?? "")}/hand-over`, {}, signal),
		enabled: schedule !== undefined,
		refetchInterval: 30_000,
	});

export const linksQuery = queryOptions({
	queryKey: ["oncall", "links"],
	queryFn: ({ signal }) =>
		call<{ items: readonly CalendarLink[] }>("/oncall/calendar-links", {}, signal).then(({ items }) => items),
});

/** Everything of on-call that may have changed. */
export const ALL_ON_CALL = ["oncall"] as const;

export type Role = ScheduleDetail["roles"][number];

interface Stretch {
	readonly from: number;
	readonly to: number;
	readonly reason: string;
}

/** What a person may do about schedules. An act is sent with a key of its own, so that it is done once. */
export function onCallActions(csrfToken: string) {
	const act = <T>(where: string, body: unknown, key?: string) =>
		call<T>(where, { method: "POST", body, csrfToken, ...(key === undefined ? {} : { idempotencyKey: key }) });
	const end = (where: string) => call<unknown>(where, { method: "DELETE", csrfToken });
	return {
		override: (
			schedule: string,
			asked: Stretch & { role: Role; people: readonly string[]; replaces?: string },
			key: string,
		) => act(`${path(schedule)}/overrides`, asked, key),
		endOverride: (id: string) => end(`/oncall/overrides/${encodeURIComponent(id)}`),
		swap: (schedule: string, asked: Stretch & { role: Role; person: string }, key: string) =>
			act(`${path(schedule)}/swaps`, asked, key),
		takeSwap: (id: string, person: string) => act(`/oncall/swaps/${encodeURIComponent(id)}/take`, { person }),
		cancelSwap: (id: string) => act(`/oncall/swaps/${encodeURIComponent(id)}/cancel`, {}),
		absence: (asked: Stretch & { person: string }, key: string) => act("/oncall/absences", asked, key),
		endAbsence: (id: string) => end(`/oncall/absences/${encodeURIComponent(id)}`),
		note: (schedule: string, text: string, key: string) => act(`${path(schedule)}/notes`, { text }, key),
		makeLink: (schedule: string) => act<NewCalendarLink>("/oncall/calendar-links", { schedule }),
		revokeLink: (id: string) => end(`/oncall/calendar-links/${encodeURIComponent(id)}`),
	};
}
