//! `rollcall doctor`: whether a run could start now, and what to do where not.
//!
//! The checks of this machine are in `machine`, those of the API in `service`; each gives findings, which are shown here.
//! A problem is what a run would stop with; a warning is what it would not notice and somebody should.
//!
//! It deliberately creates nobody, writes nothing into the ledger and makes no folder: the first run does.

mod machine;
mod service;

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::args::operator::DoctorArgs;
use crate::cli::args::{Format, LedgerArgs};
use crate::cli::diagnostics::said;
use crate::cli::exit::Exit;
use crate::clock;
use crate::config::settings::Settings;
use crate::config::{ConfigError, Layers, Origin, require_target, resolve};
use crate::pipeline;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Ok,
    Warning,
    /// A run would end so.
    Problem(Exit),
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem(_) => "problem",
        }
    }
}

/// One line of the result.
#[derive(Debug)]
struct Finding {
    /// The check's word, which never changes its meaning.
    check: &'static str,
    status: Status,
    says: String,
    /// What to do.
    hint: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Ok,
            says: says.into(),
            hint: None,
        }
    }

    fn warning(check: &'static str, says: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Warning,
            says: says.into(),
            hint: Some(hint.into()),
        }
    }

    fn problem(check: &'static str, exit: Exit, says: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Problem(exit),
            says: says.into(),
            hint: Some(hint.into()),
        }
    }

    /// What a run would stop with, in its words.
    fn error(check: &'static str, error: impl Into<anyhow::Error>) -> Self {
        let error = error.into();
        let (exit, hint) = said(&error);
        let says = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Self {
            check,
            status: Status::Problem(exit),
            says,
            hint,
        }
    }
}

pub(in crate::cli) fn run(args: &DoctorArgs) -> Result<Exit> {
    let findings = examine(args);
    let exit = exit(&findings);
    match args.format {
        Format::Human => super::print(&text(&findings, exit))?,
        Format::Json => super::print_json(&machine_form(&findings, exit))?,
    }
    Ok(exit)
}

fn examine(args: &DoctorArgs) -> Vec<Finding> {
    let started = machine::Clocks::read();
    let mut findings = Vec::new();
    let settled = args.ledger_layers().and_then(|layers| {
        let settings = resolve(&layers)?;
        Ok((layers, settings))
    });
    let (layers, settings) = match settled {
        Ok(settled) => settled,
        Err(error) => {
            findings.push(Finding::error("configuration", error));
            return findings;
        }
    };
    findings.push(configuration(args));
    if let Err(error) = pipeline::can_check(&settings, clock::today()) {
        findings.push(Finding::error("configuration", error));
    }
    findings.push(credentials(&layers, &settings));
    findings.push(rate(&layers, &settings));
    findings.extend(machine::data_folder(&settings.data_dir));
    findings.extend(machine::ledger(&settings.ledger_path));
    let can_ask = require_target(&settings).is_ok();
    let mut ahead_ms = None;
    if args.offline {
        findings.push(Finding::ok("api", "not asked: --offline"));
    } else if can_ask {
        let (found, ahead) = service::ask(&settings);
        findings.extend(found);
        ahead_ms = ahead;
    }
    findings.push(machine::clock(&started, ahead_ms));
    findings
}

impl DoctorArgs {
    fn ledger_layers(&self) -> Result<Layers> {
        let args = LedgerArgs {
            config: crate::cli::args::ConfigArgs {
                config: self.config.config.clone(),
            },
            ledger: self.ledger.clone(),
            sandbox: false,
        };
        super::ledger_layers(&args)
    }
}

/// The configuration can be used. Whoever may write its file may send customers elsewhere.
fn configuration(args: &DoctorArgs) -> Finding {
    let default = Path::new(super::DEFAULT_CONFIG);
    let file = args.config.config.as_deref();
    let file = file.or_else(|| default.exists().then_some(default));
    let Some(file) = file else {
        let hint = "name it with --config, or make one with `rollcall init EXPORT`";
        return Finding::warning("configuration", "no file: defaults and environment alone", hint);
    };
    let shown = file.display();
    if machine::mode(file).is_some_and(|mode| mode & 0o002 != 0) {
        return Finding::warning(
            "configuration",
            format!("{shown} can be written by everybody on this machine, who could send customers elsewhere"),
            format!("chmod go-w {}", super::typed(file)),
        );
    }
    Finding::ok("configuration", format!("{shown} holds together"))
}

/// Target, credentials and namespace are set. What a run would refuse is said in its words.
fn credentials(layers: &Layers, settings: &Settings) -> Finding {
    if let Err(error) = require_target(settings) {
        let is_namespace = matches!(error, ConfigError::MissingNamespace { .. });
        let check = if is_namespace { "namespace" } else { "credentials" };
        return Finding::error(check, error);
    }
    let from = layers.origin("api.client-secret");
    let from = if from == Origin::Default {
        "its file".to_owned()
    } else {
        from.to_string()
    };
    let says = format!(
        "client id, namespace and secret are set, the secret by {from}; {}",
        settings.api.base_url
    );
    Finding::ok("credentials", says)
}

fn rate(layers: &Layers, settings: &Settings) -> Finding {
    let Some(rate) = settings.send.rate_per_second else {
        return Finding::warning(
            "rate",
            "no limit: requests go as fast as the API answers",
            "set send.rate-per-second to what was agreed with those who run the API",
        );
    };
    let from = if layers.origin("send.rate-per-second") == Origin::Default {
        ", the default"
    } else {
        ""
    };
    Finding::ok("rate", format!("{rate} requests in any second at most{from}"))
}

/// The lowest code of all problems: the configuration before the machine, the machine before the API.
fn exit(findings: &[Finding]) -> Exit {
    let problems = findings.iter().filter_map(|finding| match finding.status {
        Status::Problem(exit) => Some(exit),
        Status::Ok | Status::Warning => None,
    });
    problems.min_by_key(|exit| exit.code()).unwrap_or(Exit::Success)
}

fn count(findings: &[Finding], word: &str) -> usize {
    findings.iter().filter(|finding| finding.status.word() == word).count()
}

fn text(findings: &[Finding], exit: Exit) -> String {
    let mut text = String::new();
    for finding in findings {
        text.push_str(&format!(
            "{:<8} {:<14} {}\n",
            finding.status.word(),
            finding.check,
            finding.says
        ));
        for line in finding.hint.iter().flat_map(|hint| hint.lines()) {
            text.push_str(&format!("{:24}{line}\n", ""));
        }
    }
    text.push_str(&match (exit, count(findings, "warning")) {
        (Exit::Success, 0) => "a run can start\n".to_owned(),
        (Exit::Success, warnings) => format!(
            "a run can start; {}\n",
            crate::report::counted(warnings as u64, "warning")
        ),
        (_, _) => format!(
            "a run would not work now: {}\n",
            crate::report::counted(count(findings, "problem") as u64, "problem")
        ),
    });
    text
}

fn machine_form(findings: &[Finding], exit: Exit) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "check": finding.check,
            "status": finding.status.word(),
            "says": finding.says,
            "hint": finding.hint,
        })
    };
    json!({
        "checks": findings.iter().map(finding).collect::<Vec<_>>(),
        "warnings": count(findings, "warning"),
        "problems": count(findings, "problem"),
        "exit_code": exit.code(),
    })
}
