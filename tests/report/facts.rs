//! What a report says besides counts, by plain SQL: facts, shares, the verdict, and each exception.

use crate::ledger::{Figures, Ledger};

/// A column of milliseconds as RFC 3339.
fn moment(column: &str) -> String {
    format!("strftime('%Y-%m-%dT%H:%M:%SZ', {column} / 1000, 'unixepoch')")
}

/// A column of tenths as a number with a point.
fn tenths(column: &str) -> String {
    format!("(({column}) / 10) || '.' || (({column}) % 10)")
}

impl Ledger {
    /// What was run, and what happened to it.
    pub(crate) fn facts(&self) -> Figures {
        let last = "(SELECT {} FROM run_event WHERE run_event.run_id = this.run_id ORDER BY seq DESC LIMIT 1)";
        let last = |column: &str| last.replace("{}", column);
        let of_run = [
            ("id", "run_id || ''".to_owned()),
            ("status", last("kind")),
            ("reason", last("reason")),
            ("operation", "operation".to_owned()),
            ("target", "target".to_owned()),
            ("begun", moment("created_ms")),
            ("ended", last(&moment("at_ms"))),
            (
                "who",
                "(SELECT who FROM run_event WHERE run_event.run_id = this.run_id AND kind = 'started')".to_owned(),
            ),
            ("tool", "'rollcall ' || tool_version".to_owned()),
            ("day", "today".to_owned()),
            ("config_digest", "lower(hex(config_digest))".to_owned()),
            ("namespace", "lower(hex(namespace))".to_owned()),
            ("corrects", "corrects || ''".to_owned()),
            (
                "corrected_by",
                "(SELECT group_concat(run_id, ', ') FROM run AS other WHERE other.corrects = this.run_id)".to_owned(),
            ),
        ];
        let mut found = Figures::new();
        for (name, column) in of_run {
            found.extend(self.words(&format!("SELECT 'run.{name}', {column} FROM this")));
        }
        for (name, column) in [("name", "name"), ("sha256", "lower(hex(digest))")] {
            found.extend(self.words(&format!(
                "SELECT 'input.' || (ordinal + 1) || '.{name}', {column} FROM mine"
            )));
        }
        for (name, column) in [("at", moment("at_ms")), ("event", "kind".to_owned())]
            .into_iter()
            .chain(["who", "reason"].map(|name| (name, name.to_owned())))
        {
            found.extend(self.words(&format!(
                "SELECT 'event.' || row_number() OVER (ORDER BY seq) || '.{name}', {column}
                 FROM run_event JOIN this USING (run_id)"
            )));
        }
        // Five groups of digits, as ids of this kind are written.
        let namespace = found.get_mut("run.namespace").unwrap();
        for at in [20, 16, 12, 8] {
            namespace.insert(at, '-');
        }
        found
    }

    /// Shares of a whole, in percent.
    pub(crate) fn shares(&self) -> Figures {
        let states = "SELECT state, count(*) AS rows FROM stands JOIN mine USING (input_id) GROUP BY 1";
        let all = "(SELECT count(*) FROM row JOIN mine USING (input_id))";
        let share = tenths(&format!("(rows * 1000 + {all} / 2) / {all}"));
        let mut found = self.words(&format!(
            "SELECT 'totals.' || state || '.share', {share} FROM ({states})"
        ));
        let findings = "SELECT severity, code, field, count(*) AS n,
                row_number() OVER (PARTITION BY severity ORDER BY count(*) DESC, code, field) AS rank,
                sum(count(*)) OVER (PARTITION BY severity ORDER BY count(*) DESC, code, field
                                    ROWS UNBOUNDED PRECEDING) AS so_far,
                sum(count(*)) OVER (PARTITION BY severity) AS whole
            FROM finding JOIN mine USING (input_id) GROUP BY 1, 2, 3";
        let name = "'finding.' || severity || '.' || code || '.' || coalesce(field, '-')";
        let so_far = tenths("(so_far * 1000 + whole / 2) / whole");
        found.extend(self.words(&format!("SELECT {name} || '.so_far', {so_far} FROM ({findings})")));
        found.extend(self.words(&format!("SELECT {name} || '.rank', rank || '' FROM ({findings})")));
        found
    }

    /// The numbers of the sentence that says how the run stands.
    pub(crate) fn verdict(&self) -> Figures {
        let mut found = self.words(
            "SELECT 'verdict.' || state, count(*) || '' FROM stands JOIN mine USING (input_id)
             WHERE state NOT IN ('rejected', 'conflict', 'refused', 'unresolved') GROUP BY 1",
        );
        let number = |select: &str| self.number(select);
        let rows = number("SELECT count(*) FROM row JOIN mine USING (input_id)");
        found.insert("verdict.rows".to_owned(), rows.to_string());
        let of = "SELECT count(*) FROM exception JOIN mine USING (input_id) WHERE";
        let (open, cleared) = (
            number(&format!("{of} standing = 'open'")),
            number(&format!("{of} standing <> 'open'")),
        );
        if open + cleared > 0 {
            found.insert("verdict.exceptions".to_owned(), (open + cleared).to_string());
        }
        if open > 0 && cleared > 0 {
            found.insert("verdict.open".to_owned(), open.to_string());
            found.insert("verdict.cleared".to_owned(), cleared.to_string());
        }
        found
    }

    /// Each exception: where it stands, what was tried, and what cleared it.
    pub(crate) fn each_exception(&self) -> Figures {
        let name = "SELECT 'exception.' || (mine.ordinal + 1) || '.' || exception.record";
        let from = "FROM exception JOIN mine USING (input_id) JOIN row USING (input_id, record)";
        let last = "(SELECT http_status FROM event WHERE event.input_id = mine.input_id AND attempts > 0
                     AND event.record = exception.record ORDER BY seq DESC LIMIT 1)";
        let mut found = Figures::new();
        for (what, column) in [
            ("record", "record"),
            ("line", "line"),
            ("state", "state"),
            ("standing", "standing"),
            ("http_status", last),
        ] {
            found.extend(self.words(&format!("{name} || '.{what}', {column} || '' {from}")));
        }
        found.extend(self.words(&format!(
            "{name} || '.requests', requests || '' {from} JOIN made USING (input_id, record) WHERE requests > 0"
        )));
        let corrected = format!(
            "{from} JOIN corrected USING (input_id, record) JOIN input AS by ON by.input_id = by_input
             WHERE standing = 'corrected'"
        );
        let later = format!(
            "{from} JOIN stands AS by_row ON by_row.customer_id = row.customer_id
             AND by_row.input_id > row.input_id AND by_row.state IN ('created', 'existing')
             JOIN input AS by ON by.input_id = by_row.input_id WHERE standing = 'later_run'"
        );
        for (from, record) in [(corrected, "by_record"), (later, "by_row.record")] {
            found.extend(self.words(&format!("{name} || '.by_run', by.run_id || '' {from}")));
            found.extend(self.words(&format!("{name} || '.by_record', {record} || '' {from}")));
        }
        let person = format!("{from} JOIN disposition USING (input_id, record) WHERE standing = 'disposed'");
        found.extend(self.words(&format!("{name} || '.by', who {person}")));
        found.extend(self.words(&format!("{name} || '.by_at', {} {person}", moment("disposition.at_ms"))));
        found
    }
}
