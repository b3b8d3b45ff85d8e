//! A checksum for each line of the ledger, over all its columns, its key included.
//!
//! It tells damage from truth: a bit that the disk turned, a page of another file, a line moved to another key. It keeps
//! nobody out: whoever can write the file can write the checksum too.
//!
//! A line in a ledger of version 3 always has one. Lines that an older rollcall wrote get theirs when the ledger is
//! migrated: such a checksum says what the ledger held on that day. Leaving them without one would say no more about the
//! past, and would turn "has none" into an excuse that damage could use as well.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Row};
use sha2::{Digest as _, Sha256};

/// The name under which SQL knows [`of`]: `line_sum('table', column, …)`.
const FUNCTION: &str = "line_sum";

/// The checksum of a line: the first 8 bytes of a SHA-256 over the table's name and every column in its order. Damage
/// passes with a probability of 2⁻⁶⁴ a line.
///
/// Each value is written with its type and, where it has one, its length, so that no two lines are the same text.
pub(super) fn of<'a>(table: &str, values: impl IntoIterator<Item = ValueRef<'a>>) -> i64 {
    // One hash call for a usual line: a third of the cost of one for each value.
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(table.as_bytes());
    for value in values {
        match value {
            ValueRef::Null => bytes.push(0),
            ValueRef::Integer(number) => {
                bytes.push(1);
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            ValueRef::Real(number) => {
                bytes.push(2);
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            ValueRef::Text(text) => put(&mut bytes, 3, text),
            ValueRef::Blob(blob) => put(&mut bytes, 4, blob),
        }
    }
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(Sha256::digest(&bytes)) {
        *to = from;
    }
    i64::from_be_bytes(first)
}

fn put(bytes: &mut Vec<u8>, kind: u8, value: &[u8]) {
    bytes.push(kind);
    bytes.extend_from_slice(&(value.len() as u64).to_be_bytes());
    bytes.extend_from_slice(value);
}

/// Whether the columns of a result from `first` on are a whole line of a table with `columns` columns and, behind them,
/// its checksum.
pub(super) fn holds(table: &str, row: &Row<'_>, first: usize, columns: usize) -> Result<bool, Error> {
    // Read before the hash, so that a column that is not there is an error and not another hash.
    let found = row.get_ref(first + columns)?;
    let values = (first..first + columns).map(|column| row.get_ref(column).unwrap_or(ValueRef::Null));
    Ok(found == ValueRef::Integer(of(table, values)))
}

/// Lets a connection's SQL compute checksums, for migrations.
pub(super) fn teach(connection: &Connection) -> Result<(), Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(FUNCTION, -1, flags, |context| {
        if context.is_empty() {
            return Err(Error::InvalidParameterCount(0, 1));
        }
        let table = context.get_raw(0).as_str().map_err(Error::from)?;
        Ok(of(table, (1..context.len()).map(|at| context.get_raw(at))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pinned: another way to compute it would call every ledger damaged.
    #[test]
    fn a_checksum_is_the_same_for_ever() {
        let line = [
            ValueRef::Integer(7),
            ValueRef::Null,
            ValueRef::Text(b"api.refused"),
            ValueRef::Blob(&[9; 16]),
        ];
        assert_eq!(of("event", line), PINNED);
    }

    const PINNED: i64 = 747_695_426_948_851_093;

    #[test]
    fn any_other_line_has_another_checksum() {
        let (text, blob) = (ValueRef::Text(b"ab"), ValueRef::Blob(b"ab"));
        let (one, two) = (ValueRef::Integer(1), ValueRef::Integer(2));
        let lines: &[(&str, &[ValueRef<'_>])] = &[
            ("row", &[one, two]),
            ("event", &[one, two]),
            ("row", &[two, one]),
            ("row", &[one, two, ValueRef::Null]),
            ("row", &[text]),
            ("row", &[blob]),
            ("row", &[ValueRef::Text(b"a"), ValueRef::Text(b"b")]),
            ("row", &[ValueRef::Text(b""), ValueRef::Text(b"ab")]),
            ("row", &[ValueRef::Null]),
            ("row", &[]),
            ("row", &[ValueRef::Integer(0)]),
            ("row", &[ValueRef::Real(0.0)]),
        ];
        let mut sums: Vec<i64> = lines
            .iter()
            .map(|(table, values)| of(table, values.iter().copied()))
            .collect();
        sums.sort_unstable();
        sums.dedup();
        assert_eq!(sums.len(), lines.len());
    }

    #[test]
    fn sql_computes_the_same() {
        let connection = Connection::open_in_memory().unwrap();
        teach(&connection).unwrap();
        let told: i64 = connection
            .query_row("VALUES (line_sum('row', 1, NULL, 'ab'))", [], |row| row.get(0))
            .unwrap();
        let line = [ValueRef::Integer(1), ValueRef::Null, ValueRef::Text(b"ab")];
        assert_eq!(told, of("row", line));
    }
}
