//! Why a run or a validation broke off. What is wrong with data, and what the API says, are values elsewhere.

use thiserror::Error;

use super::correct::changes::OtherChanges;
use crate::ledger::LedgerError;
use crate::model::naming::shown;
use crate::normalize::NormalizerError;
use crate::read::ReadError;
use crate::send::SendError;

/// Why the pipeline cannot go on.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// A source cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The configuration asks for something that no record can be checked by.
    #[error(transparent)]
    Normalizer(#[from] NormalizerError),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger broke while rows were being sent.
    #[error(
        "the run broke off with {in_doubt} rows in doubt: they were being sent, and the ledger has no outcome of them"
    )]
    InDoubt {
        /// What happened to the ledger.
        source: LedgerError,
        /// Rows that were claimed and have no outcome.
        in_doubt: u64,
    },
    /// Nothing can be sent with these settings.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A file to write cannot be written.
    #[error("cannot write {path}")]
    Output {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file to write that is read too, or written twice.
    #[error("{path} is an input or another output, and would be overwritten")]
    OutputTaken {
        /// The file.
        path: String,
    },
    /// A file to write that is there, and may hold somebody's corrections.
    #[error("{path} exists, and is not overwritten")]
    OutputExists {
        /// The file.
        path: String,
    },
    /// Rejects of sources with different columns cannot stand in one file.
    #[error("{name} has other columns than the file before it, and rejects are one table")]
    RejectColumns {
        /// The source that differs.
        name: String,
    },
    /// The same source twice in one run.
    #[error("{name} has the same content as {other}")]
    SameInput {
        /// The later one.
        name: String,
        /// The earlier one.
        other: String,
    },
    /// The ledger knows the namespace from another API.
    #[error("api.namespace belongs to {known} in this ledger, and the run is for {target}")]
    OtherTarget {
        /// The API that the ledger knows it from.
        known: String,
        /// The API of this run.
        target: String,
    },
    /// Rows of an earlier run would become other rows with today's settings.
    #[error("run {run_id} was made with other settings, under which its rows have other ids")]
    OtherSettings {
        /// The run.
        run_id: i64,
    },
    /// A run that is to be compared has another namespace than the settings.
    #[error("run {run_id} has another namespace than api.namespace, so its ids cannot be compared")]
    OtherNamespace {
        /// The run.
        run_id: i64,
    },
    /// The API's list of customers has no end.
    #[error("the API's list of customers has no end: after {pages} pages it {}", if *repeats { "gives the same page again and again" } else { "still goes on" })]
    ListEndless {
        /// Pages that were read.
        pages: u64,
        /// Whether the same page came again and again.
        repeats: bool,
    },
    /// A source of an earlier run is not where it was.
    #[error("the source {name} of run {run_id} is not there any more")]
    SourceGone {
        /// Its name.
        name: String,
        /// The run.
        run_id: i64,
    },
    /// A source of an earlier run has other bytes now.
    #[error("{name} does not have the content that run {run_id} read")]
    SourceChanged {
        /// Its name.
        name: String,
        /// The run.
        run_id: i64,
    },
    /// Not every source of an earlier run was named.
    #[error("run {run_id} has {sources} sources, and {named} are named")]
    SourcesNamed {
        /// The run.
        run_id: i64,
        /// How many it has.
        sources: u64,
        /// How many were named.
        named: u64,
    },
    /// The run that is to be corrected is not in the ledger.
    #[error("the ledger has no run {run_id} to correct")]
    NoRunToCorrect {
        /// The run.
        run_id: i64,
    },
    /// The run that is to be corrected was for another client or environment.
    #[error("run {run_id} belongs to another api.namespace, and is corrected there")]
    CorrectsElsewhere {
        /// The run.
        run_id: i64,
    },
    /// A file that ties no row to a record.
    #[error("{name} has no column _record, so its rows correct nothing")]
    NoRepairFile {
        /// The file.
        name: String,
    },
    /// A repair file whose columns are other ones than those of the records that it corrects.
    #[error(
        "the columns of {name} are not those of run {run_id}:{}{}",
        columns_text(" new: ", .new),
        columns_text(" missing: ", .missing)
    )]
    RepairColumns {
        /// The file.
        name: String,
        /// The run that it corrects.
        run_id: i64,
        /// Columns that the run's sources do not have.
        new: Vec<String>,
        /// Columns that they have, and the file has not.
        missing: Vec<String>,
    },
    /// More is corrected than is ever held in memory.
    #[error("the records that are corrected take up more than {limit} MiB")]
    TooManyCorrections {
        /// The limit.
        limit: usize,
    },
    /// Cells were changed in which nothing was to be corrected.
    #[error("{0}")]
    OtherChanges(Box<OtherChanges>),
    /// A record is not what it was when the run was planned.
    #[error("record {record} of {name} (line {line}) is not what it was when run {run_id} was planned")]
    RecordChanged {
        /// The source.
        name: String,
        /// Number of the record.
        record: u64,
        /// Line where it starts now.
        line: u64,
        /// The run.
        run_id: i64,
    },
    /// The plan of a run is not of its source, which changed while it was made and was changed back. Nothing was sent.
    #[error("the source changed while it was checked, so its plan cannot be used")]
    PlanVoid,
    /// The operating system gives no thread or runtime.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// Somebody asked to stop; what was done is in the ledger.
    #[error("interrupted")]
    Interrupted,
    /// A worker has died: a defect of rollcall.
    #[error("a worker has stopped without an answer")]
    Worker,
}

