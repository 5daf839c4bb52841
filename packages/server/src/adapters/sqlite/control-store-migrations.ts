import { AGENTS_STEP } from "./control-store-agents.ts";
import { CHANNELS_STEP, DELIVERIES_BY_START_STEP } from "./control-store-channels.ts";
import { INCIDENT_INDEXES_STEP, INCIDENT_WORK_STEP } from "./control-store-incident-work.ts";
import { ON_CALL_STEP } from "./control-store-oncall.ts";
import { PAGING_TABLES } from "./control-store-paging.ts";
import { ROUTING_TABLES } from "./control-store-routing.ts";
import { SHADOW_FIRINGS_STEP } from "./control-store-shadow-firings.ts";
import { WATCHDOG_STEP } from "./control-store-watchdog.ts";

/** Tables whose rows belong to an incident. */
const LINKED = ["breaches", "escalations", "notices", "outbox", "deliveries", "phone_messages"];

/** What concerns one tenant cannot hang on another tenant's incident. The fleet's incidents ('') concern every tenant. */
const linkTriggers = LINKED.flatMap((table) =>
	["insert", "update of tenant, incident_id"].map(
		(act) => `
create trigger ${table}_same_tenant_${act.slice(0, 6)} before ${act} on ${table}
when exists (select 1 from incidents where id = new.incident_id and tenant not in ('', new.tenant))
begin select raise(abort, '${table}: the incident belongs to another tenant'); end;`,
	),
).join("");

/**
 * The control plane's schema, step by step; the schema's version is the number of steps taken. A released step is
 * never edited: add one. Each is plain SQL that leaves the data of the step before readable.
 */
