/** What providers tell of messages after they took them, and test pages; both go with the message they are about. */
export const CHANNELS_STEP = `
create table delivery_receipts (
	seq integer primary key autoincrement,
	outbox_id text not null references outbox (id) on delete cascade,
	tenant text not null,
	incident_id text,
	channel text not null,
	state text not null check (state in ('accepted', 'delivered', 'answered', 'read', 'undelivered')),
	detail text not null,
	at integer not null
) strict;
create unique index delivery_receipts_one_per_state on delivery_receipts (outbox_id, state);
create index delivery_receipts_by_channel on delivery_receipts (channel, at);

create table page_tests (
	outbox_id text primary key references outbox (id) on delete cascade,
	person text not null,
	channel text not null,
	target_digest text not null,
	asked_by text not null,
	at integer not null
) strict;
create index page_tests_by_person on page_tests (person, at);

create index deliveries_by_channel on deliveries (channel, seq);
create index outbox_by_channel on outbox (channel) where state in ('pending', 'sending');
`;

/** What the last days brought is asked for again and again, of a table that keeps more than a year. */
export const DELIVERIES_BY_START_STEP = `
create index deliveries_by_start on deliveries (started_at, channel, outcome);
`;
