//! Every command that is suggested is typed as it stands: `FILE` is the user's own file, and nothing else is filled in.

use std::path::PathBuf;

use rollcall::sandbox::{FaultPlan, Options, Sandbox};
use serde_json::{Value, json};

use crate::bench::{Bench, Done, sandbox};
use crate::sheet::{Sheet, assert_sound};

/// What somebody kept of what was piped, replaced or moved.
const KEPT: &str = "kept/night of export.csv";

/// One rejected, one refused, one without a clear answer, and two who are created.
fn source() -> Sheet {
    let mut source = Sheet::customers(5, 71);
    source.set(2, "email_address", "nowhere");
    source
}

async fn troubled() -> (Sandbox, Bench) {
    let plan = "[[fault]]\nfault = \"answer\"\nstatus = 422\non = \"create\"\nuntil-request = 1\nsave = false\n\
                [[fault]]\nfault = \"answer\"\nstatus = 500\non = \"create\"\nfrom-request = 2\nuntil-request = 2\nsave = false\n";
    let plan = FaultPlan::from_toml(plan);
    let sandbox = sandbox(Options {
        plan: plan.unwrap(),
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_SEND_CANARY", "0");
    bench.set("ROLLCALL_SEND_MAX_FAILURES", "100%");
    bench.set("ROLLCALL_SEND_MAX_ATTEMPTS", "1");
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "1");
    bench.set("ROLLCALL_INPUT_MAX_REJECTS", "100%");
    std::fs::create_dir(bench.path("kept")).unwrap();
    bench.write(KEPT, source().text());
    (sandbox, bench)
}

/// The words of a command as a shell takes them.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut rest) = (Vec::new(), String::new(), command.chars().peekable());
    let mut quote = None;
    while let Some(character) = rest.next() {
        match (quote, character) {
            (None, '$') if rest.peek() == Some(&'\'') => quote = rest.next().map(|_| '$'),
            (None, '\'') => quote = Some('\''),
            (Some(_), '\'') => quote = None,
            (Some('$'), '\\') => match rest.next().unwrap() {
                'x' => {
                    let code: String = rest.by_ref().take(2).collect();
                    word.push(char::from(u8::from_str_radix(&code, 16).unwrap()));
                }
                other => word.push(other),
            },
            (None, ' ') => words.push(std::mem::take(&mut word)),
            _ => word.push(character),
        }
    }
    words.push(word);
    words
}

/// The commands that an output suggests: behind `hint: … rollcall`, `next: rollcall` and the like, on lines of their own.
fn suggested(done: &Done) -> Vec<String> {
    let text = format!("{}{}", done.stdout, done.stderr);
    let lines = text.lines().filter_map(|line| {
        let is_hint = ["hint:", "next:", "  or:", "then,"]
            .iter()
            .any(|word| line.starts_with(word));
        let (_, command) = line.split_once("rollcall ").filter(|_| is_hint)?;
        Some(format!("rollcall {command}"))
    });
    lines.collect()
}

/// Types a command; `FILE` is the file that the user kept.
async fn type_it(bench: &Bench, command: &str) -> Done {
    let words = words(command);
    let words: Vec<&str> = words
        .iter()
        .skip(1)
        .map(|word| if word == "FILE" { KEPT } else { word.as_str() })
        .collect();
    let done = bench.run(&words).await;
    assert!([0, 1].contains(&done.code.unwrap()), "{command}: {done:#?}");
    done
}

