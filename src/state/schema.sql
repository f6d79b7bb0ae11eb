CREATE TABLE meta (
  -- Facts about this file and about the last commit, one a row.
  key    TEXT PRIMARY KEY NOT NULL, -- what it is: created, program, watermark, ...
  value                             -- text, or a number; times in seconds since 1970 UTC
) WITHOUT ROWID;

CREATE TABLE runs (
  -- The last 1,000 runs of s3sentry over this file.
  id       INTEGER PRIMARY KEY,
  command  TEXT NOT NULL,    -- what it was called with
  program  TEXT NOT NULL,    -- version of s3sentry
  started  INTEGER NOT NULL, -- seconds since 1970 UTC
  ended    INTEGER,          -- the same; NULL: still at work, or broken off
  lines    INTEGER NOT NULL, -- lines read, as of the last commit, as all that follows
  alerts   INTEGER NOT NULL, -- alerts written
  bytes            INTEGER NOT NULL DEFAULT 0, -- read, decompressed
  malformed        INTEGER NOT NULL DEFAULT 0, -- lines that are no record
  ambiguous        INTEGER NOT NULL DEFAULT 0, -- records with more than one reading
  undated          INTEGER NOT NULL DEFAULT 0, -- records without a time
  late             INTEGER NOT NULL DEFAULT 0, -- records that came too late for rules that count
  evicted          INTEGER NOT NULL DEFAULT 0, -- keys that were forgotten for lack of memory
  inputs_read      INTEGER NOT NULL DEFAULT 0, -- files, pipes and objects
  inputs_skipped   INTEGER NOT NULL DEFAULT 0,
  inputs_failed    INTEGER NOT NULL DEFAULT 0,
  first_record     INTEGER,  -- time of the earliest that was counted, seconds since 1970 UTC
  last_record      INTEGER   -- of the latest
);

CREATE TABLE since_report (
  -- What was read since the last report, in one row: the sums of its runs.
  made             INTEGER,          -- when that report was made, seconds since 1970 UTC; NULL: none was
  runs             INTEGER NOT NULL, -- runs that read anything
  lines            INTEGER NOT NULL, -- without records left out by time or taken before
  bytes            INTEGER NOT NULL, -- as in runs, as all that follows
  malformed        INTEGER NOT NULL,
  ambiguous        INTEGER NOT NULL,
  undated          INTEGER NOT NULL,
  late             INTEGER NOT NULL,
  evicted          INTEGER NOT NULL,
  inputs_read      INTEGER NOT NULL,
  inputs_skipped   INTEGER NOT NULL,
  inputs_failed    INTEGER NOT NULL,
  first_record     INTEGER,
  last_record      INTEGER
);
INSERT INTO since_report VALUES (NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL);

CREATE TABLE hours (
  -- What each hour of a bucket came to.
  reported  INTEGER NOT NULL, -- 1: up to the last report; 0: since then
  hour      INTEGER NOT NULL, -- hours since 1970 UTC
  bucket    TEXT NOT NULL,    -- a blob: \xHH are bytes
  requests  INTEGER NOT NULL,
  refused   INTEGER NOT NULL, -- of these answered 403
  missing   INTEGER NOT NULL, -- of these answered 404
  wrong     INTEGER NOT NULL, -- of these answered with another 4xx
  failed    INTEGER NOT NULL, -- of these answered 5xx
  bytes     INTEGER NOT NULL, -- bytes that went out
  PRIMARY KEY (reported, hour, bucket)
) WITHOUT ROWID;

CREATE TABLE kinds (
  -- Kinds of entities: the fields whose values together name one.
  id    INTEGER PRIMARY KEY,
  hash  INTEGER NOT NULL UNIQUE, -- 64-bit hash of the name, as a signed number
  name  TEXT NOT NULL            -- fields with + between; empty: the whole log, as one entity
);

CREATE TABLE dimensions (
  -- Which values of a group are learned: say, the networks of an account.
  id           INTEGER PRIMARY KEY,
  hash         INTEGER NOT NULL UNIQUE, -- 64-bit hash of canonical, as a signed number
  name         TEXT NOT NULL,           -- the rule or derived field that asks
  kind         INTEGER NOT NULL REFERENCES kinds (id), -- of the group
  fields       TEXT NOT NULL,           -- the fields that are learned together, with + between
  learn_days   INTEGER NOT NULL,        -- days with records after which a group is learned
  memory_days  INTEGER NOT NULL,        -- days for which a value stays known
  canonical    TEXT NOT NULL            -- group, fields and what teaches, in a fixed form
);

