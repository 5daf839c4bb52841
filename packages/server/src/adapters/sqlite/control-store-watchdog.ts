/** The checks of the system by itself: the last ones, with how long each stage took. They are nobody's incidents. */
export const WATCHDOG_STEP = `
create table self_checks (
	id text primary key,
	tenant text not null,
	state text not null check (state in ('detected', 'acknowledged', 'resolved', 'failed')),
	started_at integer not null,
	ended_at integer,
	stages text not null,
	failed_stage text,
	detail text not null
) strict;
create index self_checks_by_start on self_checks (started_at);
`;
