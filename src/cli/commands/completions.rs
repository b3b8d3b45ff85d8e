//! `rollcall completions`: a script for a shell.

use anyhow::Result;
use clap::CommandFactory;

use crate::cli::args::{Args, CompletionsArgs};
use crate::cli::exit::Exit;

pub(in crate::cli) fn run(args: &CompletionsArgs) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "rollcall", &mut script);
    super::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
