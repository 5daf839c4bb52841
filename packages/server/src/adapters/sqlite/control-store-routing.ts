/** What holds pages back, which incidents share one, and who was handed an incident. */
export const ROUTING_TABLES = `
create table mutes (
	id text primary key,
	matchers text not null,
	owner text not null,
	reason text not null,
	starts_at integer not null,
	ends_at integer not null,
	tenants text,
	created_by text not null,
	created_at integer not null,
	changed_by text,
	changed_at integer,
	ended_by text,
	ended_at integer,
	reminded_at integer,
	version integer not null
) strict;
create index mutes_by_end on mutes (ends_at);

create table routed (
	incident_id text primary key references incidents (id),
	tenant text not null,
	state text not null check (state in ('waiting', 'held', 'paging', 'sharing', 'quiet', 'telling', 'over')),
	group_key text not null,
	lead_id text,
	page_at integer,
	paged_at integer,
	told_at integer,
	decided_at integer not null,
	decision text not null
) strict;
create index routed_by_group on routed (group_key) where state <> 'over';
create index routed_by_lead on routed (lead_id) where lead_id is not null;
create index routed_by_state on routed (state) where state in ('waiting', 'held');

create table page_holds (
	seq integer primary key autoincrement,
	incident_id text not null,
	tenant text not null,
	kind text not null check (kind in ('mute', 'maintenance', 'inhibition', 'interval')),
	ref text not null,
	words text not null,
	since_at integer not null,
	until_at integer,
	ended_at integer
) strict;
create unique index page_holds_one_open on page_holds (incident_id, kind, ref) where ended_at is null;
create index page_holds_by_ref on page_holds (kind, ref);
create index page_holds_by_incident on page_holds (incident_id);

create table hand_offs (
	id text primary key,
	incident_id text not null,
	tenant text not null,
	party text not null,
	team text not null,
	policy text not null,
	reason text not null,
	handed_by text not null,
	handed_at integer not null,
	take_by integer not null,
	state text not null check (state in ('waiting', 'overdue', 'taken', 'over')),
	taken_by text,
	ended_at integer
) strict;
create unique index hand_offs_one_open on hand_offs (incident_id) where state in ('waiting', 'overdue');
create index hand_offs_by_incident on hand_offs (incident_id, handed_at);
`;
