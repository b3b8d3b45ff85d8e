//! The files that are written: private whatever the umask, exclusive, whole or not at all, never through a link.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use crate::bench::{Bench, Done, pause};

const BAD: &str = "id,customer_type,first_name,last_name\nC-1,INDIVIDUAL,Anna,Petrosyan\nC-2,INDIVIDUAL,,\n";

fn ground() -> Bench {
    let bench = Bench::new();
    bench.write("f.csv", BAD);
    bench
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

/// Every way to write an output, with the exit code where all is well.
const WAYS: [(&[&str], i32); 3] = [
    (&["validate", "f.csv", "--rejects", "out"], 1),
    (&["validate", "f.csv", "--accepted", "out"], 1),
    (&["init", "f.csv", "--output", "out"], 0),
];

#[test]
fn outputs_are_private_whatever_the_umask() {
    for (way, code) in WAYS {
        for umask in ["000", "022", "077", "0777"] {
            let bench = ground();
            let done = bench.run_with(umask, way);
            assert_eq!(done.code, Some(code), "{way:?} {umask}: {done:#?}");
            assert_eq!(mode(&bench.path("out")) & 0o177, 0, "{way:?} {umask}");
            assert_eq!(
                bench.names(),
                ["f.csv", "one.csv", "out"],
                "nothing is left: {way:?} {umask}"
            );
        }
    }
    for umask in ["000", "077"] {
        let bench = ground();
        let done = bench.run_with(umask, &["run", "f.csv", "--sandbox", "--max-rejects", "100%"]);
        assert_eq!(done.code, Some(1), "{done:#?}");
        assert_eq!(mode(&bench.path(".rollcall")), 0o700);
        let mut files = 0;
        for entry in fs::read_dir(bench.path(".rollcall")).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path) & 0o177, 0, "{umask}: {}", path.display());
            files += 1;
        }
        assert!(files > 1, "{files}");
    }
}

/// Nothing is written, the error says why, and what stands in the way is as it was.
fn check_refused(what: &str, bench: &Bench, way: &[&str]) -> Done {
    let before = bench.names();
    let done = bench.run(way);
    assert!([Some(2), Some(3)].contains(&done.code), "{what} {way:?}: {done:#?}");
    assert!(done.stderr.contains("out"), "{what} {way:?}: {done:#?}");
    assert_eq!(bench.names(), before, "{what} {way:?}");
    done
}

#[test]
fn no_link_is_followed_and_nothing_else_is_replaced() {
    for (way, _) in WAYS {
        let bench = ground();
        bench.write("victim", "precious");
        symlink("victim", bench.path("out")).unwrap();
        check_refused("link", &bench, way);
        assert_eq!(fs::read_to_string(bench.path("victim")).unwrap(), "precious");
        assert!(bench.path("out").is_symlink());

        let bench = ground();
        symlink("nowhere", bench.path("out")).unwrap();
        check_refused("dangling link", &bench, way);
        assert!(bench.path("out").is_symlink() && !bench.path("nowhere").exists());

        let bench = ground();
        symlink("/dev/null", bench.path("out")).unwrap();
        check_refused("link to a device", &bench, way);

        let bench = ground();
        fs::create_dir(bench.path("out")).unwrap();
        check_refused("folder", &bench, way);
    }
}

#[test]
fn an_existing_file_is_replaced_whole_by_a_validation_and_never_by_init() {
    for (way, code) in WAYS {
        let bench = ground();
        bench.write("out", "old");
        fs::set_permissions(bench.path("out"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::hard_link(bench.path("out"), bench.path("other name")).unwrap();
        if code == 0 {
            check_refused("file", &bench, way);
            assert_eq!(fs::read_to_string(bench.path("out")).unwrap(), "old");
        } else {
            bench.expect(code, way);
            assert_eq!(mode(&bench.path("out")), 0o600);
            assert!(fs::read_to_string(bench.path("out")).unwrap().len() > 3);
        }
        // The old file itself is never written to.
        assert_eq!(fs::read_to_string(bench.path("other name")).unwrap(), "old");
    }
}

#[test]
fn a_pipe_is_written_as_it_comes() {
    let bench = ground();
    let pipe = bench.path("out");
    make_pipe(&pipe);
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    bench.expect(1, WAYS[1].0);
    assert!(reader.join().unwrap().contains("Petrosyan"));
    assert_eq!(bench.names(), ["f.csv", "one.csv", "out"]);
}

#[test]
fn what_a_killed_process_left_is_removed_by_the_next_and_an_open_folder_is_warned_about() {
    for (way, code) in WAYS {
        let bench = ground();
        bench.write(".out.rollcall-AbCdEf.tmp", "of a dead process");
        bench.write(".out.rollcall-AbCdEf.txt", "somebody's own");
        let done = bench.expect(code, way);
        assert!(!done.stderr.contains("everybody"), "{done:#?}");
        let names = [".out.rollcall-AbCdEf.txt", "f.csv", "one.csv", "out"];
        assert_eq!(bench.names(), names, "{way:?}");

        let bench = ground();
        fs::set_permissions(bench.path(""), fs::Permissions::from_mode(0o777)).unwrap();
        let done = bench.expect(code, way);
        assert!(
            done.stderr.contains("everybody on this machine can replace files"),
            "{way:?}: {done:#?}"
        );
        let bench = ground();
        fs::set_permissions(bench.path(""), fs::Permissions::from_mode(0o1777)).unwrap();
        let done = bench.expect(code, way);
        assert!(!done.stderr.contains("everybody"), "{done:#?}");
    }
}

/// A pipe that nobody reads keeps a validation waiting in the middle of its files, and there it is killed.
#[test]
fn a_killed_process_leaves_a_private_file_with_a_telling_name_and_nothing_under_the_real_one() {
    let bench = ground();
    let header = BAD.lines().next().unwrap();
    let rejected = "C-2,INDIVIDUAL,,\n".repeat(500);
    let accepted: String = (0..3000).fold(String::new(), |rows, id| rows + &format!("A-{id},INDIVIDUAL,Ann,Roe\n"));
    bench.write("f.csv", format!("{header}\n{rejected}{accepted}"));
    make_pipe(&bench.path("slow"));
    // Opened for both, so that neither side waits for the other.
    let pipe = fs::File::options().read(true).write(true).open(bench.path("slow"));
    let mut child = bench.start(&["validate", "f.csv", "--rejects", "out", "--accepted", "slow"]);
    let left = loop {
        assert!(child.try_wait().unwrap().is_none(), "it cannot end while nobody reads");
        let mut names = bench.names().into_iter();
        let begun = names.find(|name| name.starts_with(".out.rollcall-"));
        let written = begun.filter(|name| bench.path(name).metadata().is_ok_and(|data| data.len() > 0));
        if let Some(name) = written {
            break name;
        }
        pause(Duration::from_millis(5));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    drop(pipe);
    assert_eq!(bench.names(), [left.as_str(), "f.csv", "one.csv", "slow"]);
    assert_eq!(mode(&bench.path(&left)), 0o600);
    bench.expect(1, &["validate", "f.csv", "--rejects", "out"]);
    assert_eq!(bench.names(), ["f.csv", "one.csv", "out", "slow"]);
}

fn make_pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}
