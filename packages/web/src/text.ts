import { useMemo } from "react";
import { type IntlShape, useIntl } from "react-intl";
import { formatTime, formatTimeShort, formatTimeWithSeconds } from "./format.ts";
import type { messages } from "./messages.en.ts";

export type TextId = keyof typeof messages;
export type Text = (id: TextId, values?: Record<string, string | number>) => string;

export function textOf(intl: IntlShape): Text {
	return (id, values) => intl.formatMessage({ id }, values);
}

export function useText(): Text {
	const intl = useIntl();
	return useMemo(() => textOf(intl), [intl]);
}

const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Times in the reader's own zone. */
export const times = {
	at: (instant: number, now: number) => formatTime(instant, { timeZone, now }),
	/** With the day, whichever it is: for what is printed. */
	dated: (instant: number) => formatTime(instant, { timeZone, now: 0 }),
	short: (instant: number, now: number) => formatTimeShort(instant, { timeZone, now }),
	/** With seconds, for lists in which several things share a minute. */
	exactly: (instant: number, now: number) => formatTime(instant, { timeZone, now, withSeconds: true }),
	withSeconds: (instant: number) => formatTimeWithSeconds(instant, timeZone),
};
