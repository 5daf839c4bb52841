import { ManualClock } from "@bellwether/model";
import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryControlStore } from "../../adapters/sqlite/control-store-temporary.ts";
import { pagesPerPerson } from "./index.ts";

const PEOPLE = [
	{ name: "ana", displayName: "Ana", timeZone: "UTC", contacts: [] },
	{ name: "ben", displayName: "Ben", timeZone: "Asia/Tokyo", contacts: [] },
];
/** 15:00 in London, midnight in Tokyo. */
const AT = Date.UTC(2026, 10, 23, 15);

let temporary: Awaited<ReturnType<typeof temporaryControlStore>>;
beforeEach(async () => {
	temporary = await temporaryControlStore(new ManualClock(AT));
});
afterEach(() => temporary.remove());

let messages = 0;
async function page(
	person: string,
	channel: string,
	more: { attempt?: number; at?: number; incident?: string | null } = {},
) {
	const { attempt = 1, at = AT, incident = "inc_1" } = more;
	const id = `msg_${++messages}`;
	const common = { kind: "page" as const, tenant: "", incident_id: incident, channel };
	await temporary.store.transaction(async (tx) => {
		await tx
			.insertInto("outbox")
			.values({
				...common,
				id,
				delivery: "at-least-once",
				address: person,
				payload: JSON.stringify({ subject: "", text: "", data: { person } }),
				state: "sent",
				attempts: 1,
				next_at: at,
				created_at: at,
				sent_at: at,
				last_error: null,
			})
			.execute();
		await tx
			.insertInto("deliveries")
			.values({
				...common,
				outbox_id: id,
				attempt,
				target_digest: "",
				started_at: at,
				ended_at: at,
				outcome: "sent",
				detail: "",
			})
			.execute();
	});
}

test("a page to several contacts counts once, a second try not, what is no incident's not; nights are the person's own", async () => {
	await page("ana", "mail");
	await page("ana", "phone-panel");
	await page("ana", "mail", { attempt: 2, at: AT + 60_000 });
	await page("ana", "mail", { at: AT + 120_000 });
	await page("ana", "mail", { incident: null, at: AT + 180_000 });
	await page("ben", "mail");
	await page("ben", "mail", { at: AT + 86_400_000 });
	const counts = await pagesPerPerson(temporary.store.db, PEOPLE, AT, AT + 3_600_000);
	expect([...counts]).toEqual([
		["ana", { pages: 2, nightPages: 0 }],
		["ben", { pages: 1, nightPages: 1 }],
	]);
});
