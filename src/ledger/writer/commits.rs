//! The thread's side of the writer: each group of commands in one transaction, committed, and answered then.

use std::sync::atomic::Ordering;

use super::queue::Queue;
use super::{Answer, Command, Known};
use crate::clock;
use crate::ledger::LedgerError;
use crate::ledger::stay::Stay;
use crate::ledger::store::Store;
use crate::model::outcome::Outcome;
use crate::model::row_state::RowEvent;

/// An answer that waits for its commit.
type Reply = Box<dyn FnOnce(Option<LedgerError>) + Send>;

/// Writes what comes until nobody is left who could ask, or an error stops it.
pub(super) fn write_all(store: &mut Store, stay: &Stay, queue: &Queue, known: &Known) {
    while let Some(commands) = queue.take(store.in_flight()) {
        if write_group(store, stay, commands, known).is_err() {
            // Stop here: callers that wait, and all that come, learn that the writer has stopped, and why.
            return;
        }
    }
    // From here on the file is whole without its log, so that a copy of it alone is a copy of the ledger. A reader in
    // the way costs nothing but that.
    let folded = store
        .connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    if let Err(error) = folded {
        tracing::warn!(%error, "the ledger's log stays beside it");
    }
}

/// Writes commands, commits, and answers. An error has been told to the caller that met it.
fn write_group(store: &mut Store, stay: &Stay, commands: Vec<Command>, known: &Known) -> Result<(), ()> {
    let mut commands = commands.into_iter();
    if let Err(error) = store.connection.execute_batch("BEGIN IMMEDIATE") {
        let error = error.into();
        known.stop(&error);
        if let Some(first) = commands.next() {
            refuse(first, error);
        }
        return Err(());
    }
    let replies: Vec<Reply> = commands
        .map(|command| write(store, command, known))
        .collect::<Result<_, ()>>()?;
    // What is not committed here is rolled back when the connection is dropped.
    let written = stay.hold().and_then(|()| Ok(store.connection.execute_batch("COMMIT")?));
    let failed = written.err();
    if let Some(error) = &failed {
        known.stop(error);
    } else {
        // Before anybody is answered: a row that was answered for is counted.
        known.in_doubt.store(store.in_flight(), Ordering::Release);
    }
    for reply in replies {
        reply(failed.is_some().then(|| known.stopped()));
    }
    failed.map_or(Ok(()), |_| Err(()))
}

/// Writes one command; gives what to call when it is committed.
fn write(store: &mut Store, command: Command, known: &Known) -> Result<Reply, ()> {
    let now = clock::now_ms();
    match command {
        Command::Begin(run, answer) => settle(known, answer, store.begin_run(&run, now)),
        Command::RunEvent {
            run_id,
            kind,
            reason,
            answer,
        } => settle(known, answer, store.run_event(run_id, kind, reason.as_deref(), now)),
        Command::Plan(planned, namespace, answer) => settle(
            known,
            answer,
            planned.iter().map(|row| store.plan(namespace, row)).collect(),
        ),
        Command::EndInput(input, totals, answer) => settle(known, answer, store.end_input(input, totals)),
        Command::Index {
            namespace,
            input,
            after,
            answer,
        } => settle(known, answer, store.index_planned(namespace, input, after)),
        Command::Claim(claims, namespace, answer) => settle(
            known,
            answer,
            claims.iter().map(|claim| store.claim(namespace, claim, now)).collect(),
        ),
        Command::Outcome(outcome, answer) => settle(known, answer, store.append(&outcome)),
        Command::Retry(rows, answer) => {
            let mut retry = |key| store.append(&Outcome::plain(key, RowEvent::Retried, now)).map(|_| ());
            settle(known, answer, rows.into_iter().try_for_each(&mut retry))
        }
        Command::BeginComparison(new, answer) => settle(known, answer, store.begin_comparison(&new, now)),
        Command::Add(additions, answer) => {
            let written = additions.iter().try_for_each(|addition| store.add(addition, now));
            settle(known, answer, written)
        }
    }
}

fn settle<T: Send + 'static>(known: &Known, answer: Answer<T>, result: Result<T, LedgerError>) -> Result<Reply, ()> {
    match result {
        Ok(value) => Ok(Box::new(move |failed| {
            // A caller that has gone away needs no answer.
            drop(answer.send(failed.map_or(Ok(value), Err)));
        })),
        Err(error) => {
            known.stop(&error);
            drop(answer.send(Err(error)));
            Err(())
        }
    }
}

fn refuse(command: Command, error: LedgerError) {
    match command {
        Command::Begin(_, answer) => drop(answer.send(Err(error))),
        Command::RunEvent { answer, .. }
        | Command::EndInput(_, _, answer)
        | Command::Retry(_, answer)
        | Command::Add(_, answer) => drop(answer.send(Err(error))),
        Command::BeginComparison(_, answer) => drop(answer.send(Err(error))),
        Command::Index { answer, .. } => drop(answer.send(Err(error))),
        Command::Plan(_, _, answer) => drop(answer.send(Err(error))),
        Command::Claim(_, _, answer) => drop(answer.send(Err(error))),
        Command::Outcome(_, answer) => drop(answer.send(Err(error))),
    }
}
