import { execFile, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually, onCleanUp, temporaryFolder } from "./server.ts";

/** Of Debian's package, which has a folder per version. */
const VERSIONS = "/usr/lib/postgresql";

export interface Postgresql {
	readonly host: string;
	readonly url: string;
	readonly user: string;
	readonly password: string;
	/** One statement, $1 … standing for texts; rows of a SELECT. */
	run(sql: string, values?: readonly (string | null)[]): Promise<Record<string, unknown>[]>;
}

/** Starts a real PostgreSQL with a user that signs in by password; it ends with the test. */
export async function startPostgresql(): Promise<Postgresql> {
	const bin = newestPrograms();
	const dir = temporaryFolder();
	const password = "a pass word of tests";
	const passwordFile = join(dir, "password");
	writeFileSync(passwordFile, password);
	const owner = ownerOfServer();
	chmodSync(dir, 0o755);
	if (owner.uid !== undefined) for (const path of [dir, passwordFile]) chownSync(path, owner.uid, owner.gid);
	const data = join(dir, "data");
	const options = { ...owner, cwd: dir, env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" } };
	const how = ["--username=reader", `--pwfile=${passwordFile}`, "--auth=scram-sha-256", "--no-sync"];
	execFileSync(`${bin}/initdb`, [`--pgdata=${data}`, ...how], { ...options, stdio: "ignore" });
	const port = await freePort();
	const settings = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${dir}`, "fsync=off"];
	const child = spawn(`${bin}/postgres`, ["-D", data, ...settings.flatMap((setting) => ["-c", setting])], {
		...options,
		stdio: "ignore",
	});
	const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	onCleanUp(async () => {
		child.kill("SIGINT");
		await ended;
	});
	const run: Postgresql["run"] = async (sql, values = []) => {
		const text = sql.replace(/\$(\d+)/g, (_, n) => literal(values[Number(n) - 1]));
		const isQuery = /^\s*SELECT/.test(text);
		const asked = isQuery ? `SELECT coalesce(json_agg(t), '[]') FROM (${text}) AS t` : text;
		const where = ["-h", "127.0.0.1", "-p", String(port), "-U", "reader", "-d", "postgres"];
		const how = ["--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"];
		const { stdout } = await promisify(execFile)(`${bin}/psql`, [...where, ...how, "-c", asked], {
			env: { PGPASSWORD: password, PGTZ: "UTC" },
		});
		return isQuery ? JSON.parse(stdout) : [];
	};
	await eventually("PostgreSQL answers", () => run("SELECT 1"));
	const host = `127.0.0.1:${port}`;
	return { host, url: `postgresql://${host}/postgres`, user: "reader", password, run };
}

function literal(value: string | null | undefined): string {
	return value == null ? "NULL" : `'${value.replaceAll("'", "''")}'`;
}

function newestPrograms(): string {
	const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
	const present = versions.filter((version) => existsSync(join(VERSIONS, version, "bin/postgres")));
	const newest = present.sort((a, b) => Number(a) - Number(b)).at(-1);
	if (newest === undefined) throw new Error(`no PostgreSQL in ${VERSIONS}: npm test -- scenario installs it`);
	return join(VERSIONS, newest, "bin");
}

/** PostgreSQL refuses to run as root: then as the user that its package made. */
function ownerOfServer(): { uid?: number; gid: number } | { uid?: undefined; gid?: undefined } {
	if (process.getuid?.() !== 0) return {};
	const line = readFileSync("/etc/passwd", "utf8")
		.split("\n")
		.find((each) => each.startsWith("postgres:"));
	const [, , uid, gid] = line?.split(":") ?? [];
	if (uid === undefined || gid === undefined) throw new Error("there is no user postgres: install postgresql");
	return { uid: Number(uid), gid: Number(gid) };
}

function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const probe = createServer();
		probe.once("error", reject);
		probe.listen(0, "127.0.0.1", () => {
			const address = probe.address();
			probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
		});
	});
}
