//! What can be seen in a ledger from outside, and what may not be wrong with it at any moment.
//!
//! A reader sees a commit only once its sync has returned. So what a reader has seen has been *shown*, and must outlive
//! everything, a power cut included. It does not judge whether a run is complete: that is for `verdict`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rollcall::ledger::{LedgerError, Reader};
use rollcall::model::row_state::RowState;
use rollcall::sandbox::CustomerRecord;

/// A row as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) state: RowState,
    pub(crate) customer_id: Option<String>,
    pub(crate) idempotency_id: Option<String>,
}

/// Every row of a ledger, by input and record.
pub(crate) type View = BTreeMap<(i64, u64), Seen>;

/// Looks into a ledger. One that is not made yet is empty.
pub(crate) fn look(ledger: &Path) -> Result<View, LedgerError> {
    let reader = match Reader::open(ledger) {
        Err(LedgerError::NotFound { .. }) => return Ok(View::new()),
        reader => reader?,
    };
    let mut view = View::new();
    for input in reader.runs()?.iter().flat_map(|run| &run.inputs) {
        reader.rows(input.input_id, 1, u64::MAX, |row| {
            let seen = Seen {
                state: row.state,
                customer_id: row.customer_id,
                idempotency_id: row.idempotency_id.map(|id| id.to_string()),
            };
            view.insert((input.input_id, row.position.record), seen);
            Ok::<_, LedgerError>(())
        })?;
    }
    Ok(view)
}

/// Whether a row in this state is answered for, and takes no event any more.
fn is_outcome(state: RowState) -> bool {
    !state.is_open()
}

/// Outcomes that a reader has seen before and that are not there any more.
pub(crate) fn lost(before: &View, after: &View) -> Vec<String> {
    let shown = before.iter().filter(|(_, row)| is_outcome(row.state));
    shown
        .filter(|(key, row)| after.get(key) != Some(row))
        .map(|(key, row)| {
            let now = after.get(key).map_or("not there", |row| row.state.word());
            format!("lost outcome: {key:?} was {} and is {now}", row.state.word())
        })
        .collect()
}

/// Customers that are at the API, and in the ledger nobody is claimed for them: the next process would not know that
/// they may exist.
pub(crate) fn unclaimed(held: &[CustomerRecord], after: &View) -> Vec<String> {
    let claimed: BTreeSet<&str> = after
        .values()
        .filter(|row| row.state != RowState::Pending)
        .filter_map(|row| row.idempotency_id.as_deref())
        .collect();
    held.iter()
        .filter(|held| !claimed.contains(held.idempotency_id.as_str()))
        .map(|held| format!("sent without a claim on disk: {}", held.customer_id))
        .collect()
}

/// Rows that are shown as created and that the API does not have.
pub(crate) fn invented(held: &[CustomerRecord], after: &View) -> Vec<String> {
    let held: BTreeSet<(&str, &str)> = held
        .iter()
        .map(|held| (held.customer_id.as_str(), held.idempotency_id.as_str()))
        .collect();
    after
        .values()
        .filter(|row| row.state.is_at_api())
        .map(|row| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            (text(&row.customer_id), text(&row.idempotency_id))
        })
        .filter(|(customer, id)| !held.contains(&(customer.as_str(), id.as_str())))
        .map(|(customer, _)| format!("invented: {customer} is shown as created and is not at the API"))
        .collect()
}
