// Real programs that test steps run beside the product, installed from Debian's packages when they are absent.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runWithProgress } from "./setup.mjs";

const POSTGRESQL = "/usr/lib/postgresql";

/** How one sees that a program is there, what stands for it in messages, and the packages that bring it. */
const PROGRAMS = {
	browser: fileProgram("/usr/bin/chromium", ["chromium", "fonts-noto-core"]),
	prometheus: fileProgram("/usr/bin/prometheus", ["prometheus"]),
	postgresql: {
		what: `${POSTGRESQL}/*/bin/postgres`,
		isThere: () =>
			existsSync(POSTGRESQL) &&
			readdirSync(POSTGRESQL).some((version) => existsSync(join(POSTGRESQL, version, "bin/postgres"))),
		packages: ["postgresql"],
	},
};

function fileProgram(file, packages) {
	return { what: file, isThere: () => existsSync(file), packages };
}

/** Says what stands in the way of a step, or nothing once all programs that it needs are there. */
export async function ensurePrograms(step, names) {
	const missing = names.map((name) => PROGRAMS[name]).filter((program) => !program.isThere());
	if (missing.length === 0) return undefined;
	const packages = missing.flatMap((program) => program.packages);
	const remedy = `The step ${step} needs ${missing.map(({ what }) => what).join(" and ")}: install what is missing (Debian, Ubuntu: apt-get install ${packages.join(" ")}), or run the other steps by name.`;
	const isRoot = process.getuid?.() === 0;
	if (!isRoot || spawnSync("apt-get", ["--version"]).error) return remedy;
	console.log(`Installing ${packages.join(" ")} for the step ${step} (once).`);
	const { update, install } = await withoutNewServices(() => installPackages(packages));
	if (install.code === 0 && missing.every((program) => program.isThere())) return undefined;
	return `${(update.code === 0 ? install : update).output.trimEnd().split("\n").slice(-10).join("\n")}\n${remedy}`;
}

async function installPackages(packages) {
	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
	const update = await runWithProgress("apt-get update", "apt-get", ["update", "-q"], { env });
	const args = ["install", "-y", "-q", "--no-install-recommends", ...packages];
	return { update, install: await runWithProgress("apt-get install", "apt-get", args, { env }) };
}

/** Asked by Debian's packages before they start a service; 101 is no. */
const POLICY_FILE = "/usr/sbin/policy-rc.d";
const POLICY = "#!/bin/sh\n# By Bellwether's tests while they install packages; may be removed.\nexit 101\n";

/**
 * Runs an installation during which no package may start a service: tests start the programs themselves, on ports of their
 * own. A policy that the machine has is left as it is; ours goes away, also when the installation is interrupted.
 */
export async function withoutNewServices(install, file = POLICY_FILE) {
	const isForeign = existsSync(file) && readFileSync(file, "utf8") !== POLICY;
	if (isForeign) return install();
	const remove = () => rmSync(file, { force: true });
	const interrupted = () => process.exit(130);
	const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
	process.once("exit", remove);
	for (const signal of signals) process.once(signal, interrupted);
	try {
		writeFileSync(file, POLICY, { mode: 0o755 });
		return await install();
	} finally {
		remove();
		process.off("exit", remove);
		for (const signal of signals) process.off(signal, interrupted);
	}
}
