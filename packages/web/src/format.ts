/**
 * How the console writes numbers and times. Missing stays missing: null is "no traffic" or "unknown", never 0.
 * Digits do not depend on the value, so that live numbers do not jump.
 */

export interface TimeOptions {
	readonly timeZone: string;
	readonly now: number;
	readonly withSeconds?: boolean;
}

/** `99.5` for 0.995: as many digits as the objective was written with. */
export function formatObjective(objective: number): string {
	return `${(objective * 100).toFixed(objectiveDigits(objective))}%`;
}

/** One digit more than the objective; cut, not rounded, so that 99.996% reads neither as 100% nor as met. */
export function formatSli(sli: number | null, objective: number): string {
	if (sli === null) return "no traffic";
	if (sli >= 1) return "100%";
	const digits = objectiveDigits(objective) + 1;
	return `${cut(sli * 100, digits).toFixed(digits)}%`;
}

/** A share of anything else, to two significant digits below 10%: `0.05%`, `1.34%`, `42%`. */
export function formatShare(ratio: number): string {
	const percent = ratio * 100;
	if (percent === 0) return "0%";
	if (percent >= 100) return percent === 100 ? "100%" : `${Math.round(percent)}%`;
	if (percent < 0.01) return "less than 0.01%";
	const digits = percent < 10 ? 2 : 0;
	return `${trimZeros(cut(percent, digits).toFixed(digits))}%`;
}

/** Signed share of the error budget: `38%`, `−12%`. */
export function formatBudget(remaining: number | null): string {
	if (remaining === null) return "unknown";
	const percent = Math.floor(remaining * 100 + 1e-9);
	return percent < 0 ? `−${-percent}%` : `${percent}%`;
}

/** `21×`, below 10 with one digit: `2.4×`. */
export function formatBurn(burn: number | null): string {
	if (burn === null) return "no traffic";
	return burn >= 10 ? `${Math.round(burn)}×` : `${trimZeros(burn.toFixed(1))}×`;
}

/** Burn rate of the same events as the SLI, so that both numbers on the screen tell of one window. */
export function burnOf(sli: number | null, objective: number): number | null {
	return sli === null || objective >= 1 ? null : (1 - sli) / (1 - objective);
}

/** How long the whole budget lasts at this burn: the "28-day budget gone in 32 h" of a burn rate. */
export function budgetGoneMs(burn: number | null, periodMs: number): number | null {
	return burn === null || burn <= 0 ? null : periodMs / burn;
}

/** `14 s`, `9 min`, `2 h 14 min`, `6 d 3 h`; a number never stands on another line than its unit. */
export function formatDuration(ms: number): string {
	const seconds = Math.max(0, Math.floor(ms / 1000));
	if (seconds < 60) return withUnit(seconds, "s");
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return withUnit(minutes, "min");
	const hours = Math.floor(minutes / 60);
	if (hours < 48)
		return minutes % 60 === 0 ? withUnit(hours, "h") : `${withUnit(hours, "h")} ${withUnit(minutes % 60, "min")}`;
	const days = Math.floor(hours / 24);
	return hours % 24 === 0 ? withUnit(days, "d") : `${withUnit(days, "d")} ${withUnit(hours % 24, "h")}`;
}

/** `28-day`, as in "the 28-day budget"; periods that are not whole days as a duration. */
export function formatPeriod(ms: number): string {
	return ms % 86_400_000 === 0 ? `${ms / 86_400_000}-day` : formatDuration(ms);
}

function withUnit(number: number, unit: string): string {
	return `${number}\u00a0${unit}`;
}

/** What is left on a clock: `9:41`, `1:02:03`; past due `0:00`. */
export function formatCountdown(ms: number): string {
	const seconds = Math.max(0, Math.ceil(ms / 1000));
	const two = (n: number) => String(n).padStart(2, "0");
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
	return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** `03:07 (02:07 UTC)`, for readers in UTC `02:07 UTC`; on another day `22 Nov 2026, 03:07 CET (02:07 UTC)`. */
export function formatTime(at: number, { timeZone, now, withSeconds = false }: TimeOptions): string {
	const clock = clockOf(at, timeZone, withSeconds);
	const utc = clockOf(at, "UTC", withSeconds);
	if (timeZone === "UTC")
		return dayOf(at, "UTC") === dayOf(now, "UTC") ? `${utc} UTC` : `${dayOf(at, "UTC")}, ${utc} UTC`;
	if (dayOf(at, timeZone) === dayOf(now, timeZone)) return `${clock} (${utc} UTC)`;
	return `${dayOf(at, timeZone)}, ${clock} ${zoneName(at, timeZone)} (${utc} UTC)`;
}

/** `03:07:12 (02:07:12 UTC)`, for things that happened within the last minutes. */
export function formatTimeWithSeconds(at: number, timeZone: string): string {
	if (timeZone === "UTC") return `${clockOf(at, "UTC", true)} UTC`;
	return `${clockOf(at, timeZone, true)} (${clockOf(at, "UTC", true)} UTC)`;
}

/** `03:07`, or `22 Nov` on another day: only beside a full time. */
export function formatTimeShort(at: number, { timeZone, now }: TimeOptions): string {
	if (dayOf(at, timeZone) === dayOf(now, timeZone)) return clockOf(at, timeZone, false);
	return dayOf(at, timeZone).replace(/ \d{4}$/, "");
}

function objectiveDigits(objective: number): number {
	return (String(Number((objective * 100).toFixed(6))).split(".")[1] ?? "").length;
}

function cut(value: number, digits: number): number {
	const scale = 10 ** digits;
	// The small addend keeps 94.1 from becoming 94.09 because 0.941 × 100 is a hair below it.
	return Math.floor(value * scale + 1e-6) / scale;
}

function trimZeros(number: string): string {
	return number.includes(".") ? number.replace(/\.?0+$/, "") : number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a DateTimeFormat costs far more than using one. */
function format(timeZone: string, kind: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	const key = `${kind} ${timeZone}`;
	let made = formats.get(key);
	if (made === undefined) {
		made = new Intl.DateTimeFormat("en-GB", { ...options, timeZone });
		formats.set(key, made);
	}
	return made;
}

function clockOf(at: number, timeZone: string, withSeconds: boolean): string {
	const base: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
	return withSeconds
		? format(timeZone, "seconds", { ...base, second: "2-digit" }).format(at)
		: format(timeZone, "clock", base).format(at);
}

function dayOf(at: number, timeZone: string): string {
	return format(timeZone, "day", { day: "numeric", month: "short", year: "numeric" }).format(at);
}

function zoneName(at: number, timeZone: string): string {
	const parts = format(timeZone, "zone", { hour: "numeric", timeZoneName: "short" }).formatToParts(at);
	return parts.find((part) => part.type === "timeZoneName")?.value ?? timeZone;
}
