//! A reconciliation for programs: an object a line for whatever is not simply matched, and the figures as the last line.
//!
//! The names of the members are part of the interface: members may be added, and none changes its meaning.

use serde_json::{Map, Value, json};

use super::class::Class;
use super::figures::{FileFigures, Reconciliation, Trailer};
use super::item::{Exception, Item, RecordItem};
use super::totals::{Side, Sides};
use crate::clock::rfc3339;
use crate::ledger::Disposition;
use crate::model::row_state::RowState;

/// Something that is named; `None` for a record that is matched, which the figures count.
pub fn item_json(item: &Item) -> Option<Value> {
    match item {
        Item::Record(record) if record.class == Class::Matched => None,
        Item::Record(record) => Some(record_json("record", Some(record.class), record)),
        Item::Gone(record) => Some(record_json("gone", None, record)),
        Item::Lost(lost) => Some(json!({
            "what": "lost",
            "run_id": lost.run_id,
            "file": &*lost.file,
            "record": lost.record,
        })),
        Item::Stranger(customer_id) => Some(json!({ "what": "stranger", "customer_id": customer_id })),
        Item::Exception(exception) => Some(exception_json(exception)),
    }
}

fn record_json(what: &str, class: Option<Class>, item: &RecordItem) -> Value {
    json!({
        "what": what,
        "file": &*item.file,
        "record": item.position.record,
        "line": item.position.line,
        "customer_id": item.customer_id,
        "class": class.map(Class::word),
        "state": item.state.map(RowState::word),
        "code": item.code,
        "run_id": item.run_id,
        "run_record": item.record,
        "by": item.by.map(|by| json!({ "run_id": by.run_id, "record": by.record })),
        "fields": item.fields.as_deref().map(|fields| fields.split(' ').collect::<Vec<_>>()),
        "disposition": item.disposition.as_ref().map(disposition_json),
    })
}

fn exception_json(item: &Exception) -> Value {
    json!({
        "what": "exception",
        "run_id": item.run_id,
        "file": &*item.file,
        "record": item.position.record,
        "line": item.position.line,
        "customer_id": item.customer_id,
        "state": item.state.word(),
        "code": item.code,
        "since": rfc3339(item.since_ms),
        "open": item.disposition.is_none(),
        "of_these_files": item.compared || item.of_these_files,
        "disposition": item.disposition.as_ref().map(disposition_json),
    })
}

fn disposition_json(disposition: &Disposition) -> Value {
    json!({ "at": rfc3339(disposition.at_ms), "by": disposition.who, "reason": disposition.reason })
}

/// The figures; `next` is what to type next, a command each.
pub fn summary_json(all: &Reconciliation, next: &[String]) -> Value {
    let comparison = all.comparison.as_ref().map(|comparison| {
        json!({
            "comparison_id": comparison.comparison_id,
            "target": comparison.target,
            "begun": rfc3339(comparison.at_ms),
            "ended": comparison.ended_ms.map(rfc3339),
        })
    });
    json!({
        "what": "summary",
        "in_balance": all.is_in_balance(),
        "comparison": comparison,
        "files": all.files.iter().map(file_json).collect::<Vec<_>>(),
        "control_totals": sides_json(&all.sides),
        "strangers": all.comparison.as_ref().map(|_| all.strangers),
        "open_exceptions": all.open,
        "open_exceptions_of_these_files_in_other_runs": all.open_of_these_files,
        "lost_of_these_files_in_other_runs": all.lost,
        "disposed_exceptions": all.disposed,
        "next": next,
    })
}

fn file_json(file: &FileFigures) -> Value {
    let classes: Map<String, Value> = Class::ALL
        .into_iter()
        .map(|class| (class.word().to_owned(), json!(file.of(class))))
        .collect();
    let rows: Map<String, Value> = RowState::ALL
        .into_iter()
        .map(|state| (state.word().to_owned(), json!(file.rows.of(state))))
        .collect();
    let failed: Vec<Value> = (file.failed.iter())
        .map(|((state, code), count)| json!({ "state": state.word(), "code": code, "count": count }))
        .collect();
    let compared = file.compared.as_ref().map(|compared| {
        json!({
            "run_id": compared.run_id,
            "sha256": compared.digest.to_string(),
            "same_file": compared.same_file,
            "other_settings": compared.other_settings,
            "read_to_its_end": compared.complete,
        })
    });
    let trailer = match &file.trailer {
        Trailer::Undeclared => Value::Null,
        Trailer::Fits { declared } => json!({ "fits": true, "declared": declared, "problem": null }),
        Trailer::Wrong(problem) => json!({ "fits": false, "declared": null, "problem": problem }),
    };
    json!({
        "name": &*file.name,
        "sha256": file.digest.to_string(),
        "compared_with": compared,
        "in_balance": file.is_in_balance(),
        "source": { "records": file.records(), "accepted": file.accepted, "rejected": file.rejected },
        "classes": classes,
        "failed": failed,
        "gone": file.gone,
        "ledger": { "rows": file.rows.rows(), "states": rows },
        "api": { "same": file.api.same, "absent": file.api.absent, "other_data": file.api.other_data },
        "trailer": trailer,
        "control_totals": sides_json(&file.sides),
    })
}

fn sides_json(sides: &Sides) -> Value {
    let side = |side: &Side| {
        json!({
            "customers": side.count,
            "customer_ids": side.customers.to_string(),
            "payloads": side.payloads.to_string(),
        })
    };
    json!({
        "agree": sides.agree(),
        "source": side(&sides.source),
        "ledger": side(&sides.ledger),
        "api": side(&sides.api),
    })
}
