import type { Radar, RadarOptions } from "./types.ts";

export function createRadar(_options: RadarOptions): Radar {
	return { observe: () => false, change: () => {}, maintenance: () => {}, advance: () => [], open: () => [] };
}