CREATE TABLE series (
  -- What is added up by the hour.
  id         INTEGER PRIMARY KEY,
  hash       INTEGER NOT NULL UNIQUE, -- 64-bit hash of canonical, as a signed number
  name       TEXT NOT NULL,           -- the rule that asked for it first
  kind       INTEGER NOT NULL REFERENCES kinds (id), -- of the entities
  sum        TEXT,                    -- the field that is added up; NULL: requests are counted
  canonical  TEXT NOT NULL            -- all of it in a fixed form
);

CREATE TABLE entities (
  -- The baseline: who and what was seen, since when, on which days.
  key          INTEGER PRIMARY KEY, -- 64-bit hash of kind and values, as a signed number
  kind         INTEGER NOT NULL REFERENCES kinds (id),
  declared     INTEGER NOT NULL, -- 1: declared normal, and so known at once
  first_seen   INTEGER NOT NULL, -- seconds since 1970 UTC
  last_seen    INTEGER NOT NULL, -- the same
  days         INTEGER NOT NULL, -- bit n: seen n days before the UTC day of last_seen
  days_before  INTEGER NOT NULL, -- bit n: seen n + 64 days before it
  day_count    INTEGER NOT NULL, -- bits in both
  requests     INTEGER NOT NULL,
  name         TEXT              -- the value; of several a JSON array; a blob: \xHH are bytes
);

CREATE TABLE known_values (
  -- The baseline: which values were seen with a group, such as its networks.
  key          INTEGER PRIMARY KEY, -- 64-bit hash of dimension, group and value, as a signed number
  dimension    INTEGER NOT NULL REFERENCES dimensions (id),
  declared     INTEGER NOT NULL, -- 1: declared normal, and so known at once
  entity       INTEGER NOT NULL, -- key of the group in entities, where it may be forgotten already
  first_seen   INTEGER NOT NULL, -- seconds since 1970 UTC
  last_seen    INTEGER NOT NULL, -- the same
  days         INTEGER NOT NULL, -- bit n: seen n days before the UTC day of last_seen
  days_before  INTEGER NOT NULL, -- bit n: seen n + 64 days before it
  day_count    INTEGER NOT NULL, -- bits in both
  requests     INTEGER NOT NULL,
  name         TEXT              -- the value; of several a JSON array; a blob: \xHH are bytes
);

CREATE TABLE volumes (
  -- The baseline: what each hour of an entity came to.
  series  INTEGER NOT NULL REFERENCES series (id),
  entity  INTEGER NOT NULL, -- key in entities, where it may be forgotten already
  hour    INTEGER NOT NULL, -- hours since 1970 UTC
  sum     INTEGER NOT NULL, -- what scans came to
  learned INTEGER NOT NULL, -- the most that one `baseline learn` came to; the larger of both counts
  PRIMARY KEY (series, entity, hour)
) WITHOUT ROWID;

CREATE TABLE alerts (
  -- Alerts that were found, each in its latest version.
  id              TEXT PRIMARY KEY NOT NULL, -- 32 hexadecimal digits
  rev             INTEGER NOT NULL, -- of two versions the higher counts
  status          TEXT NOT NULL,    -- open, closed or withdrawn
  rule            TEXT NOT NULL,    -- name of the rule
  level           TEXT NOT NULL,    -- informational, low, medium, high or critical
  key             TEXT NOT NULL,    -- whom and what it is about, JSON
  period_start    INTEGER NOT NULL, -- seconds since 1970 UTC
  period_end      INTEGER NOT NULL, -- the same, excluded
  trigger_time    INTEGER NOT NULL, -- when the rule fired first, seconds since 1970 UTC
  first_seen      INTEGER NOT NULL, -- the first of the records counted, seconds since 1970 UTC
  last_seen       INTEGER NOT NULL, -- the last of them
  count           INTEGER NOT NULL, -- records
  summary         TEXT NOT NULL,    -- one sentence
  entity          TEXT,             -- whom the incident is about
  incident        TEXT,             -- id of the incident it belongs to
  written_rev     INTEGER,          -- rev that was written to the output last; NULL: none yet
  written_status  TEXT,             -- status that was written with it
  reported_rev    INTEGER,          -- rev that the last report with it has; NULL: none has it
  reported_status TEXT,             -- status that it has there
  json            TEXT NOT NULL     -- all of it, as docs/alert.schema.json says
);
CREATE INDEX alerts_open ON alerts (id) WHERE status = 'open';
CREATE INDEX alerts_unwritten ON alerts (id)
  WHERE written_rev IS NOT rev OR written_status IS NOT status;