/// Types the only command of an output that begins so.
async fn type_next(bench: &Bench, done: &Done, begins: &str) -> (String, Done) {
    let suggested = suggested(done);
    let command = suggested.iter().find(|command| command.starts_with(begins));
    assert!(command.is_some(), "{begins} is not in {suggested:?} of {done:#?}");
    let command = command.unwrap();
    (command.clone(), type_it(bench, command).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_piped_is_named_in_every_command_that_follows() {
    let (_sandbox, bench) = troubled().await;
    let piped: PathBuf = bench.path(KEPT);
    let ran = bench.run_on(&piped, &["run", "-"]).await;
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let status = bench.expect(0, &["status"]).await;
    assert!(
        suggested(&status)[0].starts_with("rollcall retry 1 --source FILE"),
        "{status:#?}"
    );

    let rejects = bench.expect(0, &["rejects", "-o", "all.csv", "--source", KEPT]).await;
    let next = suggested(&rejects);
    let quoted = "--source 'kept/night of export.csv'";
    assert_eq!(
        next,
        [
            format!("rollcall run all.csv --corrects 1 {quoted}"),
            format!("rollcall retry 1 {quoted}"),
        ]
    );
    for command in &next {
        type_it(&bench, command).await;
    }
    // Each of what a reconciliation says, and what follows from that.
    let books = bench.run_on(&piped, &["reconcile", "-"]).await;
    assert_eq!(books.code, Some(1), "{books:#?}");
    let (rejects, _) = type_next(&bench, &books, "rollcall rejects").await;
    assert_eq!(rejects, "rollcall rejects 1 -o to-fix-1.csv --source FILE");
    let correct = "rollcall run to-fix-1.csv --corrects 1 --source FILE";
    type_next(&bench, &books, correct).await;
    let (dispose, disposed) = type_next(&bench, &books, "rollcall dispose").await;
    assert!(dispose.starts_with("rollcall dispose 1 "), "{dispose}");
    // It ends with a command itself.
    assert_eq!(suggested(&disposed).len(), 1, "{disposed:#?}");
    type_it(&bench, &suggested(&disposed)[0]).await;
    assert_sound(&bench);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_replaced_or_moved_is_not_named_as_if_it_were_there() {
    let (_sandbox, bench) = troubled().await;
    std::fs::copy(bench.path(KEPT), bench.path("customers.csv")).unwrap();
    let ran = bench.expect(1, &["run", "customers.csv"]).await;
    assert_eq!(suggested(&ran), ["rollcall run customers.csv"]);
    let (_, again) = type_next(&bench, &ran, "rollcall run customers.csv").await;
    assert_eq!(suggested(&again), ["rollcall rejects 1 -o to-fix-1.csv"], "{again:#?}");
    // The next night's export has come under the same name, and is as long.
    let other = source().text().replace("@example.", "@exemple.");
    bench.write("customers.csv", &other);
    let status = bench.expect(0, &["status"]).await;
    let (rejects, done) = type_next(&bench, &status, "rollcall rejects").await;
    assert_eq!(rejects, "rollcall rejects 1 -o to-fix-1.csv --source FILE");
    // What was typed is what follows.
    let (_, done) = type_next(&bench, &done, "rollcall run to-fix-1.csv --corrects 1 --source 'kept/").await;
    assert!(done.stderr.contains("corrections of run 1"), "{done:#?}");

    // The file of the first morning is there, and is not overwritten.
    std::fs::remove_file(bench.path("customers.csv")).unwrap();
    let books = bench.expect(1, &["reconcile", KEPT]).await;
    let said = suggested(&books);
    let source = "--source 'kept/night of export.csv'";
    assert!(
        said.contains(&format!("rollcall rejects 1 -o to-fix-1-2.csv {source}")),
        "{said:#?}"
    );
    assert!(
        said.contains(&format!("rollcall run to-fix-1-2.csv --corrects 1 {source}")),
        "{said:#?}"
    );
    type_next(&bench, &books, "rollcall rejects 1").await;
    type_next(&bench, &books, "rollcall run to-fix-1-2.csv").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_a_line_end_is_found_and_can_be_typed() {
    let (_sandbox, bench) = troubled().await;
    let name = "two\nlines' export.csv";
    std::fs::copy(bench.path(KEPT), bench.path(name)).unwrap();
    let ran = bench.expect(1, &["run", name]).await;
    let (command, again) = type_next(&bench, &ran, "rollcall run").await;
    assert_eq!(command, r"rollcall run $'two\x0alines\' export.csv'");
    assert!(again.stdout.starts_with("run 1: "), "{again:#?}");
    let (_, rejects) = type_next(&bench, &again, "rollcall rejects 1 -o to-fix-1.csv").await;
    assert!(rejects.stdout.starts_with("to-fix-1.csv: 2 records"), "{rejects:#?}");
    bench.expect(1, &["retry", "1"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_file_with_another_column_is_told_which_and_not_to_configure_it() {
    let (_sandbox, bench) = troubled().await;
    bench.write("customers.csv", source().text());
    bench.expect(1, &["run", "customers.csv"]).await;
    bench.expect(0, &["rejects", "-o", "to-fix.csv"]).await;
    let written = std::fs::read_to_string(bench.path("to-fix.csv")).unwrap();
    let renamed = written.replacen("first_name", "Vorname", 1);
    let correct = ["run", "to-fix.csv", "--corrects", "1"];
    let check = |done: Done, said: &str| {
        assert!(done.stderr.contains(said), "{done:#?}");
        assert!(
            done.stderr.contains("`rollcall rejects 1 -o FILE` wrote it"),
            "{done:#?}"
        );
        for word in ["config", "[columns]", "rollcall init", "rollcall fields"] {
            assert!(!done.stderr.contains(word), "{word}: {done:#?}");
        }
    };
    bench.write("to-fix.csv", &renamed);
    let columns = "error: the columns of to-fix.csv are not those of run 1: new: `Vorname` missing: `first_name`\n";
    check(bench.expect(3, &correct).await, columns);
    // A column of the clerk's own.
    let mut noted = Sheet::read(&written);
    noted.header.push("done?".to_owned());
    noted.rows.iter_mut().for_each(|row| row.push("yes".to_owned()));
    bench.write("to-fix.csv", noted.text());
    check(
        bench.expect(3, &correct).await,
        "are not those of run 1: new: `done?`\n",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_file_is_reconciled_as_what_it_is() {
    let (_sandbox, bench) = troubled().await;
    bench.write("customers.csv", source().text());
    bench.expect(1, &["run", "customers.csv"]).await;
    bench.expect(0, &["rejects", "-o", "to-fix.csv"]).await;
    let figures = |done: Done| -> Value { serde_json::from_str(done.stdout.lines().last().unwrap()).unwrap() };
    let reconcile = ["reconcile", "to-fix.csv", "--format", "json"];
    // Nobody has run it yet.
    let said = figures(bench.expect(1, &reconcile).await);
    assert_eq!(said["files"][0]["classes"]["not_yet_sent"], 3);
    assert_eq!(said["next"], json!(["rollcall run to-fix.csv --corrects 1"]));
    let next = bench.expect(1, &["reconcile", "to-fix.csv"]).await;
    type_next(&bench, &next, "rollcall run to-fix.csv --corrects 1").await;
    // A row that was not changed, and was refused before, is kept back; its cells are what they were.
    let said = figures(bench.expect(1, &reconcile).await);
    assert_eq!(said["files"][0]["classes"]["changed_since"], 0, "{said:#}");
    assert_eq!(said["files"][0]["classes"]["failed"], 2, "{said:#}");
    assert!(
        !said["next"].to_string().contains("rollcall run to-fix.csv\""),
        "{said:#}"
    );
    // Edited once more after it was run.
    let mut repair = Sheet::read(std::fs::read(bench.path("to-fix.csv")).unwrap());
    repair.set(1, "first_name", "Ada");
    bench.write("to-fix.csv", repair.text());
    let said = figures(bench.expect(1, &reconcile).await);
    assert!(
        said["next"]
            .as_array()
            .unwrap()
            .contains(&json!("rollcall run to-fix.csv --corrects 1")),
        "{said:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_was_stopped_goes_on_as_the_correction_that_it_is() {
    for flag in ["", " --send-unchanged"] {
        let (_sandbox, bench) = troubled().await;
        bench.write("customers.csv", source().text());
        bench.expect(1, &["run", "customers.csv"]).await;
        bench.expect(0, &["rejects", "-o", "to-fix.csv"]).await;
        // Its source is somewhere else by now, and is read only while the correction is planned.
        std::fs::remove_file(bench.path("customers.csv")).unwrap();
        let correct = format!("rollcall run to-fix.csv --corrects 1 --source FILE{flag} --max-rejects 0");
        let typed = words(&correct);
        let typed: Vec<&str> = typed
            .iter()
            .skip(1)
            .map(|word| if word == "FILE" { KEPT } else { word.as_str() })
            .collect();
        bench.expect(4, &typed).await;
        let status = bench.expect(0, &["status"]).await;
        let begins = format!("rollcall run to-fix.csv --corrects 1{flag} --max-rejects ");
        let (_, done) = type_next(&bench, &status, &begins).await;
        assert!(done.stdout.starts_with("run 2: finished"), "{done:#?}");
        assert_sound(&bench);
    }
}
