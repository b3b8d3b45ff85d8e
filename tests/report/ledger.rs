//! The figures of a run by plain SQL on the ledger's file, in none of the ways of the program.

use std::collections::BTreeMap;

use rusqlite::{Connection, OpenFlags};

use crate::story::Story;

/// Names of figures and what they are.
pub(crate) type Figures = BTreeMap<String, String>;

/// The same, one after the other.
type Named = Vec<(String, u64)>;

/// Where each record stands by its last event, whose codes are those of `RowEvent::ALL`, and what cleared it.
const VIEWS: &str = "
CREATE TEMP VIEW last AS
SELECT row.input_id, record, customer_id, coalesce(
    (SELECT event.event FROM event WHERE event.input_id = row.input_id AND event.record = row.record
     ORDER BY seq DESC LIMIT 1), row.event) AS event,
    coalesce((SELECT event.code FROM event WHERE event.input_id = row.input_id AND event.record = row.record
     ORDER BY seq DESC LIMIT 1), CASE WHEN EXISTS (SELECT * FROM event WHERE event.input_id = row.input_id
     AND event.record = row.record) THEN NULL ELSE row.code END) AS code
FROM row;
CREATE TEMP VIEW stands AS
SELECT input_id, record, customer_id, code, CASE event
    WHEN 1 THEN 'rejected' WHEN 2 THEN 'duplicate' WHEN 3 THEN 'conflict' WHEN 4 THEN 'in_flight'
    WHEN 10 THEN 'in_flight' WHEN 6 THEN 'created' WHEN 7 THEN 'existing' WHEN 8 THEN 'refused'
    WHEN 9 THEN 'unresolved' ELSE 'pending' END AS state
FROM last;
CREATE TEMP VIEW corrected AS
WITH RECURSIVE chain (input_id, record, by_input, by_record) AS (
    SELECT of_input, of_record, input_id, record FROM correction
    UNION
    SELECT chain.input_id, chain.record, correction.input_id, correction.record
    FROM chain JOIN correction ON of_input = by_input AND of_record = by_record)
SELECT DISTINCT chain.input_id, chain.record, by_input, by_record FROM chain
JOIN stands ON stands.input_id = by_input AND stands.record = by_record
WHERE state IN ('created', 'existing', 'duplicate');
CREATE TEMP VIEW exception AS
SELECT input_id, record, state, CASE
    WHEN EXISTS (SELECT * FROM corrected WHERE corrected.input_id = stands.input_id AND corrected.record = stands.record)
    THEN 'corrected'
    WHEN state <> 'conflict' AND EXISTS (SELECT * FROM stands AS other WHERE other.customer_id = stands.customer_id
         AND other.input_id > stands.input_id AND other.state IN ('created', 'existing'))
    THEN 'later_run'
    WHEN EXISTS (SELECT * FROM disposition WHERE disposition.input_id = stands.input_id
         AND disposition.record = stands.record)
    THEN 'disposed' ELSE 'open' END AS standing
FROM stands WHERE state IN ('rejected', 'conflict', 'refused', 'unresolved');
CREATE TEMP VIEW outcome AS
SELECT input_id, record, at_ms, at_ms -
    (SELECT max(claim.at_ms) FROM event AS claim WHERE claim.event = 4 AND claim.input_id = event.input_id
     AND claim.record = event.record) AS took
FROM event WHERE event IN (2, 3, 6, 7, 8, 9) AND seq =
    (SELECT max(seq) FROM event AS other WHERE other.input_id = event.input_id AND other.record = event.record);
CREATE TEMP VIEW made AS
SELECT input_id, record, coalesce((SELECT sum(attempts) FROM event WHERE event.input_id = row.input_id
    AND event.record = row.record), 0) AS requests FROM row;
";

pub(crate) const STATES: [&str; 9] = [
    "created",
    "existing",
    "duplicate",
    "rejected",
    "conflict",
    "refused",
    "unresolved",
    "pending",
    "in_flight",
];

pub(crate) struct Ledger {
    sql: Connection,
    pub(crate) run: i64,
}

