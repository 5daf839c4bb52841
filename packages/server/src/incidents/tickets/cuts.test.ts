import { seededRandom } from "@bellwether/model";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { IntegrationKind } from "#catalogue";
import { breachOpened } from "../../../testing/catalogue.ts";
import { SECRET_ENV } from "../../../testing/tickets/integration.ts";
import { CUT_POINTS, mortalCarrier } from "../../../testing/tickets/mortal.ts";
import { openTicketing } from "../../../testing/tickets/ticketing.ts";

/** The short version of `npm run chaos -- tickets`, which kills real processes. */

beforeAll(() => void Object.assign(process.env, SECRET_ENV));
afterAll(() => {
	for (const name of Object.keys(SECRET_ENV)) delete process.env[name];
});

const KINDS: readonly IntegrationKind[] = ["pagerduty", "servicenow", "jira", "azure-devops", "icm"];
const CUTS = 24;

test(`${CUTS} creates interrupted at random points: no ticket is doubled and none is missing`, async () => {
	const random = seededRandom(1);
	const tenants = Array.from({ length: 40 }, (_, k) => `tenant-${k}`);
	const rooms = await openTicketing(KINDS, { tenants });
	onTestFinished(() => rooms.remove());
	let incidents = 0;
	let cuts = 0;
	while (cuts < CUTS) {
		const { count } = await rooms.db
			.selectFrom("tickets")
			.select((select) => select.fn.countAll<number>().as("count"))
			.where("phase", "in", ["absent", "creating"])
			.executeTakeFirstOrThrow();
		if (Number(count) === 0) await rooms.open(breachOpened(tenants[incidents++] ?? ""));
		const point = CUT_POINTS[Math.floor(random() * CUT_POINTS.length)] ?? CUT_POINTS[0];
		const { run } = mortalCarrier(rooms, { create: 1 + Math.floor(random() * 2), point });
		if ((await run()) === "died") cuts++;
		rooms.clock.advance(1 + Math.floor(random() * 150_000));
	}
	rooms.restart();
	await rooms.settle();
	const kept = KINDS.flatMap((kind) => rooms.receiver(kind).tickets);
	expect(kept).toHaveLength(incidents * KINDS.length);
	expect(new Set(kept.map(({ key }) => key)).size).toBe(kept.length);
	for (let k = 0; k < incidents; k++) {
		const tickets = await rooms.tickets(`INC-${1001 + k}`);
		expect(tickets.map(({ phase, sync }) => [phase, sync])).toEqual(KINDS.map(() => ["linked", "synced"]));
	}
});