CREATE INDEX alerts_unreported ON alerts (id)
  WHERE reported_rev IS NOT rev OR reported_status IS NOT status;

CREATE TABLE logs (
  -- Logs in buckets, and how far each was read. One log has many objects, whose
  -- names differ in the time and what follows it.
  id         INTEGER PRIMARY KEY,
  bucket     TEXT NOT NULL,
  stem       TEXT NOT NULL,    -- how its keys begin, before date and time
  newest     INTEGER,          -- time in the name of the newest object that was read, seconds
                               -- since 1970 UTC; NULL: it was never listed as a whole
  since      INTEGER NOT NULL, -- the earliest such time from which on it was listed; the
                               -- smallest number there is: from its beginning
  forgotten  INTEGER NOT NULL, -- objects with earlier names are no longer in inputs one by one
  listed     INTEGER NOT NULL, -- when it was last listed, back to the lookback before newest
  listed_all INTEGER NOT NULL, -- when it was last listed from since on
  objects    INTEGER NOT NULL, -- how many were read
  UNIQUE (bucket, stem)
);

CREATE TABLE inputs (
  -- What was read already, and how far. Objects that are done go when they are
  -- older than logs.forgotten.
  bucket    TEXT NOT NULL,    -- empty for a file
  name      TEXT NOT NULL,    -- path or key; a blob: \xHH are bytes
  etag      TEXT,             -- of an object
  size      INTEGER NOT NULL, -- bytes when it was read last
  modified  INTEGER NOT NULL, -- nanoseconds since 1970 UTC; 0: not known
  log       INTEGER REFERENCES logs (id), -- of an object with a time in its name
  time      INTEGER,          -- that time, seconds since 1970 UTC
  failed    INTEGER NOT NULL, -- 1: an object that could not be read to its end; tried again
  head      INTEGER NOT NULL, -- 64-bit hash of how it begins, as a signed number
  head_len  INTEGER NOT NULL, -- bytes that head is made of
  head_end  INTEGER NOT NULL, -- offset after them, on disk
  tail      INTEGER,          -- the same of the last that was read
  tail_len  INTEGER,
  tail_end  INTEGER,
  position  INTEGER NOT NULL, -- decompressed bytes of which all records are taken, from the start
  done      INTEGER NOT NULL, -- 1: read to its end, for records of any time; of an object for all
                              -- that are not days away from its own
  reach     TEXT NOT NULL,    -- how far for records of which time: JSON [[since, until, offset, done], ...]
  PRIMARY KEY (bucket, name)
) WITHOUT ROWID;

CREATE INDEX inputs_by_time ON inputs (log, time) WHERE log IS NOT NULL;
CREATE INDEX inputs_failed ON inputs (bucket, name) WHERE failed = 1;

CREATE TABLE sources (
  -- Lasting numbers of inputs that pending windows refer to.
  number    INTEGER PRIMARY KEY,
  name      TEXT NOT NULL,    -- as it was named; a blob: \xHH are bytes
  path      TEXT,             -- of a file without links
  head      INTEGER NOT NULL, -- 64-bit hash of how it begins, as a signed number
  head_len  INTEGER NOT NULL, -- bytes that head is made of
  head_end  INTEGER NOT NULL  -- offset after them, on disk
);

CREATE TABLE window_observations (
  -- Records of periods that are not final, in a form for the program.
  segment  INTEGER NOT NULL, -- start of a stretch of time, seconds since 1970 UTC
  part     INTEGER NOT NULL, -- from 0
  frame    BLOB NOT NULL,
  PRIMARY KEY (segment, part)
);

