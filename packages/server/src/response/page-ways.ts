import type { Catalogue, Contact, ContactRuleName, Person } from "#catalogue";

/** Which contacts a page uses, and when after it began, ms; in the order of time. */
export interface PageWay {
	readonly afterMs: number;
	readonly contacts: readonly Contact[];
}

/** The ways by a person's rule; without such a rule, all contacts at once. */
export function waysOf(person: Person, rule: ContactRuleName, catalogue: Catalogue): PageWay[] {
	const contacts = contactsNow(person, catalogue);
	const steps = contacts === person.contacts ? person.rules?.[rule] : undefined;
	const ways = (steps ?? []).flatMap(({ afterMs, contacts: names }) => {
		const named = person.contacts.filter((contact) => names.includes(contact.name ?? contact.channel));
		return named.length > 0 ? [{ afterMs, contacts: named }] : [];
	});
	return ways.length > 0 ? ways : [{ afterMs: 0, contacts }];
}

/**
 * Whom a chain wakes stays as it was when the chain began; through which channel cannot, where the catalogue has lost
 * that channel since. Then the person is reached as the catalogue says now; if it knows no way at all, the old one is
 * tried, so that its failure is seen.
 */
function contactsNow(person: Person, catalogue: Catalogue): readonly Contact[] {
	const channels = new Set(catalogue.channels.map((channel) => channel.name));
	const isThere = (contact: Contact) => channels.has(contact.channel);
	if (person.contacts.every(isThere)) return person.contacts;
	const current = catalogue.people.find((each) => each.name === person.name)?.contacts ?? [];
	const all = [...person.contacts, ...current].filter(isThere);
	const distinct = new Map(all.map((contact) => [`${contact.channel}\n${contact.address}`, contact]));
	return distinct.size > 0 ? [...distinct.values()] : person.contacts;
}
