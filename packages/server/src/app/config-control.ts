import { createHash } from "node:crypto";
import type { Clock } from "@bellwether/model";
import type { ActiveConfig, AddOutcome, ApplyOutcome, ConfigPort, NewKeyTenant } from "#api";
import {
	type Catalogue,
	type CatalogueFile,
	type Finding,
	folderSignature,
	parseCatalogue,
	readCatalogueFiles,
} from "#catalogue";
import { audit, type ControlStore, type Principal, SYSTEM, type Tx } from "#platform";
import type { CatalogueCache } from "./catalogue-cache.ts";
import { recordRegister } from "./register-history.ts";
import { tenantFile, writeCatalogueFile } from "./tenant-file.ts";

export interface ConfigControlOptions {
	readonly dir: string;
	/** Validated catalogues of earlier starts; undefined: none are kept. */
	readonly cache?: CatalogueCache | undefined;
	readonly store: ControlStore;
	readonly clock: Clock;
	/** Carries a taken catalogue to whoever holds one; awaited before the next one is taken. */
	readonly onApplied: (catalogue: Catalogue) => Promise<void>;
	readonly onRefused: (findings: readonly Finding[]) => void;
	/** Reads the folder. Default: `readCatalogueFiles`. */
	readonly read?: typeof readCatalogueFiles | undefined;
}

export interface ConfigControl extends ConfigPort {
	catalogue(): Catalogue;
	/** Looks for a changed folder now; `watch` does so every two seconds. */
	look(): Promise<void>;
	watch(): void;
	stop(): Promise<void>;
}

/** Nothing can run: the folder has errors and no version ran before. */
export class CatalogueRefused extends Error {
	override readonly name = "CatalogueRefused";
	readonly findings: readonly Finding[];
	constructor(dir: string, findings: readonly Finding[]) {
		const errors = findings.filter((finding) => finding.level === "error").length;
		super(
			`the catalogue in ${dir} has ${errors} ${errors === 1 ? "error" : "errors"}, and no version of it ran here before`,
		);
		this.findings = findings;
	}
}

const LOOK_EVERY_MS = 2_000;
/** Files that were changed within this may be changed again unseen: clocks of disks tick in up to two seconds. */
const FRESH_MS = 3_000;
/** However still the folder seems, it is read so often: not every disk tells of every change. */
const READ_EVERY_LOOKS = 150;
const KEPT_VERSIONS = 20;
/** Digest of the folder as it was last taken or refused: tells an edited folder from one that an apply by API overruled. */
const FOLDER_KEY = "catalogue-folder";

interface Running {
	readonly catalogue: Catalogue;
	readonly files: readonly CatalogueFile[];
	readonly appliedAt: number;
	readonly appliedBy: string;
	readonly source: "folder" | "api";
}

/**
 * The configuration that runs. The latest change wins, wherever it was made: an edited folder or an apply by API. A
 * version with errors never replaces a good one, not across a restart either: the last good one is in the store.
 */
