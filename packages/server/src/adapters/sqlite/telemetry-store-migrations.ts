/**
 * The telemetry file's schema, step by step; the schema's version is the number of steps taken. A released step is never
 * edited: add one. `sealed(blob)` is a function of the store: the bytes with their checksum behind them.
 */
export const TELEMETRY_MIGRATIONS: readonly string[] = [
	`
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE journal (seq INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE streams (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, canonical TEXT NOT NULL, bounds TEXT NOT NULL) STRICT;
CREATE TABLE stream_pages (page INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE pairs (id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, slo TEXT NOT NULL, UNIQUE (tenant, slo)) STRICT;
CREATE TABLE rollup_10s (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE rollup_1h (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE accounting (
	tenant TEXT NOT NULL, protocol TEXT NOT NULL, key TEXT NOT NULL, count REAL NOT NULL,
	PRIMARY KEY (tenant, protocol, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE imports (key TEXT PRIMARY KEY, digest TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`,
	// Pages by the fold that wrote them, tiers between 10 s and hours, checksums, and a place for rows that fail theirs.
	`
CREATE TABLE pages (page INTEGER NOT NULL, fold INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (page, fold)) STRICT;
INSERT INTO pages (page, fold, data) SELECT page, 0, sealed(data) FROM stream_pages;
DROP TABLE stream_pages;
CREATE TABLE rollup_1m (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE rollup_10m (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE damaged (kind TEXT NOT NULL, key INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
UPDATE journal SET data = sealed(data);
UPDATE rollup_10s SET data = sealed(data);
UPDATE rollup_1h SET data = sealed(data);
`,
	// What pulled sources gave for the buckets that a later answer may still replace.
	`
CREATE TABLE pulled (
	source TEXT NOT NULL, slo TEXT NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (source, slo, at)
) STRICT, WITHOUT ROWID;
`,
	// Identities of events within the dedup horizon, and answers of the Events API.
	`
CREATE TABLE event_ids (seq INTEGER PRIMARY KEY, hour INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
CREATE TABLE event_answers (key TEXT PRIMARY KEY, digest TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX event_answers_at ON event_answers (at);
`,
	// Books by source too. What was counted before belongs to its protocol.
	`
CREATE TABLE books (
	tenant TEXT NOT NULL, source TEXT NOT NULL, protocol TEXT NOT NULL, key TEXT NOT NULL, count REAL NOT NULL,
	PRIMARY KEY (tenant, source, protocol, key)
) STRICT, WITHOUT ROWID;
INSERT INTO books (tenant, source, protocol, key, count)
	SELECT tenant, CASE WHEN protocol LIKE 'otlp%' THEN 'otlp' WHEN protocol LIKE 'remote-write%' THEN 'remote-write' ELSE protocol END,
		protocol, key, count FROM accounting;
DROP TABLE accounting;
ALTER TABLE books RENAME TO accounting;
`,
	// Counts by attribute: minutes per hour, hours per day, what waits to be put there, names, and who has places.
	`
CREATE TABLE leaf_names (id INTEGER PRIMARY KEY, text TEXT NOT NULL, day INTEGER NOT NULL) STRICT;
CREATE TABLE leaf_places (pair INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE leaf_batches (seq INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL) STRICT;
CREATE TABLE leaves_1m (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE leaves_1h (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
`,
	// The windows as the last fold left them, and what came beside the journal since.
	`
CREATE TABLE window_pieces (
	id INTEGER PRIMARY KEY, ring INTEGER NOT NULL, bucket INTEGER NOT NULL, part INTEGER NOT NULL, fold INTEGER NOT NULL,
	data BLOB NOT NULL, UNIQUE (ring, bucket, part, fold)
) STRICT;
CREATE TABLE window_late (seq INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL) STRICT;
`,
	// Latencies of the tiers of roll-ups.
	`
CREATE TABLE latency_10s (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE latency_1m (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE latency_10m (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE latency_1h (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
`,
];
