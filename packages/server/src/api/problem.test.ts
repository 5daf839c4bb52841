import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "#platform";
import { ApiProblem, notFound, problemBody, toProblem } from "./problem.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

describe("problems", () => {
	it("have codes that the documentation explains, all of them and no others", () => {
		const type = /type ProblemCode =([^;]+);/.exec(read("./problem.ts"))?.[1] ?? "";
		const codes = [...type.matchAll(/"(\w+)"/g)].map((match) => match[1]);
		const documented = [...read("../../../../docs/api.md").matchAll(/^\| `(\w+)` \| \d/gm)].map((match) => match[1]);
		expect(codes.length).toBeGreaterThan(10);
		expect(documented.sort()).toEqual(codes.sort());
	});

	it("tell nothing of a failure inside", () => {
		const body = problemBody(toProblem(new Error("SQLITE_CORRUPT /var/lib/secret")), "req_1");
		expect(JSON.stringify(body)).not.toMatch(/SQLITE|secret/);
		expect(body.error).toMatchObject({ code: "internal", requestId: "req_1" });
	});

	it("repeat what was sent without control characters, and not at length", () => {
		const { message } = notFound("incident", `x\r\n\u001b[31m\u2028${"y".repeat(1_000)}`);
		expect(message).not.toMatch(/[\p{Cc}\u2028]/u);
		expect(message.length).toBeLessThan(400);
	});

	it("pass through as they are when a route threw them", () => {
		const problem = new ApiProblem(409, "conflict", "No.", "Wait.");
		expect(toProblem(problem)).toBe(problem);
	});

	it("of a store that cannot write ask the sender to come back", () => {
		const problem = toProblem(new StoreUnavailable("database or disk is full"));
		expect([problem.status, problem.code, problem.headers["retry-after"]]).toEqual([503, "unavailable", "5"]);
		expect(problem.message).toContain("database or disk is full");
	});
});
