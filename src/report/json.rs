//! Reports for programs.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::figures::exceptions::{ClearedBy, Exception, Place, Standing, exceptions};
use super::figures::histogram::Latency;
use super::figures::pace::Pace;
use super::summary::{Report, Summary};
use super::tables::{Figure, Tables};
use crate::clock::rfc3339;
use crate::ledger::{LedgerError, Reader};
use crate::model::row_state::RowState;
use crate::model::totals::Totals;

/// A run in short: its control totals and what they hang on.
pub fn run_json(summary: &Summary) -> Value {
    let run = &summary.run;
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
        "totals": totals_json(&summary.balance.totals),
        "rows": summary.balance.totals.rows(),
        "records": summary.balance.complete.then_some(summary.balance.records),
        "balanced": summary.balance.complete && summary.balance.adds_up(),
        "open": summary.open(),
        "to_fix": summary.to_fix(),
        "cleared": summary.cleared(),
        "requests": summary.attempts,
        "findings": findings,
        "reasons": reasons,
    })
}

/// All runs, oldest first.
pub fn runs_json(summaries: &[Summary]) -> Value {
    Value::Array(summaries.iter().map(run_json).collect())
}

fn totals_json(totals: &Totals) -> Value {
    let counts = RowState::ALL.into_iter();
    let counts: Map<String, Value> = counts
        .map(|state| (state.word().to_owned(), json!(totals.of(state))))
        .collect();
    Value::Object(counts)
}

/// Writes everything that is known of a run, as `docs/report.schema.json` describes it: one object on one line, the
/// exceptions last, so that they are never all in memory.
pub fn write_json<E: From<LedgerError> + From<std::io::Error>>(
    reader: &Reader,
    report: &Report,
    mut to: impl Write,
) -> Result<(), E> {
    let text = report_json(report).to_string();
    let open = text.strip_suffix('}').unwrap_or(&text);
    write!(to, "{open},\"exceptions\":[")?;
    let mut separator = "";
    exceptions(reader, &report.summary.run, |exception| {
        write!(to, "{separator}{}", exception_json(&exception))?;
        separator = ",";
        Ok::<_, E>(())
    })?;
    writeln!(to, "]}}")?;
    Ok(())
}

/// All but the exceptions.
fn report_json(report: &Report) -> Value {
    let summary = &report.summary;
    let run = &summary.run;
    let mut value = run_json(summary);
    let Some(object) = value.as_object_mut() else {
        return value;
    };
    // Each source with its own control totals, and each event with who caused it.
    if let Some(Value::Array(inputs)) = object.get_mut("inputs") {
        for (input, totals) in inputs.iter_mut().zip(&summary.by_input) {
            if let Some(input) = input.as_object_mut() {
                input.insert("totals".to_owned(), totals_json(totals));
            }
        }
    }
    if let Some(Value::Array(events)) = object.get_mut("events") {
        for (event, entry) in events.iter_mut().zip(&run.events) {
            if let Some(event) = event.as_object_mut() {
                event.insert("who".to_owned(), json!(entry.who));
            }
        }
    }
    let by_attempts: Vec<Value> = (0_u64..)
        .zip(summary.by_attempts)
        .map(|(requests, rows)| json!({ "requests": requests, "rows": rows }))
        .collect();
    let counts: Vec<Value> = (summary.exceptions.all())
        .map(|(state, standing, count)| json!({ "state": state.word(), "standing": standing.word(), "count": count }))
        .collect();
    for (key, more) in [
        ("namespace", json!(run.namespace.to_string())),
        ("who", json!(summary.who())),
        ("ended", json!(summary.ended_ms().map(rfc3339))),
        ("corrects", json!(run.corrects)),
        ("corrected_by", json!(report.corrected_by)),
        ("done", json!(summary.done())),
        ("retries", json!(summary.retries)),
        ("rows_by_requests", Value::Array(by_attempts)),
        ("answers", answers_json(&report.pace)),
        ("pace", pace_json(&report.pace)),
        ("exception_counts", Value::Array(counts)),
        ("figures", Value::Array(figures(&Tables::of(report)))),
    ] {
        object.insert(key.to_owned(), more);
    }
    value
}

/// The figures that all forms of a report have, by name.
fn figures(tables: &Tables) -> Vec<Value> {
    let figure = |(section, figure): (&str, &Figure)| {
        let exact = figure.value.exact();
        // What is a number is one here, too.
        let value = (figure.value.is_number())
            .then(|| serde_json::from_str(&exact).ok())
            .flatten()
            .unwrap_or(Value::String(exact));
        json!({ "section": section, "name": figure.name, "value": value, "unit": figure.unit })
    };
    tables.figures().map(figure).collect()
}

fn answers_json(pace: &Pace) -> Value {
    let answers = pace.answers.iter();
    answers
        .map(|(status, count)| json!({ "http_status": status, "count": count }))
        .collect()
}

fn pace_json(pace: &Pace) -> Value {
    let was_sent = !pace.spans.is_empty();
    let spans: Vec<Value> = pace
        .spans
        .iter()
        .map(|span| json!({ "from_ms": span.from_ms, "rows": span.rows, "latency": latency_json(span.latency) }))
        .collect();
    json!({
        "from_ms": was_sent.then_some(pace.from_ms),
        "until_ms": was_sent.then_some(pace.until_ms),
        "span_ms": was_sent.then_some(pace.span_ms),
        "rows": pace.rows,
        "latency": latency_json(pace.latency),
        "spans": spans,
    })
}

fn latency_json(latency: Option<Latency>) -> Value {
    latency.map_or(Value::Null, |latency| {
        json!({
            "p50_ms": latency.p50_ms,
            "p95_ms": latency.p95_ms,
            "p99_ms": latency.p99_ms,
            "longest_ms": latency.longest_ms,
        })
    })
}

fn exception_json(exception: &Exception) -> Value {
    let causes: Vec<Value> = exception
        .causes
        .iter()
        .map(|cause| json!({ "code": cause.code, "field": cause.field, "says": cause.says, "advice": cause.advice }))
        .collect();
    let by = |kind: Standing, place: &Place| json!({ "standing": kind.word(), "run_id": place.run_id, "file": place.file, "record": place.record });
    let cleared_by = match &exception.cleared_by {
        None => Value::Null,
        Some(ClearedBy::Correction(place)) => by(Standing::Corrected, place),
        Some(ClearedBy::LaterRun(place)) => by(Standing::LaterRun, place),
        Some(ClearedBy::Person { who, at_ms, reason }) => json!({
            "standing": Standing::Disposed.word(),
            "who": who,
            "at": rfc3339(*at_ms),
            "reason": reason,
        }),
    };
    json!({
        "file": exception.file,
        "record": exception.record,
        "line": exception.line,
        "state": exception.state.word(),
        "causes": causes,
        "requests": exception.attempts,
        "http_status": exception.http_status,
        "detail": exception.detail,
        "cleared_by": cleared_by,
    })
}
