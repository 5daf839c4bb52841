import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withoutNewServices } from "./programs.mjs";

let folder;
let policy;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "bellwether-programs-"));
	policy = join(folder, "policy-rc.d");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("installing packages", () => {
	it("starts no service meanwhile, and leaves no policy behind", async () => {
		const answer = await withoutNewServices(() => spawnSync(policy, ["prometheus", "start"]).status, policy);
		expect(answer).toBe(101);
		expect(existsSync(policy)).toBe(false);
	});

	it("leaves no policy behind when it fails", async () => {
		const failed = withoutNewServices(() => Promise.reject(new Error("no network")), policy);
		await expect(failed).rejects.toThrow("no network");
		expect(existsSync(policy)).toBe(false);
	});

	it("leaves the machine's own policy alone", async () => {
		writeFileSync(policy, "#!/bin/sh\nexit 0\n");
		await withoutNewServices(() => undefined, policy);
		expect(readFileSync(policy, "utf8")).toBe("#!/bin/sh\nexit 0\n");
	});

	it("takes away a policy that an interrupted run left", async () => {
		let left = "";
		await withoutNewServices(() => {
			left = readFileSync(policy, "utf8");
		}, policy);
		writeFileSync(policy, left);
		await withoutNewServices(() => undefined, policy);
		expect(existsSync(policy)).toBe(false);
	});
});
