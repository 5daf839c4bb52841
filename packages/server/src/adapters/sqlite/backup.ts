import { createHash } from "node:crypto";
import {
	chmodSync,
	closeSync,
	copyFileSync,
	createReadStream,
	existsSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import type { Clock } from "@bellwether/model";

/** What a data folder's backup holds; everything else in the folder is made anew. */
const FILES = ["control.db", "telemetry.db"] as const;
const MANIFEST = "backup.json";
/** Pages copied between looks at the event loop. */
const PAGES_PER_STEP = 2000;
/** A message that has already waited to be sent when this is passed may have been sent since. */
const FENCE_DETAIL =
	"the server was restored from a backup: it may or may not have been sent after that backup was made";

/** `at`: both files are as they stood at this moment. */
export interface BackupManifest {
	readonly format: 1;
	readonly version: string;
	readonly at: string;
	readonly auditHead: { readonly seq: number; readonly hash: string };
	readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

/** Told while it goes on. A copy is read once more, so the bytes of a file count twice. */
export type CopyProgress = (doneBytes: number, ofBytes: number) => void;

/** What was asked cannot be done; nothing was changed. The message says what to do. */
export class BackupRefused extends Error {
	override readonly name = "BackupRefused";
}

/**
 * Copies a data folder, also while a server uses it: both files as one moment had them, because both are read in a
 * transaction that began before either was copied. The server goes on writing meanwhile. Throws BackupRefused.
 */
export async function backUp(
	dataDir: string,
	out: string,
	options: { readonly clock: Clock; readonly version: string; readonly onProgress?: CopyProgress | undefined },
): Promise<BackupManifest> {
	for (const name of FILES)
		if (!existsSync(join(dataDir, name)))
			throw new BackupRefused(`${dataDir} has no ${name}: name the data folder of a server that has run`);
	mkdirSync(out, { recursive: true, mode: 0o700 });
	if (readdirSync(out).length > 0) throw new BackupRefused(`${out} is not empty: name a folder that is new`);
	// Control first: what telemetry then has besides is counted, and no incident can be there without its counts.
	const sources = FILES.map((name) => new DatabaseSync(join(dataDir, name), { readOnly: true, timeout: 5_000 }));
	try {
		for (const source of sources) {
			source.exec("begin");
			source.prepare("select count(*) from sqlite_schema").get();
		}
		const at = new Date(options.clock.now()).toISOString();
		const head = (sources[0] as DatabaseSync).prepare("select seq, hash from audit order by seq desc limit 1").get();
		const files = [];
		const tally = tallyOf(
			2 * FILES.reduce((sum, name) => sum + statSync(join(dataDir, name)).size, 0),
			options.onProgress,
		);
		for (const [k, name] of FILES.entries()) {
			const path = join(out, name);
			const { size } = statSync(join(dataDir, name));
			let copied = 0;
			await backup(sources[k] as DatabaseSync, path, {
				rate: PAGES_PER_STEP,
				progress({ totalPages, remainingPages }) {
					const bytes = Math.round(size * (1 - remainingPages / Math.max(1, totalPages)));
					tally(bytes - copied);
					copied = bytes;
				},
			});
			tally(size - copied);
			// A copy is one file: without a log beside it.
			const copy = new DatabaseSync(path);
			copy.exec("pragma journal_mode = delete");
			copy.close();
			chmodSync(path, 0o600);
			syncFile(path);
			files.push({ name, bytes: statSync(path).size, sha256: await sha256Of(path, tally) });
		}
		const manifest: BackupManifest = {
			format: 1,
			version: options.version,
			at,
			auditHead: { seq: Number(head?.seq ?? 0), hash: String(head?.hash ?? "0".repeat(64)) },
			files,
		};
		// Last: a folder without it is no backup.
		writeFileSync(join(out, MANIFEST), `${JSON.stringify(manifest, undefined, "\t")}\n`, { mode: 0o600 });
		syncFile(join(out, MANIFEST));
		syncFile(out);
		return manifest;
	} finally {
		for (const source of sources) source.close();
	}
}

/**
 * Undefined: the folder is no backup. Names of its files are ours: others would lead out of the folder, or leave a file
 * out. Throws BackupRefused.
 */
export function readManifest(dir: string): BackupManifest | undefined {
	const path = join(dir, MANIFEST);
	if (!existsSync(path)) return undefined;
	const wrong = (what: string) => new BackupRefused(`${path} ${what}: use another backup`);
	let read: unknown;
	try {
		read = JSON.parse(readFileSync(path, "utf8"));
	} catch (error) {
		throw wrong(`is not JSON (${(error as Error).message})`);
	}
	const { format, files } = (read ?? {}) as Partial<BackupManifest>;
	if (format !== 1) throw wrong(`has the format ${JSON.stringify(format)}, not 1`);
	const names = Array.isArray(files) ? files.map((file) => file?.name) : [];
	if (JSON.stringify(names.toSorted()) !== JSON.stringify([...FILES].toSorted()))
		throw wrong(`names ${JSON.stringify(names).slice(0, 200)}, not ${FILES.join(" and ")}`);
	return read as BackupManifest;
}

/** Names of files that differ from what the manifest says. */
export async function changedFiles(dir: string, manifest: BackupManifest, tally?: Tally): Promise<string[]> {
	const changed: string[] = [];
	for (const { name, sha256 } of manifest.files)
		if (!existsSync(join(dir, name)) || (await sha256Of(join(dir, name), tally)) !== sha256) changed.push(name);
	return changed;
}

export interface Restored {
	readonly manifest: BackupManifest;
	/** Messages to customers' side that a person must look at, and pages that their escalation sends anew if need be. */
	readonly notices: number;
	readonly pages: number;
}

/**
 * Makes a data folder of a backup. Nothing that waited to be sent is sent from it: a notice becomes uncertain when the
 * server starts, a page is cancelled and its escalation goes on by its timers. Throws BackupRefused.
 */
export async function restore(
	from: string,
	dataDir: string,
	options: { readonly clock: Clock; readonly onProgress?: CopyProgress | undefined },
): Promise<Restored> {
	const manifest = readManifest(from);
	if (!manifest) throw new BackupRefused(`${from} has no ${MANIFEST}: name the folder that bellwether backup wrote`);
	const tally = tallyOf(2 * manifest.files.reduce((sum, { bytes }) => sum + bytes, 0), options.onProgress);
	const changed = await changedFiles(from, manifest, tally);
	if (changed.length > 0)
		throw new BackupRefused(`${changed.join(", ")} in ${from} is not as it was backed up: use another backup`);
	if (existsSync(dataDir) && readdirSync(dataDir).length > 0)
		throw new BackupRefused(`${dataDir} is not empty: name a folder that is new, or move that one away`);
	mkdirSync(dataDir, { recursive: true, mode: 0o700 });
	// Under another name until it is whole: a cut restore leaves nothing that a server would take for its data.
	for (const { name, bytes } of manifest.files) {
		const path = join(dataDir, `${name}.restoring`);
		copyFileSync(join(from, name), path);
		chmodSync(path, 0o600);
		tally(bytes);
	}
	const fenced = fence(join(dataDir, "control.db.restoring"), options.clock.now());
	for (const { name } of manifest.files) {
		syncFile(join(dataDir, `${name}.restoring`));
		renameSync(join(dataDir, `${name}.restoring`), join(dataDir, name));
	}
	for (const name of readdirSync(dataDir)) if (name.includes(".restoring")) rmSync(join(dataDir, name));
	syncFile(dataDir);
	return { manifest, ...fenced };
}

/**
 * What waited when the backup was made may have been sent since. Notices are left as a crash while sending leaves them, which
 * the dispatcher settles at its start: uncertain, for a person to decide.
 */
function fence(path: string, now: number): { notices: number; pages: number } {
	const db = new DatabaseSync(path);
	try {
		db.exec("begin immediate");
		const notices = db
			.prepare(
				"update outbox set state = 'sending' where state in ('pending', 'sending') and delivery = 'at-most-once'",
			)
			.run().changes;
		const pages = db
			.prepare(
				"update outbox set state = 'cancelled', last_error = ? where state in ('pending', 'sending') and delivery = 'at-least-once'",
			)
			.run(FENCE_DETAIL).changes;
		db.prepare("update deliveries set outcome = 'uncertain', ended_at = ?, detail = ? where outcome = 'sending'").run(
			now,
			FENCE_DETAIL,
		);
		db.prepare(
			"insert into meta (key, value) values ('epoch', '1') on conflict (key) do update set value = cast(cast(value as integer) + 1 as text)",
		).run();
		db.prepare("delete from sessions").run();
		db.exec("commit");
		return { notices: Number(notices), pages: Number(pages) };
	} finally {
		db.close();
	}
}

function syncFile(path: string): void {
	const file = openSync(path, "r");
	try {
		fsyncSync(file);
	} finally {
		closeSync(file);
	}
}

async function sha256Of(path: string, tally?: Tally): Promise<string> {
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(path)) {
		hash.update(chunk as Buffer);
		tally?.((chunk as Buffer).length);
	}
	return hash.digest("hex");
}

type Tally = (moreBytes: number) => void;

function tallyOf(ofBytes: number, onProgress: CopyProgress | undefined): Tally {
	let done = 0;
	return (more) => {
		done += more;
		onProgress?.(Math.min(done, ofBytes), ofBytes);
	};
}