impl Ledger {
    pub(crate) fn open(story: &Story, run: i64) -> Self {
        let sql = Connection::open_with_flags(story.path(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        sql.execute_batch(VIEWS).unwrap();
        Self { sql, run }
    }

    pub(crate) fn number(&self, select: &str) -> u64 {
        let mine = format!(
            "WITH mine AS (SELECT * FROM input WHERE run_id = {}) {select}",
            self.run
        );
        let found: Option<i64> = self.sql.query_row(&mine, [], |row| row.get(0)).unwrap();
        u64::try_from(found.unwrap_or_default()).unwrap()
    }

    /// Names that a statement gives, each with a text; names without one are left out.
    pub(crate) fn words(&self, select: &str) -> Figures {
        let mine = format!(
            "WITH mine AS (SELECT * FROM input WHERE run_id = {0}),
                  this AS (SELECT * FROM run WHERE run_id = {0}) {select}",
            self.run
        );
        let mut statement = self.sql.prepare(&mine).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?)));
        let rows = rows.unwrap().map(Result::unwrap);
        rows.filter_map(|(name, text)| Some((name, text?))).collect()
    }

    /// Names that a statement gives, each with a number.
    fn named(&self, select: &str) -> Named {
        let mine = format!(
            "WITH mine AS (SELECT * FROM input WHERE run_id = {}) {select}",
            self.run
        );
        let mut statement = self.sql.prepare(&mine).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)));
        rows.unwrap()
            .map(|row| {
                row.map(|(name, number)| (name, u64::try_from(number).unwrap()))
                    .unwrap()
            })
            .collect()
    }

    /// Times from claim to outcome within a span, shortest first.
    pub(crate) fn durations(&self, from_ms: u64, until_ms: u64) -> Vec<u64> {
        let found = self.named(&format!(
            "SELECT '', max(took, 0) FROM outcome JOIN mine USING (input_id)
             WHERE at_ms >= {from_ms} AND at_ms < {until_ms} AND took IS NOT NULL ORDER BY took"
        ));
        found.into_iter().map(|(_, took)| took).collect()
    }

    /// Every figure that is counted, by name.
    pub(crate) fn counts(&self) -> Figures {
        let mut figures = Figures::new();
        let parts = [
            self.states(),
            self.files(),
            self.exceptions(),
            self.causes(),
            self.attempts(),
        ];
        for (name, number) in parts.into_iter().flatten() {
            assert_eq!(figures.insert(name.clone(), number.to_string()), None, "{name}");
        }
        figures
    }

    fn states(&self) -> Named {
        let mut found = Named::new();
        for state in STATES {
            let of = format!("FROM stands JOIN mine USING (input_id) WHERE state = '{state}'");
            let count = self.number(&format!("SELECT count(*) {of}"));
            found.push((format!("totals.{state}"), count));
            found.push((format!("all.totals.{state}"), count));
            found.extend(self.named(&format!(
                "SELECT 'input.' || (ordinal + 1) || '.totals.{state}',
                        (SELECT count(*) FROM stands WHERE state = '{state}' AND stands.input_id = mine.input_id)
                 FROM mine"
            )));
        }
        let rows = self.number("SELECT count(*) FROM row JOIN mine USING (input_id)");
        let records = self.number("SELECT sum(records) FROM input_total JOIN mine USING (input_id)");
        let sums = [
            ("totals.rows", rows),
            ("all.totals.rows", rows),
            ("totals.records", records),
            ("totals.difference", rows.abs_diff(records)),
        ];
        found.extend(sums.map(|(name, number)| (name.to_owned(), number)));
        found
    }

    fn files(&self) -> Named {
        let columns = [
            ("bytes", "bytes"),
            (
                "totals.rows",
                "(SELECT count(*) FROM row WHERE row.input_id = mine.input_id)",
            ),
            (
                "header_line",
                "lines - record_lines - blank_lines - separator_lines - header_lines - trailer_lines",
            ),
            ("record_lines", "record_lines"),
            ("blank_lines", "blank_lines"),
            ("separator_lines", "separator_lines"),
            ("header_lines", "header_lines"),
            ("trailer_lines", "trailer_lines"),
            ("lines", "lines"),
            ("records", "records"),
        ];
        let of = |(name, column)| {
            self.named(&format!(
                "SELECT 'input.' || (ordinal + 1) || '.{name}', {column} FROM mine JOIN input_total USING (input_id)"
            ))
        };
        columns.into_iter().flat_map(of).collect()
    }

    fn exceptions(&self) -> Named {
        let mut found = Named::new();
        for state in ["rejected", "conflict", "refused", "unresolved", "all"] {
            for standing in ["open", "corrected", "later_run", "disposed", "sum"] {
                let count = self.number(&format!(
                    "SELECT count(*) FROM exception JOIN mine USING (input_id)
                     WHERE '{state}' IN (state, 'all') AND '{standing}' IN (standing, 'sum')"
                ));
                found.push((format!("exceptions.{state}.{standing}"), count));
            }
        }
        found
    }

    fn causes(&self) -> Named {
        let names = [
            (
                "'finding.' || severity || '.' || code || '.' || coalesce(field, '-')",
                "finding",
            ),
            ("'finding.' || severity || '.sum'", "finding"),
            ("'reason.' || state || '.' || code", "stands"),
        ];
        let of = |(name, table)| {
            self.named(&format!(
                "SELECT {name}, count(*) FROM {table} JOIN mine USING (input_id) WHERE code IS NOT NULL GROUP BY 1"
            ))
        };
        names.into_iter().flat_map(of).collect()
    }

    fn attempts(&self) -> Named {
        let mut found = self
            .named("SELECT 'attempts.' || min(requests, 10), count(*) FROM made JOIN mine USING (input_id) GROUP BY 1");
        found.extend(self.named(
            "SELECT 'answers.' || coalesce(http_status, 'none'), count(*) FROM event JOIN mine USING (input_id)
             WHERE attempts > 0 GROUP BY 1",
        ));
        for (name, select, from) in [
            ("answers.sum", "sum(attempts > 0)", "event"),
            ("requests", "sum(attempts)", "event"),
            ("retries", "sum(max(requests - 1, 0))", "made"),
            ("pace.rows", "count(*)", "outcome"),
        ] {
            found.push((
                name.to_owned(),
                self.number(&format!("SELECT {select} FROM {from} JOIN mine USING (input_id)")),
            ));
        }
        found
    }

    /// When the first and the last event was.
    pub(crate) fn times(&self) -> (u64, u64) {
        let of = |what: &str| self.number(&format!("SELECT {what}(at_ms) FROM event JOIN mine USING (input_id)"));
        (of("min"), of("max"))
    }
}