export const CONTROL_MIGRATIONS: readonly string[] = [
	`
create table meta (key text primary key, value text not null) strict;

create table events (
	seq integer primary key autoincrement,
	at integer not null,
	type text not null,
	tenant text not null,
	incident_id text,
	actor text not null,
	data text not null
) strict;
create index events_by_incident on events (incident_id, seq) where incident_id is not null;
create index events_by_tenant on events (tenant, seq);

create table incidents (
	id text primary key,
	number integer not null unique,
	tenant text not null,
	slo text not null,
	workload text not null,
	kind text not null check (kind in ('tenant', 'platform')),
	parent_id text references incidents (id) deferrable initially deferred,
	severity_key text not null,
	severity_rank integer not null,
	state text not null check (state in ('detected', 'acknowledged', 'investigating', 'mitigated', 'resolved', 'reviewed')),
	title text not null,
	monitor text not null,
	detected_by text not null check (detected_by in ('monitor', 'customer')),
	onset_at integer,
	detected_at integer not null,
	paged_at integer,
	acknowledged_at integer,
	acknowledged_by text,
	first_notice_at integer,
	signal_cleared_at integer,
	mitigated_at integer,
	resolved_at integer,
	verdict text,
	verdict_reason text,
	verdict_by text,
	verdict_at integer,
	evidence text not null,
	version integer not null
) strict;
create index incidents_by_state on incidents (state, detected_at);
create index incidents_by_pair on incidents (tenant, slo, detected_at);
create index incidents_by_slo on incidents (slo, kind, detected_at);
create index incidents_by_parent on incidents (parent_id) where parent_id is not null;

create table breaches (
	id text primary key,
	tenant text not null,
	slo text not null,
	detector text not null,
	monitor text not null,
	scope text not null,
	state text not null check (state in ('open', 'closed')),
	opened_at integer not null,
	closed_at integer,
	evidence text not null,
	incident_id text references incidents (id) deferrable initially deferred
) strict;
create unique index breaches_one_open on breaches (tenant, slo, detector) where state = 'open';
create index breaches_by_incident on breaches (incident_id) where incident_id is not null;

create table escalations (
	id text primary key,
	incident_id text not null references incidents (id) deferrable initially deferred,
	tenant text not null,
	policy text not null,
	state text not null check (state in ('running', 'acknowledged', 'exhausted', 'stopped')),
	started_at integer not null,
	ended_at integer
) strict;
create unique index escalations_one_running on escalations (incident_id) where state = 'running';
create index escalations_by_incident on escalations (incident_id, started_at);

create table timers (
	id text primary key,
	kind text not null,
	tenant text not null,
	incident_id text,
	due_at integer not null,
	data text not null,
	state text not null check (state in ('pending', 'done', 'cancelled')),
	created_at integer not null,
	fired_at integer,
	failures integer not null default 0,
	retry_at integer
) strict;
create index timers_due on timers (coalesce(retry_at, due_at)) where state = 'pending';
create index timers_by_incident on timers (incident_id, kind) where incident_id is not null;

create table outbox (
	id text primary key,
	kind text not null check (kind in ('page', 'notice')),
	delivery text not null check (delivery in ('at-least-once', 'at-most-once')),
	tenant text not null,
	incident_id text,
	channel text not null,
	address text not null,
	payload text not null,
	state text not null check (state in ('pending', 'sending', 'sent', 'failed', 'uncertain', 'cancelled')),
	attempts integer not null,
	next_at integer not null,
	created_at integer not null,
	sent_at integer,
	last_error text
) strict;
create index outbox_due on outbox (channel, next_at) where state = 'pending';
create index outbox_next on outbox (next_at) where state = 'pending';
create index outbox_sending on outbox (id) where state = 'sending';
create index outbox_by_incident on outbox (incident_id) where incident_id is not null;

create table deliveries (
	seq integer primary key autoincrement,
	outbox_id text not null references outbox (id),
	kind text not null check (kind in ('page', 'notice')),
	tenant text not null,
	incident_id text,
	attempt integer not null,
	channel text not null,
	target_digest text not null,
	started_at integer not null,
	ended_at integer,
	outcome text not null check (outcome in ('sending', 'sent', 'failed', 'uncertain')),
	detail text not null
) strict;
create unique index deliveries_one_per_attempt on deliveries (outbox_id, attempt);
create index deliveries_sending on deliveries (seq) where outcome = 'sending';
create index deliveries_by_incident on deliveries (incident_id, seq) where incident_id is not null;

create table notices (
	id text primary key,
	incident_id text not null references incidents (id) deferrable initially deferred,
	tenant text not null,
	audience text not null check (audience in ('csam', 'support', 'customer')),
	state text not null check (state in ('draft', 'approved', 'sending', 'sent', 'uncertain', 'discarded')),
	language text not null,
	template text not null,
	subject text not null,
	body text not null,
	recipients text not null,
	recipients_hash text not null,
	created_at integer not null,
	approved_by text,
	approved_at integer,
	sent_at integer,
	version integer not null
) strict;
create index notices_by_incident on notices (incident_id, created_at);
create index notices_by_state on notices (state, created_at);

create table phone_messages (
	id text primary key,
	tenant text not null,
	incident_id text,
	at integer not null,
	person text not null,
	title text not null,
	body text not null
) strict;
create index phone_messages_by_time on phone_messages (at);

create table tokens (
	id text primary key,
	hash text not null unique,
	name text not null,
	role text not null,
	one_time integer not null check (one_time in (0, 1)),
	created_at integer not null,
	expires_at integer,
	last_used_at integer,
	revoked_at integer
) strict;

create table sessions (
	id_hash text primary key,
	principal text not null,
	role text not null,
	csrf text not null,
	created_at integer not null,
	seen_at integer not null,
	expires_at integer not null
) strict;

create table audit (
	seq integer primary key,
	at integer not null,
	actor text not null,
	action text not null,
	tenant text not null,
	subject text not null,
	request_id text not null,
	detail text not null,
	hash text not null
) strict;

create table config_versions (
	hash text primary key,
	applied_at integer not null,
	applied_by text not null,
	files text not null,
	active integer not null check (active in (0, 1))
) strict;
create unique index config_versions_one_active on config_versions (active) where active = 1;

${linkTriggers}
create trigger events_append_only_update before update on events begin select raise(abort, 'events are append-only'); end;
create trigger events_append_only_delete before delete on events begin select raise(abort, 'events are append-only'); end;
create trigger audit_append_only_update before update on audit begin select raise(abort, 'audit entries are append-only'); end;
create trigger audit_append_only_delete before delete on audit begin select raise(abort, 'audit entries are append-only'); end;
`,
	`
alter table sessions add column token_id text;
create index sessions_by_token on sessions (token_id) where token_id is not null;
`,
	`
create table feeds (
	feed text primary key,
	first_message_at integer not null,
	last_message_at integer not null,
	messages integer not null,
	duplicates integer not null,
	facts integer not null,
	left_out integer not null,
	faults integer not null,
	last_fault text,
	last_fault_at integer,
	unmapped text not null
) strict;

create table feed_messages (
	feed text not null,
	message_key text not null,
	received_at integer not null,
	primary key (feed, message_key)
) strict;
create index feed_messages_by_time on feed_messages (received_at);

create table platform_health (
	seq integer primary key autoincrement,
	feed text not null,
	external_id text not null,
	component text not null,
	state text not null check (state in ('operational', 'maintenance', 'degraded', 'outage', 'unknown')),
	source_status text not null,
	title text not null,
	link text,
	started_at integer not null,
	ended_at integer,
	revised_at integer not null,
	revision_rank integer not null,
	digest text not null,
	received_at integer not null
) strict;
create unique index platform_health_one_per_id on platform_health (feed, external_id);
create index platform_health_open on platform_health (feed) where ended_at is null;
create index platform_health_by_start on platform_health (started_at, seq);

create table changes (
	seq integer primary key autoincrement,
	feed text not null,
	external_id text not null,
	tenant text not null,
	workload text not null,
	kind text not null,
	state text not null,
	title text not null,
	ring text,
	region text,
	build text,
	actor text,
	link text,
	started_at integer not null,
	ended_at integer,
	revised_at integer not null,
	revision_rank integer not null,
	digest text not null,
	received_at integer not null
) strict;
create unique index changes_one_per_scope on changes (feed, external_id, tenant, workload);
create index changes_by_start on changes (started_at, seq);
create index changes_by_tenant on changes (tenant, started_at, seq);

create table cases (
	seq integer primary key autoincrement,
	feed text not null,
	external_id text not null,
	tenant text not null,
	tenant_named text not null,
	workload text not null,
	kind text not null check (kind in ('support-case', 'customer-report')),
	severity text,
	title text not null,
	link text,
	escalated integer not null check (escalated in (0, 1)),
	opened_at integer not null,
	closed_at integer,
	revised_at integer not null,
	revision_rank integer not null,
	digest text not null,
	received_at integer not null
) strict;
create unique index cases_one_per_id on cases (feed, external_id);
create index cases_by_opening on cases (opened_at, seq);
create index cases_by_tenant on cases (tenant, opened_at, seq);
`,
	`
create table register_versions (
	seq integer primary key autoincrement,
	tenant text not null,
	since_at integer not null,
	until_at integer,
	applied_by text not null,
	config text not null,
	ids text not null
) strict;
create unique index register_versions_one_open on register_versions (tenant) where until_at is null;
create index register_versions_by_tenant on register_versions (tenant, since_at);
`,
	// Old events may go, but only those that retention has said it lets go.
	`
drop trigger events_append_only_delete;
create trigger events_append_only_delete before delete on events
when old.at >= coalesce((select cast(value as integer) from meta where key = 'events_kept_from'), 0)
begin select raise(abort, 'events are append-only'); end;
`,
	// What was judged to have brought an incident about; the answer names changes by feed and id, and is JSON.
	`
create table incident_causes (
	incident_id text primary key references incidents (id),
	judged_at integer not null,
	answer text not null
) strict;
`,
	INCIDENT_WORK_STEP,
	AGENTS_STEP,
	// Tickets in systems of record: what was carried there, each exchange, and what came back.
	`
create table tickets (
	id text primary key,
	incident_id text not null references incidents (id),
	tenant text not null,
	integration text not null,
	external_key text not null,
	external_id text,
	external_name text,
	external_alias text,
	url text,
	phase text not null check (phase in ('absent', 'creating', 'linked', 'gone', 'dropped')),
	sync text not null check (sync in ('pending', 'sending', 'synced', 'failed')),
	agreed text not null,
	theirs text check (theirs in ('open', 'acknowledged', 'mitigated', 'resolved')),
	note_seq integer not null,
	told text not null,
	created_at integer not null,
	create_sent_at integer,
	synced_at integer,
	failures integer not null,
	failing_since integer,
	next_at integer not null,
	last_error text,
	version integer not null
) strict;
create unique index tickets_one_per_incident on tickets (incident_id, integration);
create unique index tickets_by_key on tickets (integration, external_key);
create index tickets_by_id on tickets (integration, external_id);
create index tickets_due on tickets (next_at) where sync = 'pending';

create table ticket_attempts (
	seq integer primary key autoincrement,
	ticket_id text not null,
	integration text not null,
	tenant text not null,
	incident_id text,
	what text not null check (what in ('create', 'adopt', 'update', 'note', 'look-up', 'test')),
	started_at integer not null,
	ended_at integer,
	outcome text not null check (outcome in ('sending', 'done', 'retry', 'uncertain', 'refused', 'gone')),
	detail text not null
) strict;
create index ticket_attempts_by_integration on ticket_attempts (integration, seq);
create index ticket_attempts_by_ticket on ticket_attempts (ticket_id, seq);
create index ticket_attempts_sending on ticket_attempts (outcome) where outcome = 'sending';

create table ticket_messages (
	seq integer primary key autoincrement,
	integration text not null,
	message_key text not null,
	received_at integer not null,
	ticket_id text,
	tenant text not null,
	incident_id text,
	kind text not null,
	outcome text not null,
	note_seq integer
) strict;
create unique index ticket_messages_once on ticket_messages (integration, message_key);
create index ticket_messages_by_ticket on ticket_messages (ticket_id, note_seq);
create index ticket_messages_by_time on ticket_messages (received_at);
`,
	CHANNELS_STEP,
	WATCHDOG_STEP,
	PAGING_TABLES,
	ROUTING_TABLES,
	ON_CALL_STEP,
	DELIVERIES_BY_START_STEP,
	INCIDENT_INDEXES_STEP,
	SHADOW_FIRINGS_STEP,
];
