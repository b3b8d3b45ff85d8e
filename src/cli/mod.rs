//! The command line: arguments → settings → command → exit code.
//!
//! Results go to standard output; progress, warnings and errors go to standard error. Every error says what happened and,
//! as a hint, what to type next.

mod args;
mod commands;
mod diagnostics;
mod display;
mod exit;
mod interrupt;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use self::args::{Args, Command};

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return diagnostics::usage(&error),
    };
    start_logging();
    let done = match args.command {
        Command::Init(args) => commands::init::run(&args),
        Command::Profile(args) => commands::profile::run(&args),
        Command::Run(args) => commands::run::run(&args),
        Command::Validate(args) => commands::validate::run(&args),
        Command::Status(args) => commands::status::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Fields(args) => commands::fields::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Settings(args) => commands::settings::run(&args),
        Command::Sandbox(args) => commands::sandbox::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(error) => diagnostics::report(&error).into(),
    }
}

/// Logs warnings, or what ROLLCALL_LOG asks for (`debug`, `rollcall::send=trace`), to standard error.
fn start_logging() {
    let wanted = std::env::var("ROLLCALL_LOG").unwrap_or_default();
    let wanted = if wanted.is_empty() { "warn" } else { &wanted };
    let filter = EnvFilter::try_new(wanted).unwrap_or_else(|_| {
        diagnostics::say(
            "warning: ROLLCALL_LOG is not understood, and only warnings are logged; try ROLLCALL_LOG=debug\n",
        );
        EnvFilter::new("warn")
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
