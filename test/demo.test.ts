import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { BELLWETHER, cleanUp, eventually, onCleanUp, request, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

/** A minute of outage makes the rule true at the earliest; the rest is for slow machines. */
const TEST_TIMEOUT_MS = 240_000;
const PAGED_WITHIN_MS = 150_000;

interface Ready {
	readonly url: string;
	readonly pid: number;
	readonly adminToken: string;
	readonly adminLink: string;
	readonly breakAt: number;
}
interface Row {
	readonly name: string;
	readonly worst: string;
	readonly cells: { readonly workload: string; readonly state: string; readonly ring: boolean }[];
}
interface Fleet {
	readonly demo: boolean;
	readonly platform: Row;
	readonly tenants: Row[];
}

/** Starts the demo as a person does, in a temporary folder of its own, and waits until it is ready. */
async function demo(...args: string[]) {
	const folder = temporaryFolder();
	const child = spawn(process.execPath, [BELLWETHER, "demo", "--json", "--port", "0", "--otlp-port", "0", ...args], {
		env: { ...process.env, TMPDIR: folder },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let log = "";
	child.stderr.on("data", (chunk) => {
		log += chunk;
	});
	const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
	onCleanUp(async () => {
		child.kill("SIGTERM");
		await ended;
	});
	const line = await new Promise<string | undefined>((resolve) => {
		child.once("exit", () => resolve(undefined));
		createInterface({ input: child.stdout }).on("line", resolve);
	});
	if (!line?.startsWith("{")) throw new Error(`the demo did not start: ${line} ${log}`);
	const ready = JSON.parse(line) as Ready;
	const read = async (path: string) => {
		const answer = await request(ready.url + path, { headers: { authorization: `Bearer ${ready.adminToken}` } });
		if (answer.status !== 200) throw new Error(`GET ${path} was answered ${answer.status}: ${answer.text}`);
		return answer.json;
	};
	return { ready, read, child, ended, folder };
}

const cell = (row: Row | undefined, workload: string) => row?.cells.find((each) => each.workload === workload);

describe("the demo fleet", () => {
	it(
		"is healthy at first; then one tenant turns red under a green platform and somebody's phone shows the page",
		async () => {
			const { ready, read, child, ended, folder } = await demo("--scenario", "tenant-outage", "--break-after", "5s");
			const atFirst = await eventually("a fleet of 50 tenants without a fault", async () => {
				const fleet: Fleet = await read("/api/v1/fleet");
				return (
					fleet.tenants.length === 50 &&
					[fleet.platform, ...fleet.tenants].every((row) => row.worst === "healthy") &&
					fleet
				);
			});
			expect(atFirst.demo).toBe(true);

			const page = await eventually(
				"the page in the phone panel",
				async () => (await read("/api/v1/phone")).items[0],
				PAGED_WITHIN_MS,
			);
			expect(page.title).toContain("Woodgrove Bank");
			expect(page.at).toBeGreaterThan(ready.breakAt);
			const fleet: Fleet = await eventually("the red cell", async () => {
				const now: Fleet = await read("/api/v1/fleet");
				return now.tenants[0]?.worst === "breach" && now;
			});
			expect(fleet.tenants.filter((row) => row.worst !== "healthy").map((row) => row.name)).toEqual(["woodgrove"]);
			expect(cell(fleet.tenants[0], "policy")).toMatchObject({ state: "breach", ring: true });
			expect(cell(fleet.platform, "policy")).toMatchObject({ state: "healthy" });

			await eventually("the ticket at the demo's desk", async () => {
				const [desk] = (await read("/api/v1/integrations")).items;
				return desk?.tickets.open === 1 && desk.state === "ok";
			});

			child.kill("SIGINT");
			expect(await ended).toBe(0);
			expect(readdirSync(folder)).toEqual([]);
			expect(() => process.kill(ready.pid, 0)).toThrow(/ESRCH/);
		},
		TEST_TIMEOUT_MS,
	);

	it(
		"keeps the data of a folder that was named",
		async () => {
			const data = `${temporaryFolder()}/kept`;
			const first = await demo("--scenario", "quiet", "--seed", "7", "--data", data);
			first.child.kill("SIGTERM");
			expect(await first.ended).toBe(0);
			expect(existsSync(`${data}/control.db`)).toBe(true);
		},
		TEST_TIMEOUT_MS,
	);
});
