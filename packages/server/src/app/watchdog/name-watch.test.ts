import { expect, test } from "vitest";
import { createNameWatch } from "./name-watch.ts";

function failingWith(code: string): Promise<never> {
	return Promise.reject(Object.assign(new Error(code), { code }));
}

test("a name that cannot be looked up is told when it fails twice, one slip is not", async () => {
	let asked = 0;
	const slip = createNameWatch(() => (++asked === 1 ? failingWith("EAI_AGAIN") : Promise.resolve()), 1);
	expect(await slip.look(["a.example"])).toEqual([]);
	const dead = createNameWatch((name) => (name === "a.example" ? failingWith("EAI_AGAIN") : Promise.resolve()), 1);
	expect(await dead.look(["a.example", "b.example"])).toEqual(["a.example"]);
});

test("that a name does not exist is an answer", async () => {
	expect(await createNameWatch(() => failingWith("ENOTFOUND"), 1).look(["a.example"])).toEqual([]);
});
