import { describeDuration } from "@bellwether/model";
import { createColors } from "picocolors";
import { readCatalogue } from "#catalogue";
import { type BacktestClaim, backtest } from "../app/backtest.ts";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { progress, type Terminal } from "./progress.ts";
import { findingsText } from "./validate-command.ts";

export interface BacktestCommandOptions extends CommandOptions {
	readonly dataDir: string;
	/** ISO 8601; undefined: the last day. */
	readonly from: string | undefined;
	readonly to: string | undefined;
	readonly now: number;
	readonly terminal: Terminal;
}

/** Prints what the monitors of a catalogue would have claimed. 0: told, 1: catalogue or data cannot be used, 2: no time. */
export async function runBacktest(options: BacktestCommandOptions): Promise<number> {
	const { dir, json, colour, out, dataDir } = options;
	const [from, to] = [options.from, options.to].map((text) => (text === undefined ? undefined : Date.parse(text)));
	for (const [text, at] of [
		[options.from, from],
		[options.to, to],
	] as const) {
		if (at === undefined || Number.isFinite(at)) continue;
		out(`"${text}" is no time.\n  Write one such as 2026-11-23T02:00Z.\n`);
		return EXIT.usage;
	}
	const end = to ?? options.now;
	if (from !== undefined && from >= end) {
		out(
			`--from is ${stamp(from)}, which is not before the end, ${stamp(end)}.\n  Write an earlier one, or a later --to.\n`,
		);
		return EXIT.usage;
	}
	const reading = await readCatalogue(dir);
	if (!reading.catalogue) {
		out(findingsText(reading, colour));
		return EXIT.findings;
	}
	const bar = progress({ ...options.terminal, title: "replaying" });
	try {
		const { catalogue } = reading;
		const onProgress = (ratio: number) => bar.update(ratio, 0);
		const result = await backtest({ catalogue, dataDir, from, to, now: options.now, onProgress });
		bar.end();
		if (json) out(`${JSON.stringify(result)}\n`);
		else out(report(result.claims, result.from, result.to, colour));
		return EXIT.fine;
	} catch (error) {
		bar.end();
		out(
			`The counts in ${dataDir} cannot be replayed: ${(error as Error).message}\n  Name a data folder or a backup.\n`,
		);
		return EXIT.findings;
	}
}

function report(claims: readonly BacktestClaim[], from: number, to: number, colour: boolean): string {
	const paint = createColors(colour);
	const lines = claims.map((claim) => {
		const who = claim.tenant === "" ? "the platform" : claim.tenant;
		const ended =
			claim.endedAt === undefined ? "still on" : `for ${describeDuration(claim.endedAt - claim.detectedAt)}`;
		const pages = claim.tenant !== "" && claim.scope === "platform" ? "under the platform's" : "pages";
		return `${paint.bold(stamp(claim.detectedAt))} ${who} ${claim.slo}: ${claim.detector} (${claim.monitor}), ${pages}, ${ended}\n  ${reason(claim)}\n`;
	});
	const paging = claims.filter(({ tenant, scope }) => tenant === "" || scope === "tenant");
	const tenants = new Set(paging.map(({ tenant }) => tenant)).size;
	const span = `${stamp(from)} to ${stamp(to)}`;
	return `${lines.join("")}${claims.length} claims from ${span}; ${paging.length} of them would have paged, for ${tenants} of tenants and platform.\n`;
}

function reason({ evidence }: BacktestClaim): string {
	const { tier, long, short, says, since } = evidence;
	if (!tier) return says ?? "";
	const burn = (window: typeof long) =>
		`${Math.round(window.bad)} of ${Math.round(window.total)} bad in ${describeDuration(window.ms)}`;
	return `${burn(long)} and ${burn(short)}: both burn above ${Number(tier.factor.toFixed(2))}; since ${stamp(since)}.`;
}

function stamp(at: number): string {
	return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}
