/** What people work on an incident with: readers, severity in both values, merging, reviews, roles, tasks, runbooks. */
export const INCIDENT_WORK_STEP = `
alter table incidents add column readers text;
alter table incidents add column severity_ground text;
alter table incidents add column derived_severity_key text;
alter table incidents add column severity_reasons text;
alter table incidents add column severity_override text;
alter table incidents add column merged_into text;
alter table incidents add column duplicate_of text;
alter table incidents add column reviewed_at integer;
alter table incidents add column reviewed_by text;
alter table incidents add column reopened_at integer;
alter table incidents add column first_response text;
alter table incidents add column declared_key text;
create unique index incidents_one_per_declared_key on incidents (tenant, declared_key) where declared_key is not null;
create index incidents_by_merge on incidents (merged_into) where merged_into is not null;

create table incident_roles (
	id text primary key,
	incident_id text not null references incidents (id),
	tenant text not null,
	role text not null check (role in ('commander', 'communications', 'scribe')),
	person text not null,
	assigned_at integer not null,
	assigned_by text not null,
	ended_at integer
) strict;
create unique index incident_roles_one_holder on incident_roles (incident_id, role) where ended_at is null;
create index incident_roles_by_person on incident_roles (person) where ended_at is null;

create table incident_tasks (
	id text primary key,
	incident_id text not null references incidents (id),
	tenant text not null,
	text text not null,
	owner text,
	due_at integer,
	created_at integer not null,
	created_by text not null,
	done_at integer,
	done_by text,
	overdue_at integer,
	timer_id text,
	request_key text,
	version integer not null
) strict;
create index incident_tasks_by_incident on incident_tasks (incident_id);
create index incident_tasks_open_by_owner on incident_tasks (owner) where done_at is null;
create unique index incident_tasks_one_per_request on incident_tasks (incident_id, request_key) where request_key is not null;

create table incident_links (
	incident_id text not null references incidents (id),
	other_id text not null references incidents (id),
	tenant text not null,
	kind text not null check (kind in ('related')),
	created_at integer not null,
	created_by text not null,
	primary key (incident_id, other_id)
) strict;
create index incident_links_by_other on incident_links (other_id);

create table incident_runbooks (
	incident_id text not null references incidents (id),
	tenant text not null,
	position integer not null,
	name text not null,
	taken_at integer not null,
	document text not null,
	primary key (incident_id, position)
) strict;

create table incident_runbook_items (
	incident_id text not null references incidents (id),
	tenant text not null,
	item_id text not null,
	done integer not null check (done in (0, 1)),
	changed_at integer not null,
	changed_by text not null,
	primary key (incident_id, item_id)
) strict;

create table incident_culprits (
	incident_id text not null references incidents (id),
	tenant text not null,
	attribute text not null,
	value text not null,
	primary key (incident_id, attribute, value)
) strict;
create index incident_culprits_by_value on incident_culprits (attribute, value);
`;

/** Few are private or duplicates; every list and every page looks for them. */
export const INCIDENT_INDEXES_STEP = `
create index incidents_private on incidents (state) where readers is not null;
create index incidents_by_duplicate on incidents (duplicate_of) where duplicate_of is not null;
`;
