//! `rollcall init`: looks at an export and writes a configuration for it.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use crate::cli::args::InitArgs;
use crate::cli::diagnostics::{FirstHour, harmless, say};
use crate::cli::exit::Exit;
use crate::clock;
use crate::config::settings::ColumnSettings;
use crate::config::{Layers, resolve};
use crate::pipeline::{Survey, survey};
use crate::private::PrivateFile;
use crate::propose::{Letter, Proposal, Seen, propose, written};
use crate::read::{HeaderProblem, Source, looks_like_data, map_what_fits};
use crate::report::counted;

/// The output that is standard output.
const STANDARD_OUTPUT: &str = "-";

pub(in crate::cli) fn run(args: &InitArgs) -> Result<Exit> {
    let to_stdout = args.output.as_os_str() == STANDARD_OUTPUT;
    if !to_stdout && args.output.symlink_metadata().is_ok() {
        return Err(taken(&args.output));
    }
    // The configuration that is there belongs to another file: what is looked at is the export alone.
    let settings = resolve(&Layers::load(None, std::iter::empty())?)?;
    let source = Source::from_argument(&args.file, &std::env::temp_dir())?;
    let survey = survey(&source, &settings, clock::today())?;
    let proposal = proposal(&survey);
    if names_nothing(&survey.header, proposal.known_names) {
        let name = source.name().to_owned();
        return Err(FirstHour::NoHeader { name }.into());
    }
    let config = if to_stdout {
        Path::new("rollcall.toml")
    } else {
        &args.output
    };
    let flag = match config.to_str() {
        Some("rollcall.toml") if !to_stdout => String::new(),
        _ => format!(" --config {}", super::typed(config)),
    };
    let next = format!("rollcall validate {}{flag}", super::typed(&args.file));
    let text = written(
        &proposal,
        &Letter {
            source: source.name(),
            dialect: &dialect(&survey),
            records: &counted(survey.records, "record"),
            has_records: survey.records > 0,
            is_whole: survey.is_whole,
            next: &harmless(&next),
        },
    );
    say(&found(&source, &survey, &proposal));
    if to_stdout {
        super::print(&text)?;
    } else {
        write_new(&args.output, &text)?;
        say(&format!("wrote {}\n", args.output.display()));
    }
    say(&closing(&proposal, &args.output, to_stdout, &next));
    Ok(Exit::Success)
}

/// Whether the first record is no header: it looks like data, or not one of its cells is a name of a language that is known
/// and `validate` would say the same.
fn names_nothing(header: &[String], known_names: usize) -> bool {
    let is_refused = || {
        let (_, problems) = map_what_fits(header, &ColumnSettings::default());
        problems
            .iter()
            .any(|problem| matches!(problem, HeaderProblem::LooksLikeData))
    };
    looks_like_data(header, known_names) || (known_names == 0 && is_refused())
}

fn taken(output: &Path) -> anyhow::Error {
    let path = output.display().to_string();
    FirstHour::Exists { path }.into()
}

/// What was seen, as a proposal.
fn proposal(survey: &Survey) -> Proposal {
    let readings = survey.guess.iter().flat_map(|guess| &guess.readings);
    let encodings: Vec<_> = readings
        .map(|reading| (reading.encoding.to_owned(), reading.text.clone()))
        .collect();
    propose(&Seen {
        header: &survey.header,
        columns: &survey.columns,
        records: survey.records,
        uneven: survey.uneven,
        is_whole: survey.is_whole,
        delimiter: survey.dialect.delimiter,
        encodings: &encodings,
        encoding_is_sure: survey.guess.as_ref().is_some_and(|guess| guess.is_only),
        trailer: survey.trailer,
        word: Survey::word,
    })
}

fn dialect(survey: &Survey) -> String {
    match survey.encoding {
        "UTF-8" => survey.dialect.to_string(),
        other => format!("{other}, {}", survey.dialect),
    }
}

/// What was found, in a few lines.
fn found(source: &Source, survey: &Survey, proposal: &Proposal) -> String {
    let records = counted(survey.records, "record");
    let looked_at = match (survey.records, survey.is_whole) {
        (0, _) => "no record to look at".to_owned(),
        (_, true) => format!("looked at all {records}"),
        (_, false) => format!("looked at the first {records}"),
    };
    let mut text = format!(
        "{}: {}, {}; {looked_at}\n",
        source.name(),
        dialect(survey),
        counted(survey.header.len() as u64, "column"),
    );
    if survey.uneven > 0 {
        text.push_str(&format!(
            "{} with another number of fields than the header: not looked at\n",
            counted(survey.uneven, "record")
        ));
    }
    let (mapped, left_out) = proposal.sure_columns();
    text.push_str(&format!(
        "sure: {} mapped, {left_out} left out with the reason beside them\n",
        counted(mapped as u64, "column")
    ));
    text
}

/// Writes a file that is not there yet, readable by its owner only, whole or not at all.
fn write_new(path: &Path, text: &str) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut file = PrivateFile::begin(path).with_context(cannot)?;
    file.write_all(text.as_bytes()).with_context(cannot)?;
    match file.create_new() {
        // Somebody was faster.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(taken(path)),
        done => done.with_context(cannot),
    }
}

fn closing(proposal: &Proposal, output: &Path, to_stdout: bool, next: &str) -> String {
    let place = if to_stdout {
        "what was printed".to_owned()
    } else {
        output.display().to_string()
    };
    let unnameable = match proposal.unnameable() {
        0 => String::new(),
        count => format!(
            "{} by another header of the export alone: no line answers it\n",
            if count == 1 {
                "1 is answered".to_owned()
            } else {
                format!("{count} are answered")
            }
        ),
    };
    match proposal.questions() {
        0 => format!("no question is left; read {place}, then\nhint: {next}\n"),
        count => format!(
            "{} left: look for QUESTION in {place}, answer by taking a # away, then\n{unnameable}hint: {next}\n",
            if count == 1 {
                "1 question is".to_owned()
            } else {
                format!("{count} questions are")
            }
        ),
    }
}
