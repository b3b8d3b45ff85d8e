//! Statements that write what is added to rows: corrections, dispositions, comparisons.

use rusqlite::params;
use rusqlite::types::ValueRef;

use super::{Store, blob, signed, text};
use crate::ledger::LedgerError;
use crate::ledger::addition::{Addition, Correction, Disposition, NewComparison, Observation};
use crate::model::ids::IdempotencyId;
use crate::model::row::RowKey;

impl Store {
    /// Ties a record to the one that it corrects.
    pub(super) fn correct(&self, key: RowKey, correction: Correction) -> Result<(), LedgerError> {
        let line = [
            ValueRef::Integer(key.input),
            ValueRef::Integer(signed(key.record)),
            ValueRef::Integer(correction.of.input),
            ValueRef::Integer(signed(correction.of.record)),
            ValueRef::Integer(correction.changed.into()),
        ];
        self.insert("correction", INSERT_CORRECTION, &line)
    }

    /// Begins a comparison and gives its number.
    pub(in crate::ledger) fn begin_comparison(&mut self, new: &NewComparison, at_ms: i64) -> Result<i64, LedgerError> {
        self.connection.execute(
            "INSERT INTO comparison (target, namespace, scope, at_ms, who) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![new.target, new.namespace.as_bytes(), new.scope.0, at_ms, self.who],
        )?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Writes one addition.
    pub(in crate::ledger) fn add(&mut self, addition: &Addition, at_ms: i64) -> Result<(), LedgerError> {
        match addition {
            Addition::Disposition(key, disposition) => self.dispose(*key, disposition),
            Addition::Observation(comparison, observation) => self.observe(*comparison, observation),
            Addition::Stranger {
                comparison,
                customer_id,
                at_ms,
            } => self.insert(
                "stranger",
                INSERT_STRANGER,
                &[
                    ValueRef::Integer(*comparison),
                    text(Some(customer_id)),
                    ValueRef::Integer(*at_ms),
                ],
            ),
            Addition::Listed(comparison, pages) => self.comparison_event(*comparison, "listed", Some(*pages), at_ms),
            Addition::Ended(comparison) => self.comparison_event(*comparison, "ended", None, at_ms),
        }
    }

    fn dispose(&self, key: RowKey, disposition: &Disposition) -> Result<(), LedgerError> {
        let seq: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(max(seq), 0) + 1 FROM disposition WHERE input_id = ?1 AND record = ?2")?
            .query_row(params![key.input, signed(key.record)], |row| row.get(0))?;
        let line = [
            ValueRef::Integer(key.input),
            ValueRef::Integer(signed(key.record)),
            ValueRef::Integer(seq),
            ValueRef::Integer(disposition.at_ms),
            text(Some(&disposition.who)),
            text(Some(&disposition.reason)),
        ];
        self.insert("disposition", INSERT_DISPOSITION, &line)
    }

    fn observe(&self, comparison: i64, observation: &Observation) -> Result<(), LedgerError> {
        let line = [
            ValueRef::Integer(comparison),
            ValueRef::Integer(observation.key.input),
            ValueRef::Integer(signed(observation.key.record)),
            ValueRef::Integer(observation.at_ms),
            ValueRef::Integer(observation.seen as i64),
            blob(observation.payload_id.as_ref().map(IdempotencyId::as_bytes)),
            text(observation.fields.as_deref()),
        ];
        self.insert("observation", INSERT_OBSERVATION, &line)
    }

    fn comparison_event(
        &self,
        comparison: i64,
        kind: &str,
        number: Option<u64>,
        at_ms: i64,
    ) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached(
                "INSERT INTO comparison_event (comparison_id, seq, at_ms, kind, number)
                 SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3, ?4 FROM comparison_event WHERE comparison_id = ?1",
            )?
            .execute(params![comparison, at_ms, kind, number.map(signed)])?;
        Ok(())
    }
}

const INSERT_CORRECTION: &str = "
INSERT INTO correction (input_id, record, of_input, of_record, changed, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const INSERT_DISPOSITION: &str = "
INSERT INTO disposition (input_id, record, seq, at_ms, who, reason, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// An interrupted comparison may see again what it saw last.
const INSERT_OBSERVATION: &str = "
INSERT OR IGNORE INTO observation (comparison_id, input_id, record, at_ms, seen, payload_id, fields, sum)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const INSERT_STRANGER: &str = "
INSERT OR IGNORE INTO stranger (comparison_id, customer_id, at_ms, sum) VALUES (?1, ?2, ?3, ?4)";
