import { expect, test } from "vitest";
import { useApiServer } from "../../testing/api-server.ts";

const { ask, tokenFor } = useApiServer();

test("an agent at the console's sign-in is told where its token holds", async () => {
	const token = await tokenFor("agent");
	const answer = await ask("/api/v1/session", { method: "POST", payload: { token } });
	expect(answer.statusCode).toBe(401);
	expect(answer.body).toContain("agents do not sign in to the console");
	expect(answer.body).toContain("/mcp");
	expect(answer.headers["set-cookie"]).toBeUndefined();
	expect((await ask(`/sign-in?token=${token}`)).body).toContain("agents do not sign in to the console");
	const guess = await ask("/api/v1/session", { method: "POST", payload: { token: `${token}x` } });
	expect(guess.body).toContain("unknown, expired or already used");
});
