import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, resolve } from "node:path";
import { pageReach, secretFault } from "#api";
import { type Catalogue, formatFinding, readCatalogue } from "#catalogue";
import { dataDirHolder } from "../../adapters/sqlite/data-lock.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** What can be seen from this machine without a server: the program, the catalogue, the data folder, the ports. */

const MIN_NODE = 24;
const MIN_FREE_BYTES = 512 * 1_048_576;
const COMFORTABLE_BYTES = 4 * MIN_FREE_BYTES;

export function checkVersion(version: string, node: string): Check {
	const says = `Bellwether ${version} on Node ${node}, ${process.platform} ${process.arch}.`;
	if (Number(node.split(".")[0]) >= MIN_NODE) return ok("version", says);
	return fail("version", says, `Install Node ${MIN_NODE} or later, or run npm start once: it brings one.`);
}

/** `withPages`: whether pages can leave is asked here, because no running server can tell. */
export async function checkCatalogue(dir: string, { withPages }: { readonly withPages: boolean }): Promise<Check[]> {
	const { catalogue, findings } = await readCatalogue(dir);
	const errors = findings.filter(({ level }) => level === "error");
	const first = (of: typeof findings) => (of[0] ? formatFinding(of[0]).replaceAll("\n", " ") : "");
	if (!catalogue)
		return [
			fail(
				"catalogue",
				`${dir} cannot be used: ${many(errors.length, "error")}. ${first(errors)}`,
				`bellwether validate ${dir} tells all of them.`,
			),
		];
	const size = `${many(catalogue.tenants.length, "key tenant")}, ${many(catalogue.slos.length, "SLO")}, ${catalogue.hash.slice(0, 12)}`;
	const valid =
		findings.length === 0
			? ok("catalogue", `${dir} is valid: ${size}.`)
			: warn(
					"catalogue",
					`${dir} is valid with ${many(findings.length, "warning")}: ${first(findings)}`,
					`bellwether validate ${dir} tells all of them.`,
				);
	return withPages ? [valid, ...checkReach(catalogue)] : [valid];
}

/** Secrets are looked for in this environment, which need not be the server's. */
function checkReach(catalogue: Catalogue): Check[] {
	const { faults, people, kinds } = pageReach(catalogue, secretFault);
	if (faults.length === 0)
		return [ok("pages", `${people} ${people === 1 ? "person" : "people"} can be paged, by ${kinds.join(", ")}.`)];
	return faults.map(({ level, says, remedy }) => (level === "failing" ? fail : warn)("pages", says, remedy));
}

/** Undefined holder: the folder is free. */
export function checkData(dir: string): { readonly checks: Check[]; readonly holder: string | undefined } {
	const path = resolve(dir);
	if (!existsSync(path)) return { checks: [checkParent(path)], holder: undefined };
	const { mode, isDirectory } = foldersOf(path);
	if (!isDirectory)
		return { checks: [fail("data", `${dir} is no folder.`, "Name a folder with --data.")], holder: undefined };
	const checks = [
		mayWrite(path)
			? checkMode(dir, mode)
			: fail("data", `${dir} cannot be written by this user.`, "Give this user the folder, or choose another."),
	];
	const { check, holder } = lockOf(path, dir);
	checks.push(check, checkRoom(path));
	return { checks, holder };
}

function lockOf(path: string, dir: string): { readonly check: Check; readonly holder: string | undefined } {
	try {
		const holder = dataDirHolder(path);
		if (holder === undefined) return { check: ok("lock", `No process uses ${dir}.`), holder };
		const remedy = "That is right for the server that runs there; a second one would be refused.";
		return { check: warn("lock", `${dir} is in use by ${holder}.`, remedy), holder };
	} catch (error) {
		const remedy = "Give this user the files of the folder.";
		const check = fail("lock", `Who uses ${dir} cannot be seen: ${(error as Error).message}.`, remedy);
		return { check, holder: undefined };
	}
}

function foldersOf(path: string) {
	const status = statSync(path);
	return { mode: status.mode & 0o777, isDirectory: status.isDirectory() };
}

function checkParent(path: string): Check {
	let parent = dirname(path);
	while (!existsSync(parent)) parent = dirname(parent);
	if (mayWrite(parent)) return ok("data", `${path} is not there yet; it will be made.`);
	return fail(
		"data",
		`${path} is not there, and ${parent} cannot be written.`,
		"Make it for this user, or choose another.",
	);
}

function checkMode(dir: string, mode: number): Check {
	const text = mode.toString(8);
	// Windows has no such modes; the folder's owner has it from its place.
	if (process.platform === "win32") return ok("data", `${dir} can be written by this user.`);
	if ((mode & 0o077) === 0) return ok("data", `${dir} is for its owner alone (mode ${text}).`);
	return warn(
		"data",
		`${dir} is open to other users (mode ${text}); it holds tenants' data and tokens.`,
		`chmod 700 ${dir}`,
	);
}

function checkRoom(path: string): Check {
	const { bavail, bsize } = statfsSync(path);
	const free = bavail * bsize;
	const says = `The disk of the data folder has ${(free / 1e9).toFixed(1)} GB free.`;
	const remedy = "Free some, or choose a folder on a larger disk.";
	if (free < MIN_FREE_BYTES) return fail("disk", says, remedy);
	return free < COMFORTABLE_BYTES ? warn("disk", says, remedy) : ok("disk", says);
}

function mayWrite(path: string): boolean {
	try {
		accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/** Whether a server could listen. With the data folder in use it is most likely that folder's own server who does. */
export async function checkPort(
	host: string,
	port: number,
	option: string,
	holder: string | undefined,
): Promise<Check> {
	const fault = await listenFault(host, port);
	const place = `${host}:${port}`;
	if (fault === undefined) return ok("port", `${place} is free.`);
	if (fault === "EADDRINUSE" && holder !== undefined)
		return warn("port", `${place} is in use.`, `That is right if ${holder} serves there.`);
	const why = fault === "EADDRINUSE" ? "is in use" : `cannot be bound (${fault})`;
	return fail("port", `${place} ${why}.`, `Choose another with ${option}; 0 picks a free one.`);
}

function listenFault(host: string, port: number): Promise<string | undefined> {
	return new Promise((done) => {
		const server = createServer();
		server.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
		server.listen({ host, port }, () => server.close(() => done(undefined)));
	});
}

function many(count: number, what: string): string {
	return `${count} ${what}${count === 1 ? "" : "s"}`;
}
