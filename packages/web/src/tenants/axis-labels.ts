import { times } from "../text.ts";

export function clockLabel(at: number): string {
	return times.short(at, at);
}

export function dayLabel(at: number): string {
	return times.short(at, 0);
}