export async function startConfigControl(options: ConfigControlOptions): Promise<ConfigControl> {
	const { dir, store, clock, read = readCatalogueFiles } = options;
	let lastFolderDigest = await storedFolderDigest(store);
	let attempt: { readonly isOk: boolean; readonly findings: readonly Finding[] } = { isOk: true, findings: [] };
	let running = await firstVersion();
	let timer: NodeJS.Timeout | undefined;
	let queue: Promise<unknown> = Promise.resolve();
	let isStopped = false;
	let lookedAt: string | undefined;
	/** Of the folder whose files are those that were last taken or refused. */
	let known: { readonly signature: string; looksLeft: number } | undefined;
	/** While the folder cannot be read: what is said of it since, and what was said before. */
	let unreadable: { readonly said: typeof attempt; readonly before: typeof attempt } | undefined;

	async function firstVersion(): Promise<Running> {
		const stored = await storedVersion(store, options.cache);
		const folder = await read(dir);
		const { files } = folder;
		const digest = files && filesDigest(files);
		if (stored && digest !== undefined && digest === lastFolderDigest) return goOn(stored);
		const reading = files ? parseCatalogue(files) : { catalogue: undefined, findings: folder.findings };
		if (files && reading.catalogue) {
			attempt = { isOk: true, findings: [...folder.findings, ...reading.findings] };
			return take({ catalogue: reading.catalogue, files, source: "folder" }, SYSTEM, "start", digest);
		}
		if (!stored) throw new CatalogueRefused(dir, reading.findings);
		attempt = { isOk: false, findings: reading.findings };
		options.onRefused(reading.findings);
		return goOn(stored);
	}

	/** A version that ran before this program kept a history of the register begins it. */
	async function goOn(stored: Running): Promise<Running> {
		await store.transaction((tx) => recordRegister(tx, stored.catalogue, stored.appliedAt, stored.appliedBy));
		return stored;
	}

	async function take(
		version: Pick<Running, "catalogue" | "files" | "source">,
		principal: Principal,
		requestId: string,
		folderDigest: string | undefined,
		detail: Readonly<Record<string, unknown>> = {},
	): Promise<Running> {
		const now = clock.now();
		const taken = { ...version, appliedAt: now, appliedBy: principal.name };
		await store.transaction(async (tx) => {
			await storeVersion(tx, taken, now);
			await recordRegister(tx, taken.catalogue, now, principal.name);
			if (folderDigest !== undefined) await storeFolderDigest(tx, folderDigest);
			await audit(tx, {
				at: now,
				actor: principal.name,
				action: "config.applied",
				tenant: "",
				subject: `config:${version.catalogue.hash}`,
				requestId,
				detail: { source: version.source, ...detail },
			});
		});
		if (folderDigest !== undefined) lastFolderDigest = folderDigest;
		return taken;
	}

	/** One attempt at a time: two applies must not interleave their commits and their hand-over. */
	function inTurn<T>(work: () => Promise<T>): Promise<T> {
		const turn = queue.then(work);
		queue = turn.catch(() => {});
		return turn;
	}

	async function attemptFiles(
		files: readonly CatalogueFile[],
		source: "folder" | "api",
		principal: Principal,
		requestId: string,
		detail: Readonly<Record<string, unknown>> = {},
	): Promise<ApplyOutcome> {
		const { catalogue, findings } = parseCatalogue(files);
		const folderDigest = source === "folder" ? filesDigest(files) : undefined;
		if (!catalogue) {
			// Files that somebody sent and that were refused change nothing, not even what is said of the folder.
			if (folderDigest === undefined) return { status: "refused", findings };
			// A folder that is refused is not looked at again until it is edited.
			lastFolderDigest = folderDigest;
			attempt = { isOk: false, findings };
			options.onRefused(findings);
			return { status: "refused", findings };
		}
		const isSame = catalogue.hash === running.catalogue.hash;
		running = await take(
			{ catalogue, files, source },
			principal,
			requestId,
			folderDigest ?? (await currentFolderDigest()),
			detail,
		);
		attempt = { isOk: true, findings };
		if (!isSame) await options.onApplied(catalogue);
		return { status: isSame ? "unchanged" : "applied", hash: catalogue.hash, findings };
	}

	/** An apply by API overrules the folder as it stands now; a later edit of the folder overrules it in turn. */
	async function currentFolderDigest(): Promise<string | undefined> {
		const { files } = await read(dir);
		return files && filesDigest(files);
	}

	async function applyFolder(principal: Principal, requestId: string): Promise<ApplyOutcome> {
		const { files, findings } = await read(dir);
		if (files) return attemptFiles(files, "folder", principal, requestId);
		attempt = { isOk: false, findings };
		options.onRefused(findings);
		return { status: "refused", findings };
	}

	async function addTenant(tenant: NewKeyTenant, principal: Principal, requestId: string): Promise<AddOutcome> {
		// Where an apply by API overruled the folder, its files are the truth, and the tenant goes to them.
		const { source } = running;
		const folder = source === "folder" ? await read(dir) : { files: running.files, findings: [] };
		const file = tenantFile(tenant, folder.files ?? []);
		if (!folder.files) return { status: "refused", findings: folder.findings, file };
		const { catalogue, findings } = parseCatalogue([...folder.files, file]);
		if (!catalogue) return { status: "refused", findings, file };
		const { name, attribute, value } = tenant;
		const detail = { added: `KeyTenant:${name}`, attribute, value };
		if (source === "api")
			return { ...(await attemptFiles([...folder.files, file], source, principal, requestId, detail)), file };
		try {
			await writeCatalogueFile(dir, file);
		} catch (error) {
			return { status: "unwritable", file, message: (error as Error).message };
		}
		const written = await read(dir);
		if (!written.files) return { status: "refused", findings: written.findings, file };
		return { ...(await attemptFiles(written.files, source, principal, requestId, detail)), file };
	}

	async function lookNow(): Promise<void> {
		const signature = await folderSignature(dir);
		if (known && signature?.text === known.signature && known.looksLeft-- > 0) return;
		known = undefined;
		const { files, findings } = await read(dir);
		if (!files) {
			if (attempt.isOk) options.onRefused(findings);
			const before = attempt === unreadable?.said ? unreadable.before : attempt;
			attempt = { isOk: false, findings };
			unreadable = { said: attempt, before };
			return;
		}
		if (attempt === unreadable?.said) attempt = unreadable.before;
		unreadable = undefined;
		const digest = filesDigest(files);
		if (digest === lastFolderDigest) {
			// Taken before the files were read: what changed meanwhile has another one.
			if (signature && clock.now() - signature.changedAt > FRESH_MS)
				known = { signature: signature.text, looksLeft: READ_EVERY_LOOKS };
			return;
		}
		// Somebody may be half-way through saving several files: they count once they stand still.
		const isStill = digest === lookedAt;
		lookedAt = digest;
		if (isStill) await attemptFiles(files, "folder", SYSTEM, "folder-changed");
	}

	return {
		catalogue: () => running.catalogue,
		active: (): ActiveConfig => ({
			hash: running.catalogue.hash,
			appliedAt: running.appliedAt,
			appliedBy: running.appliedBy,
			source: running.source,
			isReloadOk: attempt.isOk,
			findings: attempt.findings,
			files: running.files,
		}),
		validate(files) {
			const { catalogue, findings } = parseCatalogue(files);
			return { hash: catalogue?.hash, findings };
		},
		apply: (files, principal, requestId) =>
			inTurn(() => (files ? attemptFiles(files, "api", principal, requestId) : applyFolder(principal, requestId))),
		addKeyTenant: (tenant, principal, requestId) => inTurn(() => addTenant(tenant, principal, requestId)),
		look: () => inTurn(lookNow),
		watch() {
			const next = () => {
				if (isStopped) return;
				timer = setTimeout(() => {
					// A store that fails for a while must not end the watching.
					inTurn(lookNow).then(next, next);
				}, LOOK_EVERY_MS);
			};
			next();
		},
		async stop() {
			isStopped = true;
			clearTimeout(timer);
			await queue;
		},
	};
}

