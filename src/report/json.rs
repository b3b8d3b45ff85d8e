//! Reports for programs.

use serde_json::{Map, Value, json};

use super::summary::Summary;
use crate::clock::rfc3339;
use crate::model::row_state::RowState;

/// A run with the same figures as the text.
pub fn run_json(summary: &Summary) -> Value {
    let run = &summary.run;
    let totals: Map<String, Value> = RowState::ALL
        .into_iter()
        .map(|state| (state.word().to_owned(), json!(summary.balance.totals.of(state))))
        .collect();
    let inputs: Vec<Value> = run
        .inputs
        .iter()
        .map(|input| {
            json!({
                "name": input.name,
                "sha256": input.digest.to_string(),
                "bytes": input.bytes,
                "records": input.totals.map(|totals| totals.records),
                "blank_lines": input.totals.map(|totals| totals.blank_lines),
                "separator_lines": input.totals.map(|totals| totals.separator_lines),
                "header_lines": input.totals.map(|totals| totals.header_lines),
                "trailer_lines": input.totals.map(|totals| totals.trailer_lines),
                "record_lines": input.totals.map(|totals| totals.record_lines),
                "lines": input.totals.map(|totals| totals.lines),
            })
        })
        .collect();
    let events: Vec<Value> = run
        .events
        .iter()
        .map(|event| json!({ "at": rfc3339(event.at_ms), "event": event.kind, "reason": event.reason }))
        .collect();
    let findings: Vec<Value> = summary
        .findings
        .iter()
        .map(|finding| {
            json!({
                "code": finding.code,
                "severity": finding.severity.word(),
                "field": finding.field,
                "count": finding.count,
            })
        })
        .collect();
    let reasons: Vec<Value> = summary
        .reasons
        .iter()
        .map(|((state, code), count)| json!({ "state": state.word(), "code": code, "count": count }))
        .collect();
    json!({
        "run_id": run.run_id,
        "status": summary.status(),
        "reason": summary.stop_reason(),
        "operation": run.operation,
        "target": run.target,
        "tool_version": run.tool_version,
        "config_digest": run.config_digest.to_string(),
        "begun": rfc3339(run.created_ms),
        "events": events,
        "inputs": inputs,
        "totals": totals,
        "rows": summary.balance.totals.rows(),
        "records": summary.balance.complete.then_some(summary.balance.records),
        "balanced": summary.balance.complete && summary.balance.adds_up(),
        "open": summary.open(),
        "to_fix": summary.attention(),
        "requests": summary.attempts,
        "findings": findings,
        "reasons": reasons,
    })
}

/// All runs, oldest first.
pub fn runs_json(summaries: &[Summary]) -> Value {
    Value::Array(summaries.iter().map(run_json).collect())
}
