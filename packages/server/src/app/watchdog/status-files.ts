import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@bellwether/model";
import type { WatchdogStatus } from "#api";
import type { Catalogue } from "#catalogue";
import type { ControlStore } from "#platform";
import type { loadOnCallState, phoneTree, SheetIncident } from "#response";

export interface StatusFilesOptions {
	/** Folder that is written to: the data folder, or one that is copied to another machine. */
	readonly dir: string;
	readonly store: ControlStore;
	readonly clock: Clock;
	readonly catalogue: () => Catalogue;
	readonly status: () => WatchdogStatus;
	readonly publicUrl: () => string;
	readonly response: { readonly phoneTree: typeof phoneTree; readonly loadOnCallState: typeof loadOnCallState };
	readonly onError: (error: unknown) => void;
}

const FIRST_AFTER_MS = 5_000;
const EVERY_MS = 60_000;
const AHEAD_MS = 8 * 86_400_000;
const MOST_INCIDENTS = 100;

/**
 * Writes, once a minute, what people need when this process is gone: `phone-tree.md`, and `status.json` with how it stood.
 * Each names the moment of its writing and is replaced as a whole.
 */
export function startStatusFiles(options: StatusFilesOptions): { write(): Promise<void>; stop(): Promise<void> } {
	const { dir, store, clock, catalogue, response } = options;
	let timer: NodeJS.Timeout | undefined;
	let underWay: Promise<void> = Promise.resolve();
	let isStopped = false;

	async function write(): Promise<void> {
		const at = clock.now();
		const openIncidents = await openNow(store);
		const state = await response.loadOnCallState(store.db, at, at + AHEAD_MS);
		const url = options.publicUrl();
		await replace("phone-tree.md", response.phoneTree(catalogue(), at, { url, openIncidents, state }));
		const { state: stands, passedAt, withheldSince, reasons, check } = options.status();
		const status = {
			...{ writtenAt: new Date(at), url, state: stands, reasons },
			passedAt: passedAt === undefined ? null : new Date(passedAt),
			withheldSince: withheldSince === undefined ? null : new Date(withheldSince),
			stages: check?.stages ?? {},
			openIncidents,
		};
		await replace("status.json", `${JSON.stringify(status, null, "\t")}\n`);
	}

	async function replace(name: string, text: string): Promise<void> {
		const path = join(dir, name);
		await writeFile(`${path}.new`, text, { mode: 0o600 });
		await rename(`${path}.new`, path);
	}

	function later(afterMs: number): void {
		if (isStopped) return;
		timer = setTimeout(() => {
			underWay = write()
				.catch(options.onError)
				.then(() => later(EVERY_MS));
		}, afterMs);
		timer.unref();
	}

	later(FIRST_AFTER_MS);
	return {
		write,
		async stop() {
			isStopped = true;
			clearTimeout(timer);
			await underWay;
		},
	};
}

async function openNow(store: ControlStore): Promise<SheetIncident[]> {
	const rows = await store.db
		.selectFrom("incidents")
		.select(["id", "severity_key", "state", "title", "detected_at"])
		.where("state", "not in", ["resolved", "reviewed"])
		.where("readers", "is", null)
		.orderBy("severity_rank")
		.orderBy("number", "desc")
		.limit(MOST_INCIDENTS)
		.execute();
	return rows.map((row) => ({
		id: row.id,
		severity: row.severity_key,
		state: row.state,
		title: row.title,
		detectedAt: row.detected_at,
	}));
}
