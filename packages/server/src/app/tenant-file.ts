import { mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { NewKeyTenant } from "#api";
import type { CatalogueFile } from "#catalogue";

/** A catalogue file that says nothing but the new tenant. Texts are quoted, so that none is read as anything else. */
export function tenantFile(tenant: NewKeyTenant, files: readonly CatalogueFile[]): CatalogueFile {
	const taken = new Set(files.map((file) => file.path));
	let path = `tenants/${tenant.name}.yaml`;
	for (let k = 2; taken.has(path); k++) path = `tenants/${tenant.name}-${k}.yaml`;
	const quoted = JSON.stringify;
	const metadata = tenant.displayName === undefined ? "" : `, displayName: ${quoted(tenant.displayName)}`;
	const lines = [
		"apiVersion: bellwether/v1",
		"kind: KeyTenant",
		`metadata: { name: ${quoted(tenant.name)}${metadata} }`,
		"spec:",
		...(tenant.tier === undefined ? [] : [`  tier: ${quoted(tenant.tier)}`]),
		"  match:",
		`    ${quoted(tenant.attribute)}: [${quoted(tenant.value)}]`,
		...(tenant.workloads === undefined
			? []
			: [`  workloads: [${tenant.workloads.map((each) => quoted(each)).join(", ")}]`]),
	];
	return { path, text: `${lines.join("\n")}\n` };
}

/** Writes a file of the catalogue whole or not at all: readers of the folder never see a part of it. */
export async function writeCatalogueFile(dir: string, { path, text }: CatalogueFile): Promise<void> {
	const target = join(dir, path);
	const temporary = join(dirname(target), `.${path.split("/").at(-1)}.new`);
	await mkdir(dirname(target), { recursive: true });
	const file = await open(temporary, "w", 0o644);
	try {
		await file.writeFile(text);
		await file.sync();
	} finally {
		await file.close();
	}
	try {
		await rename(temporary, target);
	} catch (error) {
		await unlink(temporary);
		throw error;
	}
}
