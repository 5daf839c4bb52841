import type { Clock } from "@bellwether/model";
import type { Person } from "#catalogue";
import { type ChannelSender, type Db, digest, enqueue, type MessageCard, type Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import type { ReceiptState } from "./receipt-states.ts";

export interface TestPageRequest {
	readonly person: Pick<Person, "name" | "displayName" | "contacts">;
	/** Only by this channel. Undefined: by each contact. */
	readonly channel?: string | undefined;
	/** Who wants it; stands in the message. */
	readonly askedBy: string;
	readonly now: number;
	/** What confirms a contact, such as a link or a code, for the message to that contact. */
	readonly confirm?: ((contact: Person["contacts"][number]) => MessageCard["acknowledge"]) | undefined;
}

export interface QueuedTest {
	readonly messageId: string;
	readonly channel: string;
	readonly address: string;
}

const TEST_TYPE = "page.test";
/** A test that could not leave by then is over: nobody is to be woken by it hours later. */
const GIVEN_UP_AFTER_MS = 2 * 60_000;

/** Queues a real page, marked as a test, to each contact of a person. It belongs to no incident and escalates to nobody. */
export async function queueTestPages(
	tx: Tx,
	deps: Pick<ResponseDeps, "ids" | "publicUrl">,
	request: TestPageRequest,
): Promise<readonly QueuedTest[]> {
	const { person, channel, askedBy, now } = request;
	const contacts = person.contacts.filter((contact) => channel === undefined || contact.channel === channel);
	const queued: QueuedTest[] = [];
	for (const contact of contacts) {
		const acknowledge = request.confirm?.(contact);
		const url = acknowledge?.url ?? deps.publicUrl().replace(/\/+$/, "");
		const sentence = `This is a test page to ${person.displayName} by ${contact.channel}, asked for by ${askedBy}. Nothing is wrong, and nothing is to be done.`;
		const messageId = await enqueue(tx, deps.ids, now, {
			kind: "page",
			delivery: "at-least-once",
			tenant: "",
			channel: contact.channel,
			address: contact.address,
			payload: {
				subject: `[TEST] Page to ${person.displayName}`,
				text: `${sentence}\n\n${url}`,
				url,
				person: person.displayName,
				data: { type: TEST_TYPE, person: person.name, askedBy },
				card: {
					short: `TEST page to ${person.displayName}: nothing is wrong.`,
					sentence,
					facts: [
						{ label: "Channel", value: contact.channel },
						{ label: "Asked for by", value: askedBy },
					],
					incidentUrl: deps.publicUrl().replace(/\/+$/, ""),
					...(acknowledge === undefined ? {} : { acknowledge }),
				},
			},
		});
		await tx
			.insertInto("page_tests")
			.values({
				outbox_id: messageId,
				person: person.name,
				channel: contact.channel,
				target_digest: digest(contact.address),
				asked_by: askedBy,
				at: now,
			})
			.execute();
		queued.push({ messageId, channel: contact.channel, address: contact.address });
	}
	return queued;
}

/** A sender that lets a test go that is too old to be waited for. */
export function guardTestPages(clock: Clock, sender: ChannelSender): ChannelSender {
	return {
		async send(message) {
			const isTest = message.payload.data.type === TEST_TYPE;
			if (!isTest || clock.now() - message.createdAt <= GIVEN_UP_AFTER_MS) return sender.send(message);
			return { status: "refused", detail: "the test was given up after two minutes" };
		},
	};
}

export interface TestResult {
	readonly messageId: string;
	readonly channel: string;
	/** `waiting`: not tried yet, or tried and to be tried again. */
	readonly status: "sent" | "waiting" | "failed" | "uncertain";
	readonly attempts: number;
	/** What the receiver said last. */
	readonly detail: string;
	/** What the provider told afterwards, the last first. */
	readonly receipts: readonly { readonly state: ReceiptState; readonly detail: string; readonly at: number }[];
	readonly tookMs: number | undefined;
}

/** How the tests with these ids fare, in their order. Ids of no test are left out. */
export async function testResults(db: Db | Tx, ids: readonly string[]): Promise<TestResult[]> {
	if (ids.length === 0) return [];
	const rows = await db
		.selectFrom("page_tests")
		.innerJoin("outbox", "outbox.id", "page_tests.outbox_id")
		.select([
			"outbox.id",
			"outbox.channel",
			"outbox.state",
			"outbox.attempts",
			"outbox.created_at",
			"outbox.last_error",
		])
		.where("outbox.id", "in", [...ids])
		.execute();
	const attempts = await db
		.selectFrom("deliveries")
		.select(["outbox_id", "detail", "ended_at"])
		.where("outbox_id", "in", [...ids])
		.where("ended_at", "is not", null)
		.orderBy("seq", "desc")
		.execute();
	const receipts = await db
		.selectFrom("delivery_receipts")
		.select(["outbox_id", "state", "detail", "at"])
		.where("outbox_id", "in", [...ids])
		.orderBy("seq", "desc")
		.execute();
	return ids.flatMap((id) => {
		const row = rows.find((each) => each.id === id);
		if (!row) return [];
		const last = attempts.find((each) => each.outbox_id === id);
		return {
			messageId: id,
			channel: row.channel,
			status: statusOf(row.state),
			attempts: row.attempts,
			detail: last?.detail ?? row.last_error ?? "",
			receipts: receipts
				.filter((each) => each.outbox_id === id)
				.map(({ state, detail, at }) => ({ state, detail, at })),
			tookMs: row.state === "sent" && last?.ended_at != null ? last.ended_at - row.created_at : undefined,
		};
	});
}

function statusOf(state: string): TestResult["status"] {
	switch (state) {
		case "sent":
		case "uncertain":
			return state;
		case "pending":
		case "sending":
			return "waiting";
		default:
			return "failed";
	}
}