CREATE TABLE window_keys (
  -- Keys that may raise an alert in a period that is not final, in a form for
  -- the program.
  rule    TEXT NOT NULL,    -- name of the rule
  period  INTEGER NOT NULL, -- its start, seconds since 1970 UTC
  key     INTEGER NOT NULL, -- 64-bit hash, as a signed number
  body    BLOB NOT NULL,
  PRIMARY KEY (rule, period, key)
) WITHOUT ROWID;

CREATE VIEW v_runs AS
  -- Runs, the last one first.
  SELECT id, command, program,
    strftime('%Y-%m-%dT%H:%M:%SZ', started, 'unixepoch') AS started,
    strftime('%Y-%m-%dT%H:%M:%SZ', ended, 'unixepoch') AS ended,
    lines, alerts, bytes, malformed, late, inputs_read, inputs_failed,
    strftime('%Y-%m-%dT%H:%M:%SZ', first_record, 'unixepoch') AS first_record,
    strftime('%Y-%m-%dT%H:%M:%SZ', last_record, 'unixepoch') AS last_record
  FROM runs ORDER BY id DESC;

CREATE VIEW v_hours AS
  -- What each hour of a bucket came to, the last one first.
  SELECT bucket, strftime('%Y-%m-%dT%H:%M:%SZ', hour * 3600, 'unixepoch') AS hour,
    sum(requests) AS requests, sum(refused) AS refused, sum(missing) AS missing,
    sum(wrong) AS wrong, sum(failed) AS failed, sum(bytes) AS bytes,
    CASE min(reported) WHEN 1 THEN 'yes' ELSE 'no' END AS reported
  FROM hours GROUP BY hours.hour, bucket ORDER BY hours.hour DESC, bucket;

CREATE VIEW v_alerts AS
  -- Alerts, the last one first.
  SELECT strftime('%Y-%m-%dT%H:%M:%SZ', trigger_time, 'unixepoch') AS time,
    level, rule, status, rev, key, count, summary,
    strftime('%Y-%m-%dT%H:%M:%SZ', period_start, 'unixepoch') AS period_start,
    strftime('%Y-%m-%dT%H:%M:%SZ', period_end, 'unixepoch') AS period_end,
    strftime('%Y-%m-%dT%H:%M:%SZ', first_seen, 'unixepoch') AS first_seen,
    strftime('%Y-%m-%dT%H:%M:%SZ', last_seen, 'unixepoch') AS last_seen,
    incident,
    CASE WHEN written_rev IS rev AND written_status IS status THEN 'yes' ELSE 'no' END AS written,
    CASE WHEN reported_rev IS rev THEN 'yes' ELSE 'no' END AS reported,
    id
  FROM alerts ORDER BY trigger_time DESC, id;

CREATE VIEW v_incidents AS
  -- Incidents: the alerts of one entity on one day, the last one first.
  SELECT incident, entity,
    strftime('%Y-%m-%dT%H:%M:%SZ', min(first_seen), 'unixepoch') AS first_seen,
    strftime('%Y-%m-%dT%H:%M:%SZ', max(last_seen), 'unixepoch') AS last_seen,
    count(*) AS alerts,
    sum(level = 'critical') AS critical, sum(level = 'high') AS high,
    group_concat(DISTINCT rule) AS rules
  FROM alerts WHERE incident IS NOT NULL AND status <> 'withdrawn'
  GROUP BY incident, entity ORDER BY max(last_seen) DESC, incident;

CREATE VIEW v_known AS
  -- All that is known by name.
  SELECT kinds.name AS kind, entities.name AS name,
    strftime('%Y-%m-%dT%H:%M:%SZ', first_seen, 'unixepoch') AS first_seen,
    strftime('%Y-%m-%dT%H:%M:%SZ', last_seen, 'unixepoch') AS last_seen,
    day_count AS days, requests,
    CASE declared WHEN 1 THEN 'yes' ELSE 'no' END AS declared
  FROM entities JOIN kinds ON kinds.id = entities.kind;

CREATE VIEW v_known_addresses AS
  -- Addresses that were seen.
  SELECT name AS address, first_seen, last_seen, days, requests, declared
  FROM v_known WHERE kind = 'remote_host';

