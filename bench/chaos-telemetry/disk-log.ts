import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** What disk-shim.c wrote of one change. */
interface Change {
	readonly what: "O" | "W" | "M" | "S" | "F" | "D" | "T" | "U";
	readonly inode: number;
	readonly offset: number;
	readonly data: Buffer;
}

const HEAD_BYTES = 24;
const SECTOR_BYTES = 512;

export function readDiskLog(bytes: Buffer): Change[] {
	const changes: Change[] = [];
	for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
		const length = bytes.readUInt32LE(at + 4);
		const from = at + HEAD_BYTES;
		if (from + length > bytes.length) break;
		changes.push({
			what: String.fromCharCode(bytes[at] as number) as Change["what"],
			inode: Number(bytes.readBigUInt64LE(at + 8)),
			offset: Number(bytes.readBigUInt64LE(at + 16)),
			data: bytes.subarray(from, from + length),
		});
		at = from + length;
	}
	return changes;
}

interface File {
	name: string;
	/** What a power cut leaves for certain. */
	lasting: Buffer;
	size: number;
	/** Changes since the last sync, in order; the disk may have any of them, whole or in part. */
	pending: Change[];
	isNamed: boolean;
}

/** The disk as the log makes it, change by change, and what a power cut at this moment may leave of it. */
export class Disk {
	readonly #files = new Map<number, File>();
	/** Unlinked, and no sync of the folder since: a cut may bring them back. */
	#gone: File[] = [];
	readonly #random: () => number;
	/** Ids of answers that went out. */
	readonly answered = new Set<number>();

	constructor(random: () => number) {
		this.#random = random;
	}

	apply(change: Change): void {
		const { what, inode, data } = change;
		if (what === "M") {
			for (const id of data.toString().split(" ")) if (id) this.answered.add(Number(id));
			return;
		}
		if (what === "O") {
			const name = basename(data.toString());
			const known = this.#files.get(inode);
			if (!known || known.name !== name)
				this.#files.set(inode, {
					name,
					lasting: Buffer.alloc(0),
					size: 0,
					pending: [],
					isNamed: false,
				});
			return;
		}
		if (what === "D") {
			// Names of the folder, and that others are gone, last from now on.
			for (const file of this.#files.values()) file.isNamed = true;
			this.#gone = [];
			return;
		}
		if (what === "U") {
			const name = basename(data.toString());
			// Another file may get the same inode.
			for (const [id, file] of this.#files)
				if (file.name === name) {
					this.#files.delete(id);
					this.#gone.push(file);
				}
			return;
		}
		const file = this.#files.get(inode);
		if (!file) return;
		if (what === "W" || what === "T") file.pending.push(change);
		else if (what === "S") {
			for (const each of file.pending) write(file, each, () => true);
			file.pending = [];
			file.isNamed = true;
		} else if (what === "F") {
			// The system takes pages that could not be written for clean: a later sync does not write them either.
			file.pending = file.pending.filter(({ what }) => what === "T" || this.#random() < 0.5);
		}
	}

	/** Writes what a cut leaves: synced bytes, and of the rest any part, sector by sector. */
	cut(into: string): { tornBytes: number } {
		mkdirSync(into, { recursive: true });
		let tornBytes = 0;
		// How much of the rest got to the disk differs from cut to cut: all, nothing, or sector by sector.
		const share = [0, 0.1, 0.5, 0.9, 1][Math.floor(this.#random() * 5)] as number;
		const newest = new Map<string, File>();
		for (const file of this.#gone) if (this.#random() < 0.5) newest.set(file.name, file);
		for (const file of this.#files.values()) {
			// A name that no sync made lasting may be missing; then so is the file.
			if (!file.isNamed && this.#random() < 0.5) continue;
			newest.set(file.name, file);
		}
		for (const file of newest.values()) {
			const image: File = { ...file, lasting: Buffer.from(file.lasting) };
			for (const change of file.pending) {
				if (change.what === "T" && this.#random() >= share) continue;
				write(image, change, () => {
					const isThere = this.#random() < share;
					if (!isThere) tornBytes += SECTOR_BYTES;
					return isThere;
				});
			}
			writeFileSync(join(into, file.name), image.lasting.subarray(0, image.size));
		}
		return { tornBytes };
	}
}

function write(file: File, change: Change, isThere: () => boolean): void {
	if (change.what === "T") {
		file.lasting.fill(0, Math.min(change.offset, file.lasting.length));
		file.size = change.offset;
		grow(file, file.size);
		return;
	}
	const { offset, data } = change;
	for (let from = 0; from < data.length; ) {
		const to = Math.min(data.length, from + SECTOR_BYTES - ((offset + from) % SECTOR_BYTES));
		if (isThere()) {
			grow(file, offset + to);
			data.copy(file.lasting, offset + from, from, to);
			file.size = Math.max(file.size, offset + to);
		}
		from = to;
	}
}

function grow(file: File, size: number): void {
	if (size <= file.lasting.length) return;
	const larger = Buffer.alloc(Math.max(size, file.lasting.length * 2));
	file.lasting.copy(larger);
	file.lasting = larger;
}
