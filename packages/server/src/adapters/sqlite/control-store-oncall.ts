/**
 * What people change about schedules: overrides, absences, swaps, notes at hand-over; what calendars say; private
 * calendar feeds, of whose secrets only a digest is kept. None of it is a tenant's.
 */
export const ON_CALL_STEP = `
create table oncall_overrides (
	id text primary key,
	schedule text not null,
	role text not null check (role in ('primary', 'secondary', 'shadow')),
	from_at integer not null,
	to_at integer not null check (to_at > from_at),
	people text not null,
	replaces text,
	reason text not null,
	made_by text not null,
	made_at integer not null,
	cancelled_by text,
	cancelled_at integer,
	swap_id text,
	request_key text unique
) strict;
create index oncall_overrides_by_end on oncall_overrides (to_at) where cancelled_at is null;

create table oncall_absences (
	id text primary key,
	person text not null,
	from_at integer not null,
	to_at integer not null check (to_at > from_at),
	reason text not null,
	made_by text not null,
	made_at integer not null,
	cancelled_by text,
	cancelled_at integer,
	request_key text unique
) strict;
create index oncall_absences_by_end on oncall_absences (to_at) where cancelled_at is null;

create table oncall_swaps (
	id text primary key,
	schedule text not null,
	role text not null check (role in ('primary', 'secondary', 'shadow')),
	person text not null,
	from_at integer not null,
	to_at integer not null check (to_at > from_at),
	reason text not null,
	state text not null check (state in ('open', 'taken', 'past-due', 'cancelled')),
	requested_by text not null,
	requested_at integer not null,
	taken_by text,
	changed_by text not null,
	changed_at integer not null,
	version integer not null,
	request_key text unique
) strict;
create index oncall_swaps_by_start on oncall_swaps (schedule, from_at);

create table oncall_notes (
	seq integer primary key autoincrement,
	schedule text not null,
	at integer not null,
	by text not null,
	text text not null,
	request_key text unique
) strict;
create index oncall_notes_by_schedule on oncall_notes (schedule, seq);

create table oncall_calendars (
	schedule text not null,
	layer text not null,
	asked_at integer not null,
	read_at integer,
	until_at integer,
	events integer not null,
	unknown text not null,
	fault text,
	digest text,
	primary key (schedule, layer)
) strict;

create table oncall_calendar_events (
	seq integer primary key autoincrement,
	schedule text not null,
	layer text not null,
	person text not null,
	priority integer,
	from_at integer not null,
	to_at integer not null
) strict;
create index oncall_calendar_events_by_layer on oncall_calendar_events (schedule, layer);
create index oncall_calendar_events_by_end on oncall_calendar_events (to_at);

create table oncall_feeds (
	id text primary key,
	digest text not null unique,
	schedule text,
	person text,
	made_by text not null,
	made_at integer not null,
	revoked_by text,
	revoked_at integer,
	used_at integer,
	check ((schedule is null) <> (person is null))
) strict;
`;