/** Names the content of files: two folders with the same files have the same one. */
function filesDigest(files: readonly CatalogueFile[]): string {
	const hash = createHash("sha256");
	for (const { path, text } of files) hash.update(`${path.length}:${path}${text.length}:${text}`);
	return hash.digest("hex");
}

async function storedVersion(store: ControlStore, cache: CatalogueCache | undefined): Promise<Running | undefined> {
	const row = await store.db.selectFrom("config_versions").selectAll().where("active", "=", 1).executeTakeFirst();
	if (!row) return undefined;
	const { source, files } = JSON.parse(row.files) as { source: "folder" | "api"; files: CatalogueFile[] };
	const digest = filesDigest(files);
	const kept = cache?.read(digest);
	const catalogue = kept ?? parseCatalogue(files).catalogue;
	if (catalogue && !kept) cache?.write(digest, catalogue);
	// A newer version of this program may refuse what an older one took.
	return catalogue && { catalogue, files, source, appliedAt: row.applied_at, appliedBy: row.applied_by };
}

async function storeVersion(tx: Tx, version: Running, now: number): Promise<void> {
	const { hash } = version.catalogue;
	const files = JSON.stringify({ source: version.source, files: version.files });
	await tx.updateTable("config_versions").set({ active: 0 }).where("active", "=", 1).execute();
	await tx
		.insertInto("config_versions")
		.values({ hash, applied_at: now, applied_by: version.appliedBy, files, active: 1 })
		.onConflict((conflict) =>
			conflict.column("hash").doUpdateSet({ applied_at: now, applied_by: version.appliedBy, files, active: 1 }),
		)
		.execute();
	const old = await tx
		.selectFrom("config_versions")
		.select("hash")
		.orderBy("applied_at", "desc")
		.offset(KEPT_VERSIONS)
		.limit(1_000)
		.execute();
	if (old.length === 0) return;
	await tx
		.deleteFrom("config_versions")
		.where("active", "=", 0)
		.where(
			"hash",
			"in",
			old.map((row) => row.hash),
		)
		.execute();
}

async function storedFolderDigest(store: ControlStore): Promise<string | undefined> {
	const row = await store.db.selectFrom("meta").select("value").where("key", "=", FOLDER_KEY).executeTakeFirst();
	return row?.value;
}

async function storeFolderDigest(tx: Tx, value: string): Promise<void> {
	await tx
		.insertInto("meta")
		.values({ key: FOLDER_KEY, value })
		.onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
		.execute();
}
