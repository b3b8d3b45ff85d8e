//! Who runs this process: an account of the operating system.
//!
//! The only place that asks. It deliberately proves nothing: whoever may set the environment may sign with any name.

/// The name of the account, else its number.
pub fn name() -> String {
    let named = ["USER", "LOGNAME", "USERNAME"].into_iter();
    let named = named.filter_map(|variable| std::env::var(variable).ok());
    named
        .map(|name| printable(&name))
        .find(|name| !name.is_empty())
        .unwrap_or_else(number)
}

/// Longest name that is kept, in characters: POSIX systems allow 32, directories longer ones.
const LONGEST: usize = 64;

fn printable(name: &str) -> String {
    name.trim()
        .chars()
        .filter(|character| !character.is_control())
        .take(LONGEST)
        .collect()
}

#[cfg(unix)]
fn number() -> String {
    format!("uid {}", rustix::process::getuid().as_raw())
}

#[cfg(not(unix))]
fn number() -> String {
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_can_be_printed() {
        assert_eq!(printable(" night\u{1b}[31m\n"), "night[31m");
        assert_eq!(printable(&"x".repeat(100)).len(), LONGEST);
        assert!(!name().is_empty());
    }
}
