import { expect, test } from "vitest";
import type { PullFailure } from "#telemetry";
import { engineServer, type Said } from "../../../testing/engine.ts";
import { createEntraTokens } from "./entra-tokens.ts";

const signal = new AbortController().signal;

async function tokens(answer: (count: number) => Said, isManaged = false) {
	const server = await engineServer((_, count) => answer(count));
	const time = { now: 0 };
	const scope = "https://kusto.example/.default";
	const credentials = createEntraTokens({
		auth: isManaged
			? { kind: "managed-identity", clientId: "identity", scope }
			: {
					kind: "client-credentials",
					tokenUrl: `${server.url}/directory/oauth2/v2.0/token`,
					clientId: "app",
					secretRef: "$" + "{env:APP_SECRET}",
					scope,
				},
		http: server.http,
		identityHttp: server.http,
		secret: () => "s3cret&more",
		now: () => time.now,
		env: isManaged ? { IDENTITY_ENDPOINT: `${server.url}/msi/token`, IDENTITY_HEADER: "proof" } : {},
	});
	return { server, credentials, time };
}

test("client credentials are sent as a form, and the token is kept until two minutes before it ends", async () => {
	const { server, credentials, time } = await tokens((count) => ({
		body: { access_token: `t${count}`, expires_in: 3600 },
	}));
	expect(await credentials(signal, false)).toEqual({ authorization: "Bearer t1" });
	time.now = 3_479_000;
	expect(await credentials(signal, false)).toEqual({ authorization: "Bearer t1" });
	time.now = 3_480_000;
	expect(await credentials(signal, false)).toEqual({ authorization: "Bearer t2" });
	expect(await credentials(signal, true)).toEqual({ authorization: "Bearer t3" });
	expect(Object.fromEntries(new URLSearchParams(server.heard[0]?.body))).toEqual({
		grant_type: "client_credentials",
		client_id: "app",
		client_secret: "s3cret&more",
		scope: "https://kusto.example/.default",
	});
});

test("a managed identity is asked for the resource with the platform's proof", async () => {
	const { server, credentials } = await tokens(() => ({ body: { access_token: "m", expires_on: "4000" } }), true);
	expect(await credentials(signal, false)).toEqual({ authorization: "Bearer m" });
	const [request] = server.heard;
	expect(request?.headers["x-identity-header"]).toBe("proof");
	expect(Object.fromEntries(request?.query ?? [])).toEqual({
		"api-version": "2019-08-01",
		resource: "https://kusto.example",
		client_id: "identity",
	});
});

test("a refusal names its code and never what was sent", async () => {
	const { credentials } = await tokens(() => ({
		status: 401,
		body: { error: "invalid_client", error_description: "AADSTS7000215: Invalid client secret s3cret&more" },
	}));
	const failure = (await credentials(signal, false).catch((error) => error)) as PullFailure;
	expect(failure).toMatchObject({ reason: "denied" });
	expect(failure.message).toContain("invalid_client");
	expect(`${failure.message} ${failure.remedy}`).not.toContain("s3cret");
});

test("a busy issuer is asked again later", async () => {
	const { credentials } = await tokens(() => ({ status: 429, headers: { "retry-after": "9" }, body: {} }));
	expect(await credentials(signal, false).catch((error) => error)).toMatchObject({
		reason: "throttled",
		retryAfterMs: 9_000,
	});
});
