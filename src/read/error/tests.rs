//! Errors as they are shown, and as they come out of the layers above.

use super::*;

#[test]
fn an_own_error_comes_back_out_of_the_layers_above() {
    let own = || {
        io::Error::other(ReadError::Changed {
            name: "a.csv".into(),
            change: Change::Written,
        })
    };
    assert_eq!(
        ReadError::from_io("a.csv", own()).to_string(),
        "a.csv was written to while it was being read"
    );
    assert_eq!(
        ReadError::from_csv("a.csv", own().into()).to_string(),
        "a.csv was written to while it was being read"
    );
    let foreign = ReadError::from_io("a.csv", io::ErrorKind::TimedOut.into());
    assert_eq!(foreign.to_string(), "a.csv cannot be read");
}

#[test]
fn messages_name_the_place() {
    let error = ReadError::NotUtf8 {
        name: "a.csv".into(),
        record: 3,
        line: 7,
        byte: 99,
        column: Some((2, "`city`".into())),
        likely: Vec::new(),
    };
    assert_eq!(
        error.to_string(),
        "record 3 of a.csv is not UTF-8: line 7, byte 99, column 2 (`city`)"
    );
    let error = ReadError::Delimiter { delimiter: b'\n' };
    assert_eq!(error.to_string(), "\\n cannot separate fields");
}
