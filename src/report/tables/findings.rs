//! Which rules were broken, and why rows are in their state.
//!
//! It shows no value and names no record.

use super::figure::share;
use super::{Table, code, count, figure, none, said, text};
use crate::ledger::FindingCount;
use crate::model::reason::Reason;
use crate::model::rule::{Rule, Severity};
use crate::report::summary::Summary;
use crate::report::words::plain;

pub(in crate::report) fn reasons(summary: &Summary) -> Table {
    let rows = summary.reasons.iter().map(|((state, reason), rows)| {
        let says = Reason::from_code(reason).map_or("", |reason| reason.says);
        let name = format!("reason.{}.{reason}", state.word());
        vec![
            code(text(plain(reason)), says),
            text(said(*state)),
            count(name, *rows, "records"),
        ]
    });
    let columns = ["code", "state", "#rows"];
    Table::new(
        "Why rows are in their state, where a code says so",
        &columns,
        rows.collect(),
    )
}

/// What rejects records, the most frequent first.
pub(in crate::report) fn errors(summary: &Summary) -> Vec<&FindingCount> {
    of_severity(summary, Severity::Error)
}

fn of_severity(summary: &Summary, severity: Severity) -> Vec<&FindingCount> {
    summary
        .findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .collect()
}

pub(in crate::report) fn findings(summary: &Summary) -> Vec<Table> {
    let captions = [
        (Severity::Error, "Findings that reject records"),
        (Severity::Warning, "Warnings: the record is sent"),
        (Severity::Note, "Notes: repairs, and what was lowered to a note"),
    ];
    let all = captions.map(|(severity, caption)| (severity, caption, of_severity(summary, severity)));
    all.into_iter()
        .filter(|(.., findings)| !findings.is_empty())
        .map(|(severity, caption, findings)| findings_table(severity, caption, &findings))
        .collect()
}

fn findings_table(severity: Severity, caption: &'static str, findings: &[&FindingCount]) -> Table {
    let total: u64 = findings.iter().map(|finding| finding.count).sum();
    let mut so_far = 0;
    let rows = (1_u64..).zip(findings).map(|(rank, finding)| {
        so_far += finding.count;
        let field = finding.field.as_deref();
        let name = format!("finding.{}.{}.{}", severity.word(), finding.code, field.unwrap_or("-"));
        let says = Rule::from_code(&finding.code).map_or("", |rule| rule.text().says);
        let what = match field {
            Some(field) => format!("{}: {says}", plain(field)),
            None => format!("the record {says}"),
        };
        vec![
            count(format!("{name}.rank"), rank, ""),
            code(text(plain(&finding.code)), what),
            count(name.as_str(), finding.count, "findings"),
            figure(format!("{name}.so_far"), share(so_far, total), "%"),
        ]
    });
    let columns = ["#rank", "code, field and what is wrong", "#count", "#so far, %"];
    let mut table = Table::new(caption, &columns, rows.collect());
    let sum = count(format!("finding.{}.sum", severity.word()), total, "findings");
    table.foot.push(vec![text("Sum"), none(), sum, none()]);
    table
}
