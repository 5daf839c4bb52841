export const MINUTE_MS = 60_000;
/** Minutes that are kept one by one; a power of two, so that a minute's slot is a mask. */
export const RING = 256;
export const SLOT = RING - 1;

export const minuteOf = (at: number): number => Math.floor(at / MINUTE_MS);
