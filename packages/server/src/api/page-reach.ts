import { type Catalogue, type Channel, type Person, peopleOfTarget } from "#catalogue";
import { channelSecrets } from "./channel-needs.ts";

/** Whether pages and notices can leave at all, told before somebody needs them. */
export interface Reach {
	/** Kinds of channels by which somebody who can be paged is reached. */
	readonly kinds: readonly Channel["kind"][];
	readonly people: number;
	readonly faults: readonly ReachFault[];
}

export interface ReachFault {
	readonly level: "failing" | "attention";
	readonly says: string;
	readonly remedy: string;
}

type ReachCatalogue = Pick<Catalogue, "escalations" | "schedules" | "teams" | "people" | "channels" | "tenants"> & {
	readonly settings: Pick<Catalogue["settings"], "smtp" | "publicUrl">;
};

/** `secretFault`: what is wrong with a secret's reference; undefined when its value is there. */
export function pageReach(catalogue: ReachCatalogue, secretFault: (reference: string) => string | undefined): Reach {
	const faults: ReachFault[] = [];
	const fail = (says: string, remedy: string) => void faults.push({ level: "failing", says, remedy });
	const people = peopleOf(catalogue);
	if (people.length === 0)
		fail("Nobody would be paged: no escalation names a person.", "Add a Schedule with people and an Escalation.");
	const channels = new Map(catalogue.channels.map((channel) => [channel.name, channel]));
	const used = new Set<Channel>();
	for (const { displayName, contacts } of people) {
		const reached = contacts.flatMap(({ channel }) => channels.get(channel) ?? []);
		for (const channel of reached) used.add(channel);
		if (reached.length === 0) fail(`${displayName} is on call and has no contact.`, "Add contacts to that Person.");
		else if (reached.every(({ kind }) => kind === "phone-panel"))
			faults.push({
				level: "attention",
				says: `${displayName} is paged in the console's own phone panel only: that wakes nobody.`,
				remedy: "Add a contact by a call, a text message, a webhook channel (a pager) or by mail.",
			});
	}
	for (const channel of used) {
		if (channel.kind === "mail" && catalogue.settings.smtp === undefined)
			fail(`Pages by ${channel.name} cannot leave: there is no mail server.`, "Add spec.smtp to bellwether.yaml.");
		const missing = channelSecrets(channel)
			.map(secretFault)
			.find((fault) => fault !== undefined);
		if (missing !== undefined)
			fail(`Pages by ${channel.name} cannot leave: ${missing}.`, "Give the server that secret.");
		const answers = channel.kind === "sms" || channel.kind === "voice";
		if (answers && catalogue.settings.publicUrl === undefined)
			faults.push({
				level: "attention",
				says: `Nothing comes back from ${channel.name}: no receipts, and no acknowledgement by ${channel.kind === "sms" ? "text message" : "key"}.`,
				remedy: "Set spec.publicUrl in bellwether.yaml to the address by which the provider reaches this server.",
			});
	}
	faults.push(...noticeFaults(catalogue, secretFault));
	return { kinds: [...new Set([...used].map(({ kind }) => kind))], people: people.length, faults };
}

/** Whoever an escalation can come to, once each. */
function peopleOf({ escalations, schedules, teams, people }: ReachCatalogue): Person[] {
	const names = new Set(
		escalations.flatMap(({ steps, lead }) =>
			[...steps.map(({ notify }) => notify), lead].flatMap((target) =>
				target ? peopleOfTarget({ schedules, teams }, target) : [],
			),
		),
	);
	return people.filter(({ name }) => names.has(name));
}

function noticeFaults(
	{ settings: { smtp }, tenants }: ReachCatalogue,
	secretFault: (reference: string) => string | undefined,
): ReachFault[] {
	const told = tenants.filter(({ contacts: { csam, support, customer } }) => csam || support || customer.length > 0);
	if (told.length === 0) return [];
	if (smtp === undefined)
		return [
			{
				level: "attention",
				says: `Notices cannot leave: there is no mail server, and ${told.length} key ${told.length === 1 ? "tenant has" : "tenants have"} people to be told.`,
				remedy: "Add spec.smtp to bellwether.yaml.",
			},
		];
	const missing = smtp.passwordRef === undefined ? undefined : secretFault(smtp.passwordRef);
	if (missing === undefined) return [];
	return [{ level: "failing", says: `Mail cannot leave: ${missing}.`, remedy: "Give the server that secret." }];
}
