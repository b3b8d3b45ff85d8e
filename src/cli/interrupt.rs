//! Ctrl-C and the signal to terminate: the first asks the run to stop, the second ends the process at once.

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Runtime};

use super::diagnostics::say;
use super::exit::Exit;
use crate::send::Stop;

/// The runtime of the asynchronous stage: one thread. It carries 20,000 requests a second, more than any API allows, and
/// requests that are handed from thread to thread cost half as much again.
pub(super) fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("send")
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")
}

/// Waits for Ctrl-C or the signal to terminate.
pub(super) async fn requested() -> Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    Ok(tokio::signal::ctrl_c().await?)
}

/// Lets signals stop a run; `first` is what the first one says.
pub(super) fn watch(runtime: &Runtime, stop: &Stop, first: &'static str) {
    let stop = stop.clone();
    runtime.spawn(async move {
        if requested().await.is_err() {
            return;
        }
        say(first);
        stop.request();
        if requested().await.is_ok() {
            say("ended\n");
            end_now();
        }
    });
}

#[expect(clippy::exit, reason = "the second signal means now; the ledger is made for it")]
fn end_now() {
    std::process::exit(i32::from(Exit::Interrupted.code()));
}
