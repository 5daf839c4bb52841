/** Claims of monitors in shadow, which nobody was told: shown on the monitor's page. */
export const SHADOW_FIRINGS_STEP = `
create table shadow_firings (
	seq integer primary key autoincrement,
	monitor text not null,
	tenant text not null,
	slo text not null,
	at integer not null,
	says text not null
) strict;
create index shadow_firings_by_monitor on shadow_firings (monitor, seq);
create index shadow_firings_by_time on shadow_firings (at);
`;
