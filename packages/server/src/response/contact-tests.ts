import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import type { Catalogue, Channel, Contact, Person } from "#catalogue";
import { audit, type Db, digest, type Tx } from "#platform";
import { actionKey, checkAction, knownActionKey, signAction } from "./action-token.ts";
import { queueTestPages } from "./channels/test-page.ts";
import { issueCode } from "./reply-codes.ts";
import type { ResponseDeps } from "./types.ts";

const CONFIRM_WITHIN_MS = 30 * MINUTE_MS;

/** How far a contact is proven. `delivered`: a test left and its receiver took it; only `confirmed` says that it was seen. */
export type ContactState = "untested" | "waiting" | "failed" | "delivered" | "confirmed";

export interface ContactView {
	/** Tells contacts of one person apart. */
	readonly name: string;
	readonly channel: string;
	readonly kind: Channel["kind"] | undefined;
	/** Enough to recognise it, not enough to use it. */
	readonly address: string;
	readonly state: ContactState;
	/** Of the newest test; undefined: there was none. */
	readonly testedAt: number | undefined;
	readonly detail: string;
	readonly confirmedAt: number | undefined;
}

/** A person's contacts with the newest test of each. A contact whose address was changed since has no test. */
export async function contactViews(
	db: Db | Tx,
	person: Person,
	channels: readonly Pick<Channel, "name" | "kind">[],
): Promise<ContactView[]> {
	const rows = await db
		.selectFrom("page_tests")
		.innerJoin("outbox", "outbox.id", "page_tests.outbox_id")
		.leftJoin("contact_tests", "contact_tests.outbox_id", "page_tests.outbox_id")
		.select([
			"page_tests.channel",
			"page_tests.target_digest",
			"page_tests.at",
			"outbox.state",
			"outbox.last_error",
			"contact_tests.confirmed_at",
		])
		.where("page_tests.person", "=", person.name)
		.orderBy("page_tests.at", "desc")
		.orderBy("outbox.id", "desc")
		.limit(500)
		.execute();
	return person.contacts.map((contact) => {
		const target = digest(contact.address);
		const own = rows.filter((row) => row.channel === contact.channel && row.target_digest === target);
		const [newest] = own;
		const confirmedAt = own.find((row) => row.confirmed_at !== null)?.confirmed_at ?? undefined;
		return {
			name: contact.name ?? contact.channel,
			channel: contact.channel,
			kind: channels.find((channel) => channel.name === contact.channel)?.kind,
			address: masked(contact.address),
			state: stateOf(newest),
			testedAt: newest?.at,
			detail: newest?.last_error ?? "",
			confirmedAt,
		};
	});
}

function stateOf(newest: { readonly state: string; readonly confirmed_at: number | null } | undefined): ContactState {
	if (!newest) return "untested";
	if (newest.confirmed_at !== null) return "confirmed";
	if (newest.state === "sent") return "delivered";
	return newest.state === "pending" || newest.state === "sending" ? "waiting" : "failed";
}

/** `a…@example.com`, `…0001`, `https://host/…`. */
function masked(address: string): string {
	if (URL.canParse(address) && /^https?:/.test(address)) return `${new URL(address).origin}/…`;
	if (address.includes("@")) return `${address.slice(0, 1)}…${address.slice(address.indexOf("@"))}`;
	return /^\+?\d[\d\s]{5,}$/.test(address) ? `…${address.slice(-4)}` : address;
}

/** Test pages ring phones and cost money: more than these an hour to one person are refused by whoever asks for them. */
export const MAX_TESTS_PER_HOUR = 60;

/** Test pages to one person within the last hour; '' for those to channels' own addresses. */
export async function testsInLastHour(db: Db | Tx, person: string, now: number): Promise<number> {
	const { count } = await db
		.selectFrom("page_tests")
		.select((select) => select.fn.countAll<number>().as("count"))
		.where("person", "=", person)
		.where("at", ">", now - HOUR_MS)
		.executeTakeFirstOrThrow();
	return Number(count);
}

/** Sends a real page, marked as a test, to one contact; its link or code says that it was seen. Undefined: no such contact. */
export async function testContact(
	tx: Tx,
	deps: ResponseDeps,
	request: {
		readonly person: Person;
		readonly contact: string;
		readonly askedBy: string;
		readonly now: number;
		readonly requestId?: string | undefined;
	},
): Promise<string | undefined> {
	const { person, askedBy, now } = request;
	const contact = person.contacts.find((each) => (each.name ?? each.channel) === request.contact);
	if (!contact) return undefined;
	const subject = deps.ids.next("pt");
	const answers = await answersOf(tx, deps, person, contact, subject, now);
	const [queued] = await queueTestPages(tx, deps, {
		person: { ...person, contacts: [contact] },
		askedBy,
		now,
		confirm: () => answers,
	});
	if (!queued) return undefined;
	await tx
		.insertInto("contact_tests")
		.values({ subject, outbox_id: queued.messageId, person: person.name, confirmed_at: null, confirmed_by: null })
		.execute();
	await audit(tx, {
		at: now,
		actor: askedBy,
		action: "contact.test",
		tenant: "",
		subject: `person:${person.name}`,
		requestId: request.requestId ?? "",
		detail: { contact: request.contact, channel: contact.channel, messageId: queued.messageId },
	});
	return queued.messageId;
}

async function answersOf(tx: Tx, deps: ResponseDeps, person: Person, contact: Contact, subject: string, now: number) {
	const key = await actionKey(tx, deps.ids);
	const expiresAt = now + CONFIRM_WITHIN_MS;
	const token = signAction(key, { purpose: "confirm-contact", subject, person: person.name, expiresAt });
	const kind = kindOf(deps.catalogue(), contact.channel);
	const { channel, address } = contact;
	const code =
		kind === "sms" || kind === "voice"
			? await issueCode(tx, deps.ids, now, {
					purpose: "confirm-contact",
					subject,
					person: person.name,
					channel,
					address,
				})
			: undefined;
	return { url: `${deps.publicUrl().replace(/\/+$/, "")}/a/${token}`, ...(code === undefined ? {} : { code }) };
}

function kindOf(catalogue: Catalogue, channel: string): Channel["kind"] | undefined {
	return catalogue.channels.find((each) => each.name === channel)?.kind;
}

/** Says that a test page was seen. False: it was said before, or there is no such test. */
export async function confirmTest(
	tx: Tx,
	subject: string,
	by: string,
	now: number,
	requestId: string,
): Promise<boolean> {
	const confirmed = await tx
		.updateTable("contact_tests")
		.set({ confirmed_at: now, confirmed_by: by })
		.where("subject", "=", subject)
		.where("confirmed_at", "is", null)
		.returningAll()
		.executeTakeFirst();
	if (!confirmed) return false;
	await audit(tx, {
		at: now,
		actor: by,
		action: "contact.confirm",
		tenant: "",
		subject: `person:${confirmed.person}`,
		requestId,
		detail: { messageId: confirmed.outbox_id },
	});
	return true;
}

export type ConfirmOutcome = "confirmed" | "already" | "expired" | "not-ours";

/** Says that a test page was seen, by the link that it brought. */
export async function confirmByToken(tx: Tx, token: string, now: number, requestId = ""): Promise<ConfirmOutcome> {
	const key = await knownActionKey(tx);
	const check = key === undefined ? undefined : checkAction(key, token, "confirm-contact", now);
	if (check?.status !== "valid") return check?.reason ?? "not-ours";
	const { subject, person } = check.claims;
	return (await confirmTest(tx, subject, person, now, requestId)) ? "confirmed" : "already";
}
