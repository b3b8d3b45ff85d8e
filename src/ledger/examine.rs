//! What a run would find of its ledger: asked before the night, and without making or changing anything.
//!
//! It deliberately reads no rows: whether every line of a ledger holds is for `verify` to say.

use std::path::Path;

use super::lock::Lock;
use super::place::{Place, existing, folder};
use super::{LedgerError, open, schema};

/// Bytes of the ledger for each row, with room: 175 were measured on 20,000 generated rows of which a twentieth was
/// rejected, and each retry, finding and correction is a line more.
const BYTES_PER_ROW: u64 = 400;
/// What a log takes beside that: see `open`.
const LOG_BYTES: u64 = 16 * 1024 * 1024;

/// What a run would find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// Version of its tables; `None` where there is no ledger yet.
    pub version: Option<i64>,
    /// The newest version, to which a run brings it.
    pub newest: i64,
    /// Whether another process works on it.
    pub is_busy: bool,
    /// What is not refused, and should be known: sentences.
    pub notices: Vec<String>,
    /// Bytes that are free for this user on its disk; `None` where the system does not say.
    pub free_bytes: Option<u64>,
}

impl Examined {
    /// About how many rows more fit on its disk.
    pub fn rows_that_fit(&self) -> Option<u64> {
        let free = self.free_bytes?;
        Some(free.saturating_sub(LOG_BYTES) / BYTES_PER_ROW)
    }
}

/// Looks at a ledger, or at the place where one would be. An error is what a run would stop with.
pub fn examine(path: &Path) -> Result<Examined, LedgerError> {
    let mut examined = Examined {
        version: None,
        newest: schema::newest(),
        is_busy: false,
        notices: Vec::new(),
        free_bytes: free(existing(folder(path))),
    };
    let Some(mut place) = Place::to_examine(path)? else {
        return Ok(examined);
    };
    place.judge_files()?;
    examined.is_busy = Lock::is_taken(&place);
    match open::to_read(path) {
        Ok((connection, _)) => {
            examined.version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        }
        Err(LedgerError::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    examined.notices = place.notices;
    Ok(examined)
}

#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn a_place_is_examined_without_making_anything() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/ledger.db");
        let found = examine(&path).unwrap();
        assert_eq!((found.version, found.is_busy), (None, false));
        assert!(found.rows_that_fit() > Some(0), "{found:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let ledger = Ledger::open(&path).unwrap();
        let found = examine(&path).unwrap();
        assert_eq!((found.version, found.is_busy), (Some(found.newest), true));
        drop(ledger);
        assert!(!examine(&path).unwrap().is_busy);
    }

    #[cfg(unix)]
    #[test]
    fn what_a_run_would_refuse_is_an_error() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(
            at("foreign.db"),
            "no ledger, but some text that is longer than any header",
        )
        .unwrap();
        assert!(matches!(examine(&at("foreign.db")), Err(LedgerError::Foreign { .. })));
        drop(Ledger::open(&at("open.db")).unwrap());
        std::fs::set_permissions(at("open.db"), std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(examine(&at("open.db")), Err(LedgerError::Unfit(_))));
    }
}
