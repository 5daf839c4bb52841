/**
 * Words and arithmetic that every room shares: time, durations, severity, burn rate, error budget, evidence.
 * Pure and total: no I/O, no clock of its own; "no events" is undefined, never zero and never NaN.
 */
export * from "./binomial.ts";
export * from "./burn-rate.ts";
export * from "./clock.ts";
export * from "./duration.ts";
export * from "./error-budget.ts";
export * from "./own-name.ts";
export * from "./random.ts";
export * from "./severity.ts";
export * from "./severity-mapping.ts";
