//! Arguments that stand for several files: `exports/*.csv`.
//!
//! A shell usually expands them; a scheduler, a quoted argument or another system's shell does not. A file that exists is
//! meant literally, whatever characters its name has. It does not look into the files, nor for files twice.

use std::path::{Path, PathBuf};

use glob::MatchOptions;

use super::error::ReadError;
use super::names;

/// As a shell matches: a star stands for no separator and for no leading dot, and case counts.
const AS_A_SHELL: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The files that the arguments mean: arguments in their order, the files of a pattern by the bytes of their names.
pub fn expand(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, ReadError> {
    let mut files = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match argument.to_str().filter(|text| is_pattern(text, argument)) {
            Some(pattern) => files.append(&mut matches(pattern)?),
            None => files.push(argument.clone()),
        }
    }
    Ok(files)
}

fn is_pattern(text: &str, path: &Path) -> bool {
    // `symlink_metadata`, so that a link that leads nowhere is named and not passed over.
    text.contains(['*', '?', '[']) && path.symlink_metadata().is_err()
}

fn matches(pattern: &str) -> Result<Vec<PathBuf>, ReadError> {
    let shown = || format!("`{}`", names::escaped(pattern));
    let paths = glob::glob_with(pattern, AS_A_SHELL).map_err(|error| ReadError::Pattern {
        pattern: shown(),
        problem: error.msg,
    })?;
    let mut files = Vec::new();
    for path in paths {
        // A folder that may not be read may hold files that are meant.
        let path = path.map_err(|error| ReadError::Io {
            name: names::escaped(&error.path().to_string_lossy()),
            source: error.into(),
        })?;
        if path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(ReadError::NoMatch { pattern: shown() });
    }
    files.sort_unstable_by(|left, right| {
        left.as_os_str()
            .as_encoded_bytes()
            .cmp(right.as_os_str().as_encoded_bytes())
    });
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_the_files_that_fit_in_the_order_of_their_bytes() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path();
        for name in [
            "b.csv", "a.csv", "B.csv", "ä.csv", "a10.csv", "a9.csv", ".a.csv", "a.txt", "x[1].csv",
        ] {
            std::fs::write(folder.join(name), name).unwrap();
        }
        std::fs::create_dir(folder.join("c.csv")).unwrap();
        std::fs::write(folder.join("c.csv/d.csv"), "").unwrap();
        let check = |arguments: &[&str], expected: &[&str]| {
            let arguments: Vec<PathBuf> = arguments.iter().map(|name| folder.join(name)).collect();
            let found = match expand(&arguments) {
                Ok(files) => files
                    .iter()
                    .map(|file| file.strip_prefix(folder).unwrap().to_string_lossy().into_owned())
                    .collect(),
                Err(error) => vec![error.to_string().replace(&*folder.to_string_lossy(), "")],
            };
            assert_eq!(found, expected, "{arguments:?}");
        };
        check(
            &["*.csv"],
            &["B.csv", "a.csv", "a10.csv", "a9.csv", "b.csv", "x[1].csv", "ä.csv"],
        );
        check(
            &["b.csv", "a?*.csv", "none.csv"],
            &["b.csv", "a10.csv", "a9.csv", "none.csv"],
        );
        check(&["[bB].csv", "*.csv"][..1], &["B.csv", "b.csv"]);
        check(&["*/*.csv"], &["c.csv/d.csv"]);
        check(&["x[1].csv"], &["x[1].csv"]);
        check(&["c*.csv"], &["no file fits `/c*.csv`"]);
        check(&["z*"], &["no file fits `/z*`"]);
        check(
            &["z["],
            &["`/z[` is neither a file nor a pattern: invalid range pattern"],
        );
    }
}
