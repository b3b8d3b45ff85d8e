//! Records that are rejected as a whole, without a look at their values.

use crate::model::chunk::Broken;
use crate::model::finding::{Finding, Preview};
use crate::model::position::Position;
use crate::model::row::{Checked, Reject};
use crate::model::rule::{Rule, Severity};

/// Rejects a record whose quotes cannot be trusted.
pub fn refuse(position: Position, broken: Broken) -> Checked {
    reject_whole(position, broken.rule, Preview::line(broken.line))
}

/// Rejects a record for a rule about all of it.
pub(super) fn reject_whole(position: Position, rule: Rule, preview: Preview) -> Checked {
    let finding = Finding {
        rule,
        severity: Severity::Error,
        field: None,
        column: None,
        preview,
    };
    Checked::Reject(Reject {
        position,
        customer_id: None,
        findings: vec![finding],
    })
}
