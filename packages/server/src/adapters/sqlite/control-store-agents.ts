/** Tokens of some tenants alone, subscriptions of other systems to what happens, and what agents propose. */
export const AGENTS_STEP = `
alter table tokens add column tenants text;
alter table sessions add column tenants text;

create table subscriptions (
	id text primary key,
	token_id text not null,
	owner text not null,
	event text not null check (event in ('incident.opened', 'incident.changed', 'breach.opened')),
	callback_url text not null,
	secret text not null,
	client_state text,
	filter text not null,
	state text not null check (state in ('active', 'disabled')),
	reason text,
	created_at integer not null,
	disabled_at integer,
	last_at integer,
	last_outcome text,
	failures integer not null default 0,
	deliveries integer not null default 0
) strict;
create index subscriptions_by_event on subscriptions (event, state);
create index subscriptions_by_token on subscriptions (token_id, created_at);

create table proposals (
	id text primary key,
	incident_id text,
	tenant text not null,
	tool text not null,
	arguments text not null,
	reason text not null,
	agent text not null,
	token_id text not null,
	state text not null check (state in ('pending', 'done', 'refused', 'rejected')),
	created_at integer not null,
	expires_at integer not null,
	policy text,
	decided_at integer,
	decided_by text,
	outcome text,
	version integer not null
) strict;
create index proposals_by_state on proposals (state, created_at);
create index proposals_by_incident on proposals (incident_id, created_at);
create index proposals_by_token on proposals (token_id, state);
create trigger proposals_same_tenant before insert on proposals
when exists (select 1 from incidents where id = new.incident_id and tenant <> new.tenant)
begin select raise(abort, 'proposals: the incident belongs to another tenant'); end;
`;
