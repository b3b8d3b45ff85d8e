//! What there is to tell of a run at one moment, and its text.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use crate::model::row_state::RowState;
use crate::model::totals::Totals;

/// Before every name.
const PREFIX: &str = "rollcall";

/// The figures of a run at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The program's version.
    pub version: &'static str,
    /// Number of the run in its ledger; `None` before that is known.
    pub run_id: Option<i64>,
    /// What the run does, among all that a run can do, in their order.
    pub phases: Vec<(&'static str, bool)>,
    /// Rows by state, as committed.
    pub totals: Totals,
    /// Records checked by this process.
    pub checked: u64,
    /// Rows that got an outcome in this process.
    pub outcomes: u64,
    /// The same a second, since sending began.
    pub outcomes_per_second: f64,
    /// Requests for customers, by the class of their answers.
    pub answers: Vec<(&'static str, u64)>,
    /// Requests for tokens.
    pub token_requests: u64,
    /// Requests for a row after its first.
    pub retries: u64,
    /// Times that the whole run paused.
    pub pauses: u64,
    /// Whether it is paused.
    pub is_paused: bool,
    /// Requests on the wire.
    pub in_flight: u64,
    /// How long requests for customers took.
    pub latencies: Latencies,
    /// How the latest run ended.
    pub finished: Option<Finished>,
}

/// How long requests took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latencies {
    /// How many took up to so many seconds, and more than those before; the last bound is infinite.
    pub counts: Vec<(f64, u64)>,
    /// Their sum in seconds.
    pub sum_seconds: f64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Seconds since 1970.
    pub at_seconds: i64,
    /// The exit code of its process.
    pub exit_code: u8,
}

impl Snapshot {
    /// The figures as OpenMetrics 1.0 text.
    pub fn open_metrics(&self) -> String {
        let mut registry = Registry::with_prefix(PREFIX);
        registry.register_collector(Box::new(self.clone()));
        let mut text = String::new();
        // Writing into a string does not fail; half a text is refused by its reader, for it lacks its end mark.
        if encode(&mut text, &registry).is_err() {
            text.clear();
        }
        text
    }

    /// The figures in the older text format (version 0.0.4), which is what node_exporter reads from files: it refuses a
    /// whole file for a type that it does not know, and takes a counter's name with its end.
    pub fn classic(&self) -> String {
        let mut text = String::new();
        let open = self.open_metrics();
        let family = |line: &str| line.split(' ').nth(2).unwrap_or_default().to_owned();
        let types: Vec<(String, String)> = open
            .lines()
            .filter(|line| line.starts_with("# TYPE "))
            .map(|line| (family(line), line.rsplit(' ').next().unwrap_or_default().to_owned()))
            .collect();
        for line in open.lines() {
            if line.starts_with("# UNIT ") || line == "# EOF" {
                continue;
            }
            let name = family(line);
            let kind = types.iter().find(|(family, _)| *family == name);
            let ends = match kind.map(|(_, kind)| kind.as_str()) {
                Some("counter") => "_total",
                Some("info") => "_info",
                _ => "",
            };
            if line.starts_with("# ") {
                let line = line.replacen(&name, &format!("{name}{ends}"), 1);
                text.push_str(&match line.strip_suffix(" info") {
                    Some(line) if line.starts_with("# TYPE ") => format!("{line} gauge"),
                    _ => line,
                });
            } else {
                text.push_str(line);
            }
            text.push('\n');
        }
        text
    }
}

/// Writes families into one text.
struct Writer<'a>(DescriptorEncoder<'a>);

impl Writer<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: &impl EncodeGaugeValue) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        family.encode_gauge(value)
    }

    fn gauges(&mut self, name: &str, help: &str, label: &str, values: &[(&str, i64)]) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (word, value) in values {
            family.encode_family(&[(label, *word)])?.encode_gauge(value)?;
        }
        Ok(())
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        family.encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    fn counters(&mut self, name: &str, help: &str, label: &str, values: &[(&str, u64)]) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (word, value) in values {
            family
                .encode_family(&[(label, *word)])?
                .encode_counter::<NoLabelSet, _, u64>(value, None)?;
        }
        Ok(())
    }
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut writer = Writer(encoder);
        let run = self.run_id.map(|run_id| run_id.to_string()).unwrap_or_default();
        let info = [("version", self.version), ("run", run.as_str())];
        let about = "The program and the number of its run in the ledger, empty before that is known";
        writer
            .0
            .encode_descriptor("run", about, None, MetricType::Info)?
            .encode_info(&info)?;
        self.progress(&mut writer)?;
        self.requests(&mut writer)?;
        let Some(finished) = self.finished else { return Ok(()) };
        writer
            .0
            .encode_descriptor(
                "last_finished_timestamp",
                "When the latest run ended, however it ended",
                Some(&Unit::Seconds),
                MetricType::Gauge,
            )?
            .encode_gauge(&finished.at_seconds)?;
        let about = "Exit code of the latest run that ended: 0 all is well, 1 rows to be looked at, 4 and 130 go on with the \
                     same command, 2, 3 and 5 need somebody";
        writer.gauge("last_exit_code", about, &i64::from(finished.exit_code))
    }
}

impl Snapshot {
    fn progress(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let phases: Vec<_> = self.phases.iter().map(|(word, is)| (*word, i64::from(*is))).collect();
        writer.gauges(
            "phase",
            "What the run does: 1 for that, 0 for all else",
            "phase",
            &phases,
        )?;
        let rows = RowState::ALL.map(|state| (state.word(), signed(self.totals.of(state))));
        writer.gauges(
            "rows",
            "Rows of the run by state, as committed to the ledger",
            "state",
            &rows,
        )?;
        writer.counter("records_checked", "Records checked by this process", self.checked)?;
        writer.counter("outcomes", "Rows that got an outcome in this process", self.outcomes)?;
        let about = "Rows that got an outcome in a second, on the average since sending began";
        writer.gauge("outcomes_per_second", about, &self.outcomes_per_second)
    }

    fn requests(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let about = "Requests for customers that have ended, by what their answers mean";
        writer.counters("requests", about, "answer", &self.answers)?;
        writer.counter("token_requests", "Requests for access tokens", self.token_requests)?;
        writer.counter("retries", "Requests for a row after its first", self.retries)?;
        writer.counter("pauses", "Times that the whole run paused for the service", self.pauses)?;
        let about = "Whether the whole run is paused for the service: 1 or 0";
        writer.gauge("paused", about, &i64::from(self.is_paused))?;
        writer.gauge("requests_in_flight", "Requests on the wire", &signed(self.in_flight))?;
        let mut family = writer.0.encode_descriptor(
            "request_duration",
            "Time from a request for a customer to the end of its answer",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        let counts = match self.latencies.counts.as_slice() {
            // The bound without an end is never missing.
            [] => &[(f64::INFINITY, 0)],
            counts => counts,
        };
        let count = counts.iter().map(|(_, count)| count).sum();
        family.encode_histogram::<NoLabelSet>(self.latencies.sum_seconds, count, counts, None)
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
