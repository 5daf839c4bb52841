// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ManualClock } from "@bellwether/model";
import { Webhook } from "standardwebhooks";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { readStatement } from "../../cli/watch/statement.ts";
import { type Heartbeat, heartbeatHost, publicPart, sendHeartbeat, signHeartbeat } from "./heartbeat.ts";

const KEY = `whsec_${Buffer.from("a key for this test").toString("base64")}`;
const clock = new ManualClock(Date.now());

beforeAll(() => {
	vi.stubEnv("HEARTBEAT_TEST_KEY", KEY);
	return () => vi.unstubAllEnvs();
});

const HEARTBEAT: Heartbeat = {
	type: "watchdog.heartbeat",
	timestamp: new Date(clock.now()).toISOString(),
	data: {
		instance: "https://bellwether.example",
		version: "0.1.0",
		everyMs: 20_000,
		selfCheck: { tookMs: 1_000, stages: { ingest: 3 } },
		audit: { seq: 1, hash: "00" },
		catalogue: "c0ffee",
		notices: [],
	},
};

async function receiver(status: number) {
	const taken: { method: string; body: string; headers: Record<string, string> }[] = [];
	const server = createServer(async (request, response) => {
		let body = "";
		for await (const chunk of request) body += chunk;
		taken.push({ method: request.method ?? "", body, headers: request.headers as Record<string, string> });
		response.writeHead(status).end();
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.close();
	});
	return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, taken };
}

test("a POST carries the statement, signed so that the receiver can trust it", async () => {
	const { host, taken } = await receiver(204);
	const target = { url: `http://${host}/beat`, method: "POST", everyMs: 0 } as const;
	const secretRef = "${env:HEARTBEAT_TEST_KEY}";
	expect(
		await sendHeartbeat({ target, secretRef, id: "hb_1", heartbeat: HEARTBEAT, allow: [host], clock }),
	).toBeUndefined();
	const [request] = taken;
	expect(request?.headers["webhook-id"]).toBe("hb_1");
	expect(new Webhook(KEY).verify(request?.body ?? "", request?.headers ?? {})).toEqual(HEARTBEAT);
});

test("a GET is a bare ping", async () => {
	const { host, taken } = await receiver(200);
	const target = { url: `http://${host}/ping`, method: "GET", everyMs: 0 } as const;
	await sendHeartbeat({ target, secretRef: undefined, id: "hb_1", heartbeat: HEARTBEAT, allow: [host], clock });
	expect(taken).toEqual([expect.objectContaining({ method: "GET", body: "" })]);
});

test("what did not arrive is told with the reason, and never with the address, which may be a secret", async () => {
	const { host } = await receiver(404);
	const send = (url: string, allow: string[]) =>
		sendHeartbeat({
			...{ target: { url, method: "POST", everyMs: 0 } as const, secretRef: undefined },
			...{ id: "hb_1", heartbeat: HEARTBEAT, allow, clock },
		});
	expect(await send(`http://${host}/s3cret`, [host])).toBe("HTTP 404");
	const blocked = await send(`http://${host}/s3cret`, []);
	expect(blocked).toContain("egress.allow");
	expect(blocked).not.toContain("s3cret");
	expect(heartbeatHost({ url: `https://hc.example/s3cret`, method: "GET", everyMs: 0 })).toBe("hc.example");
});

test("a reference without a value keeps the heartbeat here, and says which", async () => {
	const target = { urlRef: "${env:HEARTBEAT_TEST_MISSING}", method: "GET", everyMs: 0 } as const;
	expect(
		await sendHeartbeat({ target, secretRef: undefined, id: "hb_1", heartbeat: HEARTBEAT, allow: [], clock }),
	).toContain("HEARTBEAT_TEST_MISSING");
	expect(heartbeatHost(target)).toBe("${env:HEARTBEAT_TEST_MISSING}");
});

test("what strangers may ask for says when it was earned, and nothing of what runs here", () => {
	const { body, headers } = signHeartbeat("hb_1", publicPart(HEARTBEAT), KEY);
	expect(JSON.parse(body)).toEqual({
		type: "watchdog.heartbeat",
		timestamp: HEARTBEAT.timestamp,
		data: { everyMs: 20_000, audit: { seq: 1, hash: "00" } },
	});
	expect(readStatement(body, headers, KEY)).toMatchObject({ at: clock.now(), everyMs: 20_000 });
});
