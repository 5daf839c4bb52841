import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";
import type { Catalogue } from "#catalogue";
import { VERSION } from "./version.ts";

/** The validated catalogue that ran last, so that a start with the same files need not read and check them again. */
export interface CatalogueCache {
	/** `digest` names the files' content. Undefined: not kept, or kept by other code, or damaged. */
	read(digest: string): Catalogue | undefined;
	write(digest: string, catalogue: Catalogue): void;
}

const DIGEST_BYTES = 32;
/** What makes a catalogue of the files: other code may make another one of them. */
const CODE = fileURLToPath(new URL("../catalogue", import.meta.url));

export function openCatalogueCache(dataDir: string): CatalogueCache {
	const path = join(dataDir, "catalogue.cache");
	let code: string | undefined;
	const keyOf = (digest: string): string => {
		code ??= digestOfFolder(CODE);
		return `${VERSION} ${process.version} ${code} ${digest}`;
	};
	return {
		read(digest) {
			try {
				const bytes = readFileSync(path);
				const content = bytes.subarray(DIGEST_BYTES);
				if (!sha256(content).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
				const { key, catalogue } = deserialize(content) as { key: string; catalogue: Catalogue };
				return key === keyOf(digest) ? catalogue : undefined;
			} catch {
				// Missing, or of a version whose form is unknown: the files themselves are read.
				return undefined;
			}
		},
		write(digest, catalogue) {
			try {
				const content = serialize({ key: keyOf(digest), catalogue });
				writeFileSync(`${path}.new`, Buffer.concat([sha256(content), content]), { mode: 0o600 });
				renameSync(`${path}.new`, path);
			} catch {
				// The disk may be full: the next start reads the files.
			}
		},
	};
}

function sha256(bytes: Uint8Array): Buffer {
	return createHash("sha256").update(bytes).digest();
}

function digestOfFolder(dir: string): string {
	const hash = createHash("sha256");
	const names = readdirSync(dir, { recursive: true, encoding: "utf8" }).toSorted();
	for (const name of names) if (/\.ts$/.test(name)) hash.update(name).update(readFileSync(join(dir, name)));
	return hash.digest("hex");
}
