/** Pages to people: what went out, what waits to go with the next one, and how somebody answers from outside. */
export const PAGING_TABLES = `
alter table escalations add column policy_name text not null default '';
create index escalations_by_policy on escalations (policy_name, started_at);

create table pages (
	id text primary key,
	person text not null,
	tenant text not null,
	reason text not null,
	ways text not null,
	next_way integer not null,
	timer_id text,
	state text not null check (state in ('running', 'over')),
	failed_at integer,
	created_at integer not null
) strict;
create index pages_by_person on pages (person, created_at);

create table page_incidents (
	page_id text not null references pages (id),
	incident_id text not null,
	tenant text not null,
	dropped_at integer,
	primary key (page_id, incident_id)
) strict;
create index page_incidents_by_incident on page_incidents (incident_id);

create table page_messages (
	outbox_id text primary key,
	page_id text not null references pages (id)
) strict;
create index page_messages_by_page on page_messages (page_id);

create table waiting_pages (
	person text not null,
	incident_id text not null,
	tenant text not null,
	since_at integer not null,
	occasion text not null,
	primary key (person, incident_id)
) strict;
create index waiting_pages_by_incident on waiting_pages (incident_id);

create table page_queues (
	person text primary key,
	timer_id text not null
) strict;

create table escalation_turns (
	policy text not null,
	step integer not null,
	turns integer not null,
	primary key (policy, step)
) strict;

create table reply_codes (
	id text primary key,
	person text not null,
	channel text not null,
	address text not null,
	code_digest text not null,
	purpose text not null check (purpose in ('acknowledge', 'confirm-contact')),
	subject text not null,
	created_at integer not null,
	expires_at integer not null,
	used_at integer
) strict;
create index reply_codes_by_address on reply_codes (address, created_at);

create table reply_failures (
	address text primary key,
	failures integer not null,
	since_at integer not null
) strict;

create table contact_tests (
	subject text primary key,
	outbox_id text not null unique,
	person text not null,
	confirmed_at integer,
	confirmed_by text
) strict;
`;
