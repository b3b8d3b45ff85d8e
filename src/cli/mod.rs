//! The command line: arguments → settings → command → exit code.
//!
//! Results go to standard output; progress, warnings and errors go to standard error. Every error says what happened and,
//! as a hint, what to type next.

mod args;
mod beside;
mod commands;
mod diagnostics;
mod display;
mod events;
mod exit;
mod interrupt;
mod outlets;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use tracing::Level;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use self::args::{Args, Command};
use self::commands::damaged::named;

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
        Command::Run(args) => named(&args.ledger, commands::run::run(&args)),
        Command::Validate(args) => commands::validate::run(&args),
        Command::Status(args) => named(&args.ledger, commands::status::run(&args)),
        Command::Report(args) => named(&args.ledger, commands::report::run(&args)),
        Command::Rejects(args) => named(&args.ledger, commands::rejects::run(&args)),
        Command::Retry(args) => commands::retry::run(args),
        Command::Reconcile(args) => named(&args.ledger, commands::reconcile::run(&args)),
        Command::Dispose(args) => named(&args.ledger, commands::dispose::run(&args)),
        Command::Ledger(command) => commands::ledger::run(command),
        Command::Fields(args) => commands::fields::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Settings(args) => commands::settings::run(&args),
        Command::Sandbox(args) => commands::sandbox::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Man(args) => commands::man::run(&args),
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
    let capped = filter_fn(|metadata| may_log(metadata.target(), *metadata.level()));
    let lines = fmt::layer().with_ansi(false).with_writer(|| Log);
    tracing_subscriber::registry()
        .with(filter)
        .with(lines.with_filter(capped))
        .init();
}

/// What can be logged at all. Only rollcall's own events are known to hold no value and no secret: other crates write down
/// what is sent when they are asked for enough.
fn may_log(target: &str, level: Level) -> bool {
    let is_own = target == OWN || target.strip_prefix(OWN).is_some_and(|rest| rest.starts_with("::"));
    is_own || level <= Level::WARN
}

/// The name before all of the program's own events.
const OWN: &str = env!("CARGO_PKG_NAME");

/// Standard error, without what a terminal would act upon. Each event is written at once.
struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        diagnostics::say(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_crates_log_warnings_at_most() {
        let check =
            |target: &str, level: Level, expected: bool| assert_eq!(may_log(target, level), expected, "{target}");
        check("rollcall", Level::TRACE, true);
        check("rollcall::send::sender", Level::TRACE, true);
        check("rollcalls", Level::INFO, false);
        check("hyper_util::client::legacy::pool", Level::INFO, false);
        check("hyper::proto::h1::io", Level::TRACE, false);
        check("rustls::client::hs", Level::DEBUG, false);
        check("reqwest::connect", Level::WARN, true);
    }
}