CREATE VIEW v_known_principals AS
  -- Callers that were seen.
  SELECT name AS principal, first_seen, last_seen, days, requests, declared
  FROM v_known WHERE kind = 'principal';

CREATE VIEW v_known_buckets AS
  -- Buckets that were seen.
  SELECT name AS bucket, first_seen, last_seen, days, requests, declared
  FROM v_known WHERE kind = 'bucket_name';

CREATE VIEW v_known_values AS
  -- Values that were seen with a group.
  SELECT dimensions.name AS dimension, kinds.name AS group_kind, entities.name AS group_name,
    dimensions.fields AS fields, known_values.name AS value,
    strftime('%Y-%m-%dT%H:%M:%SZ', known_values.first_seen, 'unixepoch') AS first_seen,
    strftime('%Y-%m-%dT%H:%M:%SZ', known_values.last_seen, 'unixepoch') AS last_seen,
    known_values.day_count AS days, known_values.requests AS requests,
    CASE known_values.declared WHEN 1 THEN 'yes' ELSE 'no' END AS declared
  FROM known_values
    JOIN dimensions ON dimensions.id = known_values.dimension
    JOIN kinds ON kinds.id = dimensions.kind
    LEFT JOIN entities ON entities.key = known_values.entity;

CREATE VIEW v_known_networks AS
  -- Networks that were seen with a group: an account, a caller, a bucket.
  SELECT dimension, group_kind, group_name, value AS network, first_seen, last_seen, days, requests,
    declared
  FROM v_known_values WHERE fields IN ('remote_net', 'remote_wide_net', 'network_value');

CREATE VIEW v_volumes AS
  -- What each hour of an entity came to.
  SELECT series.name AS series, coalesce(series.sum, 'requests') AS of,
    kinds.name AS kind, entities.name AS name,
    strftime('%Y-%m-%dT%H:%M:%SZ', volumes.hour * 3600, 'unixepoch') AS hour,
    max(volumes.sum, volumes.learned) AS sum
  FROM volumes
    JOIN series ON series.id = volumes.series
    JOIN kinds ON kinds.id = series.kind
    LEFT JOIN entities ON entities.key = volumes.entity;

CREATE VIEW v_learning AS
  -- How far learning has come: groups with enough days, of how many.
  SELECT dimensions.name AS dimension, kinds.name AS group_kind, dimensions.fields AS fields,
    (SELECT count(*) FROM entities WHERE entities.kind = dimensions.kind) AS groups,
    (SELECT count(*) FROM entities WHERE entities.kind = dimensions.kind
      AND (declared = 1 OR day_count >= dimensions.learn_days)) AS learned,
    dimensions.learn_days AS days_needed,
    (SELECT max(day_count) FROM entities WHERE entities.kind = dimensions.kind) AS most_days,
    (SELECT count(*) FROM known_values WHERE known_values.dimension = dimensions.id) AS known_values
  FROM dimensions JOIN kinds ON kinds.id = dimensions.kind ORDER BY dimensions.name;

CREATE VIEW v_inputs AS
  -- Files and objects that were read, by name.
  SELECT CASE bucket WHEN '' THEN name ELSE 's3://' || bucket || '/' || name END AS input,
    CASE done WHEN 1 THEN 'yes' ELSE 'no' END AS done, size, position,
    strftime('%Y-%m-%dT%H:%M:%SZ', modified / 1000000000, 'unixepoch') AS modified
  FROM inputs ORDER BY bucket, name;

CREATE VIEW v_logs AS
  -- Logs in buckets, and how far each was read.
  SELECT 's3://' || bucket || '/' || stem AS log,
    strftime('%Y-%m-%dT%H:%M:%SZ', newest, 'unixepoch') AS newest,
    strftime('%Y-%m-%dT%H:%M:%SZ', nullif(since, -9223372036854775808), 'unixepoch') AS since,
    strftime('%Y-%m-%dT%H:%M:%SZ', nullif(listed, -9223372036854775808), 'unixepoch') AS listed,
    objects,
    (SELECT count(*) FROM inputs WHERE inputs.log = logs.id AND failed = 1) AS failed
  FROM logs ORDER BY bucket, stem;
