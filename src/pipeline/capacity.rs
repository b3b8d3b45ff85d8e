//! Every bound of the pipeline, with its reason. What is not here is bounded in `config::table` (input and sending) or in
//! the ledger's writer.

/// Records that travel together. A chunk of 256 ordinary rows is about 250 KB with what it keeps of their fields: it fits a
/// second-level cache, and keeps a worker busy for milliseconds, long enough to forget what handing it over costs.
pub(super) const CHUNK_RECORDS: usize = 256;

/// Chunks that exist for each worker: one in work, one ready, so that nobody waits for the reader or the consumer.
pub(super) const CHUNKS_PER_WORKER: usize = 2;

/// Chunks beyond those: one that the reader fills and one that the consumer holds.
pub(super) const CHUNKS_BEYOND: usize = 2;

/// Planned chunks that wait for their commit: while one commit goes to disk, the next one fills with up to 4,096 rows.
pub(super) const WAITING_PLANS: usize = 8;

/// Batches of open rows between reading and sending: sending is slower by far, so one ready is enough.
pub(super) const WAITING_BATCHES: usize = 1;

/// Rows under way (waiting for a token, on the wire, waiting for a retry) for each request that may be in flight: three
/// times as many, so that rows that wait for a retry or for a commit, a third of them, leave the wire to others.
pub(super) const ROWS_PER_PERMIT: usize = 3;

/// Records that a survey looks at: enough to see days above 12 in dates, words that are rare, and empty columns; read in
/// about a second.
pub(super) const SURVEYED_RECORDS: u64 = 10_000;

/// Numbers of a column that a survey tries in every region: the first hundreds tell as much as all.
pub(super) const TRIED_NUMBERS: u64 = 300;

/// Records in which whole columns are suspected: as many as a survey looks at, for the same reason.
pub(super) const SUSPECTED_RECORDS: u64 = 10_000;

/// Bytes of records that are kept to be compared with their corrections: half a million ordinary ones, more than anybody
/// corrects by hand.
pub(super) const CORRECTED_BYTES: usize = 256 << 20;
/// Rows of the ledger that a reconciliation reads at once: two chunks of the source.
pub(super) const PAGE_ROWS: u64 = 512;

/// Rows without a record, and records without a row, that a reconciliation keeps until the end of a changed file, since
/// they may belong together: more than anybody moves by hand, in about 20 MB. Beyond them a moved record is named as gone
/// and as new.
pub(super) const KEPT_STRAYS: usize = 65_536;
/// Pages of the API's list of customers: at 100 customers a page ten million, and a day at one page a second.
pub(super) const MOST_PAGES: u64 = 100_000;

/// Pages between two notes of how far the list was read: what an interruption reads again, at most.
pub(super) const PAGES_PER_NOTE: u64 = 10;

/// Observations in one commit: what comes in while the one before is written.
pub(super) const OBSERVATIONS_PER_COMMIT: usize = 256;
