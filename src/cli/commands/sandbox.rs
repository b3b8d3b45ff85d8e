//! `rollcall sandbox`: a local API to try things out.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Result;

use crate::cli::args::{SandboxArgs, SandboxKind};
use crate::cli::diagnostics::say;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::sandbox::{FaultPlan, FaultRates, Options, Sandbox, ServerKind};

pub(in crate::cli) fn run(args: &SandboxArgs) -> Result<Exit> {
    let faults = FaultRates {
        error_500: args.error_rate,
        reset_before: args.reset_rate / 2.0,
        reset_after: args.reset_rate / 2.0,
        unavailable_503: args.unavailable_rate,
        ..FaultRates::default()
    };
    let options = Options {
        latency: Duration::from_millis(args.latency),
        rate_per_second: args.rate,
        plan: plan(args)?,
        faults,
        kind: match args.kind {
            SandboxKind::All => ServerKind::SavesAll,
            SandboxKind::Successes => ServerKind::SavesSuccesses,
            SandboxKind::Burns => ServerKind::Burns,
        },
        seed: args.seed,
        token_life: Duration::from_secs(args.token_life),
        state: args.state.clone(),
        duplicate_status: args.duplicate_status,
        ..Options::default()
    };
    let runtime = interrupt::runtime()?;
    let tally = runtime.block_on(async {
        let sandbox = Sandbox::start(options, SocketAddr::from((Ipv4Addr::LOCALHOST, args.port))).await?;
        say(&format!(
            "the sandbox serves {}\n\nto use it from another terminal:\n  export ROLLCALL_API_BASE_URL={}\n  \
             export ROLLCALL_API_TOKEN_URL={}\n  export ROLLCALL_API_CLIENT_ID=sandbox ROLLCALL_API_CLIENT_SECRET=sandbox\n  \
             export ROLLCALL_API_NAMESPACE={}\n  rollcall run customers.csv\n\nCtrl-C ends it\n",
            sandbox.base_url(),
            sandbox.base_url(),
            sandbox.token_url(),
            super::run::SANDBOX_NAMESPACE,
        ));
        interrupt::requested().await?;
        anyhow::Ok(sandbox.stop().await)
    })?;
    super::print(&format!("{tally}\n"))?;
    Ok(Exit::Success)
}

fn plan(args: &SandboxArgs) -> Result<FaultPlan> {
    match &args.plan {
        Some(path) => Ok(FaultPlan::load(path)?),
        None if args.random_plan => {
            let plan = FaultPlan::from_seed(args.seed);
            say(&format!("the fault plan of seed {}:\n\n{plan}\n", args.seed));
            Ok(plan)
        }
        None => Ok(FaultPlan::default()),
    }
}
