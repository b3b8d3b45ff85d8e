//! The tables of each version, as SQL: what is added to a ledger, and how an older one looks like the newest to a reader.
//!
//! Nothing here is executed. A step that was released is never changed.

/// `row.event` and `event.event` are indexes of `RowEvent::ALL`. Times are milliseconds since 1970, UTC.
pub(super) const VERSION_1: &str = "
-- One invocation over one or more inputs. What happened to it is in run_event.
CREATE TABLE run (
    run_id        INTEGER PRIMARY KEY,
    operation     TEXT NOT NULL,
    target        TEXT NOT NULL,
    namespace     BLOB NOT NULL,
    config_digest BLOB NOT NULL,
    tool_version  TEXT NOT NULL,
    today         TEXT NOT NULL,
    created_ms    INTEGER NOT NULL
) STRICT;

-- started, planned, stopped (with a reason), finished.
CREATE TABLE run_event (
    run_id INTEGER NOT NULL REFERENCES run,
    seq    INTEGER NOT NULL,
    at_ms  INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

-- One source of a run, by its bytes. The name is for people; the digest is its identity.
CREATE TABLE input (
    input_id INTEGER PRIMARY KEY,
    run_id   INTEGER NOT NULL REFERENCES run,
    ordinal  INTEGER NOT NULL,
    name     TEXT NOT NULL,
    digest   BLOB NOT NULL,
    bytes    INTEGER NOT NULL
) STRICT;
CREATE INDEX input_by_run ON input (run_id, ordinal);

-- What the reader counted when it had read the input to its end.
CREATE TABLE input_total (
    input_id    INTEGER PRIMARY KEY REFERENCES input,
    records     INTEGER NOT NULL,
    blank_lines INTEGER NOT NULL
) STRICT;

-- One record as it was planned. Sorted as it is read, so that appending is cheap.
CREATE TABLE row (
    input_id       INTEGER NOT NULL REFERENCES input,
    record         INTEGER NOT NULL,
    line           INTEGER NOT NULL,
    byte           INTEGER NOT NULL,
    event          INTEGER NOT NULL,
    customer_id    TEXT,
    idempotency_id BLOB,
    code           TEXT,
    PRIMARY KEY (input_id, record)
) STRICT, WITHOUT ROWID;

-- What happened to a row after it was planned, in the order of seq.
CREATE TABLE event (
    input_id    INTEGER NOT NULL,
    record      INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    event       INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    http_status INTEGER,
    code        TEXT,
    detail      TEXT,
    request_id  BLOB,
    PRIMARY KEY (input_id, record, seq)
) STRICT, WITHOUT ROWID;

-- What is wrong with a rejected record: codes and places, never values.
CREATE TABLE finding (
    input_id INTEGER NOT NULL,
    record   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    code     TEXT NOT NULL,
    field    TEXT,
    col      INTEGER,
    PRIMARY KEY (input_id, record, seq)
) STRICT, WITHOUT ROWID;

-- Which rows are or were to be sent for a customer: who may be at the API. The key is a hash of namespace and customer id.
CREATE TABLE customer (
    customer_key INTEGER NOT NULL,
    input_id     INTEGER NOT NULL,
    record       INTEGER NOT NULL,
    PRIMARY KEY (customer_key, input_id, record)
) STRICT, WITHOUT ROWID;
";

/// Findings of records that are sent, warnings and repairs: before, every finding was an error. Lines that are no records,
/// by what they are: ledgers of version 1 did not count them apart.
pub(super) const VERSION_2: &str = "
ALTER TABLE finding ADD COLUMN severity TEXT NOT NULL DEFAULT 'error';
ALTER TABLE input_total ADD COLUMN separator_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE input_total ADD COLUMN header_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE input_total ADD COLUMN trailer_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE input_total ADD COLUMN record_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE input_total ADD COLUMN lines INTEGER NOT NULL DEFAULT 0;
";

/// A checksum for each line that says what became of a customer. Lines of older ledgers get theirs here, so that none is
/// ever without: see `sum`. The tables are made anew, since nothing is updated.
pub(super) const VERSION_3: &str = "
CREATE TABLE row_3 (
    input_id       INTEGER NOT NULL REFERENCES input,
    record         INTEGER NOT NULL,
    line           INTEGER NOT NULL,
    byte           INTEGER NOT NULL,
    event          INTEGER NOT NULL,
    customer_id    TEXT,
    idempotency_id BLOB,
    code           TEXT,
    sum            INTEGER NOT NULL,
    PRIMARY KEY (input_id, record)
) STRICT, WITHOUT ROWID;
INSERT INTO row_3
SELECT input_id, record, line, byte, event, customer_id, idempotency_id, code,
       line_sum('row', input_id, record, line, byte, event, customer_id, idempotency_id, code)
FROM row ORDER BY input_id, record;
DROP TABLE row;
ALTER TABLE row_3 RENAME TO row;

CREATE TABLE event_3 (
    input_id    INTEGER NOT NULL,
    record      INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    event       INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    http_status INTEGER,
    code        TEXT,
    detail      TEXT,
    request_id  BLOB,
    sum         INTEGER NOT NULL,
    PRIMARY KEY (input_id, record, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO event_3
SELECT input_id, record, seq, event, at_ms, attempts, http_status, code, detail, request_id,
       line_sum('event', input_id, record, seq, event, at_ms, attempts, http_status, code, detail, request_id)
FROM event ORDER BY input_id, record, seq;
DROP TABLE event;
ALTER TABLE event_3 RENAME TO event;
";

/// What people and later runs add to a row, and what the API had when it was asked. `who` is an account of the operating
/// system. A line of these tables bears a checksum, but for those that only number others.
pub(super) const VERSION_4: &str = "
-- The run whose records this one corrects.
ALTER TABLE run ADD COLUMN corrects INTEGER REFERENCES run;
ALTER TABLE run_event ADD COLUMN who TEXT;

-- Which record of the corrected run a record stands for, and whether any of its cells is another than there.
CREATE TABLE correction (
    input_id  INTEGER NOT NULL REFERENCES input,
    record    INTEGER NOT NULL,
    of_input  INTEGER NOT NULL REFERENCES input,
    of_record INTEGER NOT NULL,
    changed   INTEGER NOT NULL,
    sum       INTEGER NOT NULL,
    PRIMARY KEY (input_id, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX correction_of ON correction (of_input, of_record);

-- What a person decided about a record that nobody will create.
CREATE TABLE disposition (
    input_id INTEGER NOT NULL REFERENCES input,
    record   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL,
    who      TEXT NOT NULL,
    reason   TEXT NOT NULL,
    sum      INTEGER NOT NULL,
    PRIMARY KEY (input_id, record, seq)
) STRICT, WITHOUT ROWID;

-- One comparison with the API. `scope` is a digest of what is compared, by which an interrupted one is found again.
CREATE TABLE comparison (
    comparison_id INTEGER PRIMARY KEY,
    target        TEXT NOT NULL,
    namespace     BLOB NOT NULL,
    scope         BLOB NOT NULL,
    at_ms         INTEGER NOT NULL,
    who           TEXT
) STRICT;

-- listed (number: pages of customers read so far), ended.
CREATE TABLE comparison_event (
    comparison_id INTEGER NOT NULL REFERENCES comparison,
    seq           INTEGER NOT NULL,
    at_ms         INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    number        INTEGER,
    PRIMARY KEY (comparison_id, seq)
) STRICT, WITHOUT ROWID;

-- What the API had for a row's customer. `seen` is the index of a `Seen`; `payload_id` is the idempotency id that the
-- data at the API would have, and `fields` names those that differ, separated by spaces.
CREATE TABLE observation (
    comparison_id INTEGER NOT NULL REFERENCES comparison,
    input_id      INTEGER NOT NULL REFERENCES input,
    record        INTEGER NOT NULL,
    at_ms         INTEGER NOT NULL,
    seen          INTEGER NOT NULL,
    payload_id    BLOB,
    fields        TEXT,
    sum           INTEGER NOT NULL,
    PRIMARY KEY (comparison_id, input_id, record)
) STRICT, WITHOUT ROWID;

-- A customer at the API whom no row of the ledger is about.
CREATE TABLE stranger (
    comparison_id INTEGER NOT NULL REFERENCES comparison,
    customer_id   TEXT NOT NULL,
    at_ms         INTEGER NOT NULL,
    sum           INTEGER NOT NULL,
    PRIMARY KEY (comparison_id, customer_id)
) STRICT, WITHOUT ROWID;
";

/// Nobody corrected, decided or compared anything yet.
pub(super) const VIEWS_OF_VERSION_3: &str = "
CREATE TEMP VIEW run AS SELECT *, NULL AS corrects FROM main.run;
CREATE TEMP VIEW run_event AS SELECT *, NULL AS who FROM main.run_event;
CREATE TEMP VIEW correction AS
SELECT 0 AS input_id, 0 AS record, 0 AS of_input, 0 AS of_record, 0 AS changed, 0 AS sum WHERE 0;
CREATE TEMP VIEW disposition AS
SELECT 0 AS input_id, 0 AS record, 0 AS seq, 0 AS at_ms, '' AS who, '' AS reason, 0 AS sum WHERE 0;
CREATE TEMP VIEW comparison AS
SELECT 0 AS comparison_id, '' AS target, x'' AS namespace, x'' AS scope, 0 AS at_ms, NULL AS who WHERE 0;
CREATE TEMP VIEW comparison_event AS
SELECT 0 AS comparison_id, 0 AS seq, 0 AS at_ms, '' AS kind, 0 AS number WHERE 0;
CREATE TEMP VIEW observation AS
SELECT 0 AS comparison_id, 0 AS input_id, 0 AS record, 0 AS at_ms, 0 AS seen, NULL AS payload_id, NULL AS fields,
       0 AS sum WHERE 0;
CREATE TEMP VIEW stranger AS SELECT 0 AS comparison_id, '' AS customer_id, 0 AS at_ms, 0 AS sum WHERE 0;
";

pub(super) const VIEWS_OF_VERSION_2: &str = "
CREATE TEMP VIEW row AS SELECT *, NULL AS sum FROM main.row;
CREATE TEMP VIEW event AS SELECT *, NULL AS sum FROM main.event;
";

pub(super) const VIEWS_OF_VERSION_1: &str = "
CREATE TEMP VIEW input_total AS
SELECT input_id, records, blank_lines, 0 AS separator_lines, 0 AS header_lines, 0 AS trailer_lines,
       0 AS record_lines, 0 AS lines
FROM main.input_total;
CREATE TEMP VIEW finding AS
SELECT input_id, record, seq, code, field, col, 'error' AS severity FROM main.finding;
";
