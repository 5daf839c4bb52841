// What `npm start` and `npm test` need before they can work: the locked dependencies, the pinned Node, the console.
// Plain JavaScript for any Node from 18 on; uses nothing that has to be installed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const NEEDED_MAJOR = 24;
const OLDEST_HOST_MAJOR = 18;
const PROGRESS_EVERY_MS = 2000;
/** Everything the built console depends on, besides the lock file. */
const CONSOLE_SOURCES = ["packages/web", "packages/server/src/api/schemas.ts"];

/** A failure that is told in one sentence with its remedy, without a stack. */
export class SetupFailure extends Error {}

/** Installs and builds what is missing or stale, saying what it does. Returns the path of the Node to run everything with. */
export async function setUp({ console: wantsConsole }) {
	checkHost();
	if (!isInstalled()) await install();
	const node = pinnedNode();
	if (wantsConsole) await buildConsole(node);
	return node;
}

/** Runs a script's main function; a SetupFailure becomes one sentence and exit code 1. */
export async function runMain(main) {
	try {
		process.exitCode = await main();
	} catch (error) {
		if (!(error instanceof SetupFailure)) throw error;
		console.error(`\n${error.message}`);
		process.exitCode = 1;
	}
}

function checkHost() {
	const major = Number(process.versions.node.split(".")[0]);
	if (major < OLDEST_HOST_MAJOR)
		throw new SetupFailure(
			`This is Node ${process.versions.node}; Bellwether's scripts need Node ${OLDEST_HOST_MAJOR} or newer: install it from https://nodejs.org.`,
		);
}

/**
 * Whether node_modules holds what package-lock.json says, by npm's own record of what it installed last (written at the end,
 * so an interrupted install has none). Packages for other platforms are optional and may be absent.
 */
function isInstalled() {
	const record = join(ROOT, "node_modules", ".package-lock.json");
	if (!existsSync(record)) return false;
	const wanted = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
	const present = JSON.parse(readFileSync(record, "utf8")).packages;
	return Object.entries(wanted).every(([path, entry]) => {
		if (entry.link || !path.includes("node_modules/")) return true;
		const version = present[path]?.version;
		return version === entry.version || (version === undefined && entry.optional === true);
	});
}

async function install() {
	const packages = Object.keys(JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages).length;
	console.log(`Installing the locked dependencies (up to ${packages} packages; once per change of package-lock.json).`);
	const npm = npmCommand();
	const { code, output, seconds } = await runWithProgress(
		"npm ci",
		npm.command,
		[...npm.args, "ci", "--loglevel=error"],
		{
			env: npm.env,
			shell: npm.shell,
		},
	);
	if (code !== 0)
		throw new SetupFailure(
			`${tail(output)}\nnpm ci failed: check that this machine reaches the npm registry (npm ping), then run the same command again.`,
		);
	console.log(`  npm ci took ${seconds} s`);
}

/**
 * npm by the Node that the person called it with: node_modules/.bin stands first on the PATH of npm scripts, and the Node in
 * there is about to be replaced.
 */
function npmCommand() {
	const bin = `${sep}node_modules${sep}.bin`;
	const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.endsWith(bin));
	const env = { ...process.env, PATH: path.join(delimiter) };
	const { npm_execpath: script, npm_node_execpath: node } = process.env;
	if (script?.endsWith("npm-cli.js") && node && existsSync(node) && existsSync(script))
		return { command: node, args: [script], env, shell: false };
	// On Windows npm is a .cmd file, which only a shell can start.
	return { command: "npm", args: [], env, shell: process.platform === "win32" };
}

/** The Node that runs everything: the pinned one that the dependencies bring, else this one when it is new enough. */
function pinnedNode() {
	const platform = process.platform === "win32" ? "win" : process.platform;
	const binary = process.platform === "win32" ? "node.exe" : "node";
	const pinned = join(ROOT, "node_modules", `node-${platform}-${process.arch}`, "bin", binary);
	if (existsSync(pinned)) return pinned;
	if (Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR) return process.execPath;
	throw new SetupFailure(
		`No Node ${NEEDED_MAJOR} for ${process.platform} ${process.arch}: npm has none for this platform, or the install was incomplete; run "npm ci" again, or install Node ${NEEDED_MAJOR} from https://nodejs.org.`,
	);
}

async function buildConsole(node) {
	const folder = join(ROOT, "packages", "web");
	const stamp = join(folder, "dist", ".sources");
	const sources = hashSources();
	if (existsSync(stamp) && readFileSync(stamp, "utf8") === sources) return;
	console.log("Building the console (once per change of its sources).");
	const vite = join(ROOT, "node_modules", "vite", "bin", "vite.js");
	const { code, output, seconds } = await runWithProgress("vite build", node, [vite, "build"], { cwd: folder });
	if (code !== 0)
		throw new SetupFailure(
			`${tail(output)}\nThe console could not be built: mend what the lines above name in packages/web, or go back to a commit that builds.`,
		);
	writeFileSync(stamp, sources);
	console.log(`  vite build took ${seconds} s`);
}

function hashSources() {
	const hash = createHash("sha256");
	const add = (path) => {
		const name = path.split("/").pop();
		if (name === "dist" || name === "node_modules" || name.startsWith(".") || /\.test\.tsx?$/.test(name)) return;
		const full = join(ROOT, path);
		if (statSync(full).isDirectory()) for (const entry of readdirSync(full).sort()) add(`${path}/${entry}`);
		else hash.update(`${path}\n`).update(readFileSync(full));
	};
	for (const path of [...CONSOLE_SOURCES, "package-lock.json"]) add(path);
	return hash.digest("hex");
}

/**
 * Runs a command quietly, saying that it is still at work: in a terminal on one line that changes, elsewhere on a new line
 * every `everyMs`. Resolves with its exit code and the end of what it wrote.
 */
export function runWithProgress(what, command, args, { everyMs = PROGRESS_EVERY_MS, ...options } = {}) {
	const startedAt = Date.now();
	const seconds = () => Math.round((Date.now() - startedAt) / 1000);
	const isTerminal = process.stdout.isTTY === true;
	const tell = () => process.stdout.write(isTerminal ? `\r  ${what} … ${seconds()} s` : `  ${what} … ${seconds()} s\n`);
	const timer = setInterval(tell, isTerminal ? 1000 : everyMs);
	const stopTelling = () => {
		clearInterval(timer);
		if (isTerminal) process.stdout.write("\r\x1b[K");
	};
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], ...options });
		let output = "";
		const collect = (chunk) => {
			output = (output + chunk).slice(-200_000);
		};
		child.stdout.on("data", collect);
		child.stderr.on("data", collect);
		child.on("error", (error) => {
			stopTelling();
			reject(
				new SetupFailure(`${what} could not be started (${error.message}): is ${command} installed and on the PATH?`),
			);
		});
		child.on("close", (code) => {
			stopTelling();
			resolve({ code, output, seconds: seconds() });
		});
	});
}

function tail(output) {
	return output.trimEnd().split("\n").slice(-25).join("\n");
}

/** Runs a command in the foreground, passing signals on; resolves with its exit code. */
export function runInForeground(command, args, options = {}) {
	return new Promise((resolve, reject) => {
		// The channel tells the child when this process is gone without having been able to pass a signal on.
		const child = spawn(command, args, { stdio: ["inherit", "inherit", "inherit", "ipc"], ...options });
		// A terminal sends Ctrl-C to the whole group, a service manager to this process alone: either way the child ends first.
		for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
		child.on("error", (error) => reject(new SetupFailure(`${command} could not be started: ${error.message}.`)));
		child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
	});
}