fn columns_text(what: &str, names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| shown(name)).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("{what}{}", names.join(", "))
    }
}

impl PipelineError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Ledger(error) => error.hint(),
            Self::InDoubt { source, .. } => Some(format!(
                "{}; rows in doubt are sent again under the same ids, so nobody is created twice",
                source.hint().as_deref().unwrap_or("type the same command again")
            )),
            Self::Send(error) => Some(error.hint().to_owned()),
            Self::Normalizer(_) => Some("`rollcall settings` shows the settings and where each came from".to_owned()),
            Self::Output { .. } => Some("choose a file that does not exist yet, in a folder that can be written".to_owned()),
            Self::OutputTaken { .. } => Some("name another file".to_owned()),
            Self::RejectColumns { .. } => Some(
                "validate the files one by one, or `rollcall run` each by itself, so that each has a table of its own".to_owned(),
            ),
            Self::SameInput { .. } => Some("name each file once".to_owned()),
            Self::OtherTarget { .. } => Some(
                "give each client and environment a namespace of its own; if the same API has only moved, use a new ledger \
                 with --ledger: the API's memory of idempotency ids keeps everyone from being created twice"
                    .to_owned(),
            ),
            Self::OutputExists { .. } => Some(
                "it may hold corrections: name another file, or put it aside".to_owned(),
            ),
            Self::OtherSettings { .. } => Some(
                "name the configuration of that run with --config (`rollcall settings` shows what is in force); with today's, \
                 `rollcall run` of the same files is another run"
                    .to_owned(),
            ),
            Self::OtherNamespace { .. } => Some("compare it with the configuration with which it was run".to_owned()),
            Self::ListEndless { .. } => Some(
                "ask the vendor how GET /v1/customers is paged; until then compare without --api: nothing was changed"
                    .to_owned(),
            ),
            Self::SourceGone { .. } | Self::SourceChanged { .. } | Self::SourcesNamed { .. } => Some(
                "name the files that the run read, as they were then and in their order, with --source; `rollcall status` \
                 shows their names and digests"
                    .to_owned(),
            ),
            Self::NoRunToCorrect { .. } => Some("`rollcall status` lists the runs of a ledger; --ledger names another".to_owned()),
            Self::CorrectsElsewhere { .. } => {
                Some("use the configuration with which that run was made; `rollcall status` shows it".to_owned())
            }
            Self::NoRepairFile { .. } => Some(
                "take the file that `rollcall rejects RUN -o FILE` writes, with its columns; a file of new customers is run \
                 without --corrects"
                    .to_owned(),
            ),
            Self::RepairColumns { run_id, .. } => Some(format!(
                "write the first line of the file as `rollcall rejects {run_id} -o FILE` wrote it: rename a column back, and take \
                 out one that was added; the rows below may stay as they are"
            )),
            Self::TooManyCorrections { .. } => {
                Some("split the file, keep the header in each part, and run each part with the same --corrects".to_owned())
            }
            Self::OtherChanges(_) => Some(
                "put these cells back as they were (a spreadsheet keeps them if the columns are opened as text), or, if every \
                 change is meant, type the same command again with --accept-other-changes"
                    .to_owned(),
            ),
            Self::RecordChanged { .. } => Some(
                "nothing was sent for this record; if the file was changed on purpose, run the changed file: it is a new run"
                    .to_owned(),
            ),
            Self::PlanVoid => Some("type the same command again: nothing was sent, and it is planned afresh".to_owned()),
            Self::Thread(_) => Some("lower input.workers".to_owned()),
            Self::Interrupted => Some("type the same command again: it goes on where the ledger ends".to_owned()),
            Self::Worker => Some("type the same command again: it goes on where the ledger ends; please report it".to_owned()),
        }
    }
}
