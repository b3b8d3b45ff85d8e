//! Quotes that are missing or too much: every record behind one is read correctly, every line is accounted for, and the
//! text is gone over a bounded number of times, counted in bytes.

use std::io::{self, Cursor, Read};

use super::{Whole, drain, line_ends, settings};
use rollcall::model::chunk::Chunk;
use rollcall::model::rule::Rule;
use rollcall::read::{Dialect, ReadError, Records, Tally};

/// Holds what was read against the text alone: every line is counted once, every record stands where it says, in order,
/// and a broken one is its own bytes.
pub(crate) fn check_places((_, records, tally): &Whole, text: &[u8]) {
    assert!(tally.adds_up(), "{tally:?}");
    let open = !text.ends_with(b"\n") && !text.ends_with(b"\r");
    assert_eq!(
        (tally.lines, tally.bytes, tally.records),
        (
            line_ends(text) + u64::from(open),
            text.len() as u64,
            records.len() as u64
        )
    );
    let mut least = 0;
    for (number, (position, fields, broken)) in (1..).zip(records) {
        let byte = usize::try_from(position.byte).unwrap();
        assert!(byte >= least && position.record == number, "{position:?}");
        assert_eq!(position.line, line_ends(&text[..byte]) + 1, "{position:?}");
        least = byte + 1;
        if let Some(broken) = broken
            && broken.rule == Rule::RecordQuoteOpen
        {
            let raw = &fields[0];
            assert_eq!((fields.len(), raw.as_slice()), (1, &text[byte..byte + raw.len()]));
            assert!(broken.line >= position.line && broken.line <= position.line + line_ends(raw));
            least = byte + raw.len();
        }
    }
}

/// Reads a text, and gives the first fields of what is sound and the lines of what is not.
fn read(text: &str, max_record_bytes: usize) -> Result<(Vec<String>, Vec<u64>, Tally), ReadError> {
    let mut input = settings(None);
    input.max_record_bytes = max_record_bytes;
    let bytes = text.as_bytes().to_vec();
    let mut records = Records::from_bytes("a.csv", Box::new(Cursor::new(bytes)), &input)?;
    let (mut ids, mut lines) = (Vec::new(), Vec::new());
    let mut chunk = Chunk::new(100);
    loop {
        let more = records.fill(&mut chunk)?;
        for (position, record) in chunk.iter() {
            match chunk.broken(position) {
                Some(broken) => lines.push(broken.line),
                // What does not fit the header is a finding as well.
                None if record.len() != records.header().len() => lines.push(position.line),
                None => ids.push(String::from_utf8_lossy(&record[0]).into_owned()),
            }
        }
        if !more {
            return Ok((ids, lines, records.tally()));
        }
    }
}

/// Two bad quotes, far apart or near, in a file of sound records of one line and of several: only the records with the
/// bad quotes are lost.
#[test]
fn only_the_records_with_bad_quotes_are_lost() {
    let sound = |id: usize| match id % 3 {
        0 => format!("{id},Ann,\"12 Low Road\nYork, England\",x,y\n"),
        1 => format!("{id},\"Bob \"\"B\"\"\",Road,x,y\n"),
        _ => format!("{id},Cy,Road,x,\n"),
    };
    let bad = |kind: usize, id: usize| match kind {
        0 => format!("{id},\"Ann,Road,x,y\n"),
        1 => format!("{id},Ann,12\",\"x,y\n"),
        2 => format!("{id},\"Ann\",\"Road\nYork\"x,\",y\n"),
        _ => format!("{id},\"\"Ann\",\"Road,x\",y\n"),
    };
    for (first, second) in (0..4).flat_map(|first| (0..4).map(move |second| (first, second))) {
        for distance in [1, 2, 5, 3000] {
            let (at, and_at) = (100, 100 + distance);
            let text: String = (0..7000)
                .map(|id| match id {
                    _ if id == at => bad(first, id),
                    _ if id == and_at => bad(second, id),
                    _ => sound(id),
                })
                .collect();
            let text = format!("id,name,address,a,b\n{text}");
            let (ids, lines, tally) = read(&text, 1 << 20).unwrap();
            let expected: Vec<String> = (0..7000)
                .filter(|id| *id != at && *id != and_at)
                .map(|id| id.to_string())
                .collect();
            assert!(ids == expected, "{first} {second} {distance}");
            let line_of = |id: usize| {
                let before = text.find(&format!("\n{id},")).unwrap();
                line_ends(&text.as_bytes()[..=before]) + 1
            };
            let both = [line_of(at), line_of(and_at)];
            // Of two next to each other, the first may take in the second, which fits no header either.
            let is_one = distance == 1 && matches!(lines.as_slice(), [line] if both.contains(line));
            assert!(is_one || lines == both, "{first} {second} {distance}: {lines:?}");
            assert!(tally.adds_up(), "{tally:?}");
        }
    }
}

/// Two bad quotes that cancel out, in records next to each other and with records between, for every column of both, in
/// headers of any width: both records are lost, and no other is, and none is lost without a word.
#[test]
fn two_quotes_that_cancel_out_lose_their_own_records_and_no_other() {
    let record = |id: usize, columns: usize, quoted: Option<(usize, bool)>| {
        let cells = (0..columns).map(|column| {
            let value = match column {
                0 => format!("A{id}"),
                1 => "INDIVIDUAL".to_owned(),
                _ => ["Ann", "Bob Lee", "Cy"][(id + column) % 3].to_owned(),
            };
            match quoted {
                Some((at, true)) if at == column => format!("\"{value}"),
                Some((at, false)) if at == column => format!("{value}\""),
                _ => value,
            }
        });
        cells.collect::<Vec<_>>().join(",") + "\n"
    };
    for columns in 2..8 {
        let header = (0..columns)
            .map(|column| format!("c{column}"))
            .collect::<Vec<_>>()
            .join(",");
        for (first, second) in (0..columns).flat_map(|first| (0..columns).map(move |second| (first, second))) {
            for distance in [1, 2, 3, 50] {
                let of = |id: usize| match id {
                    20 => record(id, columns, Some((first, true))),
                    _ if id == 20 + distance => record(id, columns, Some((second, false))),
                    _ => record(id, columns, None),
                };
                let text = format!("{header}\n{}", (0..100).map(of).collect::<String>());
                let (ids, lines, tally) = read(&text, 1 << 20).unwrap();
                let expected: Vec<String> = (0..100)
                    .filter(|id| *id != 20 && *id != 20 + distance)
                    .map(|id| format!("A{id}"))
                    .collect();
                let case = format!("{columns} columns, {first} and {second}, {distance} apart");
                assert_eq!(ids, expected, "{case}");
                assert_eq!(lines, [22, 22 + distance as u64], "{case}");
                assert!(tally.adds_up(), "{case}");
            }
        }
    }
}

/// Values of several lines as people write them, in every column but the first: none is doubted.
#[test]
fn values_of_several_lines_are_not_doubted() {
    let values = [
        "12 Low Road\nYork, England",
        "Suite 4, Floor 2\n1 High Street, York, UK",
        "c/o Muster, Ltd\nSuite 4\n1 High Street",
        "Rue 1\n1000, Bruxelles",
        "line\n\nanother, and a third; with more",
        "said \"\"yes\"\"\nand \"\"no\"\"",
        "5' 10\"\"\nby 12\"\"",
        "17\n18",
        "a\nb, c, d, e, f, g",
    ];
    for columns in 2..9 {
        for (column, value) in (1..columns).flat_map(|column| values.map(|value| (column, value))) {
            for first in ["1", "A-1", "Ann", "", "Acme Ltd", "\"Firm, Ltd\""] {
                let mut cells = vec!["x y"; columns];
                cells[0] = first;
                let quoted = format!("\"{value}\"");
                cells[column] = &quoted;
                let header = (0..columns)
                    .map(|column| format!("c{column}"))
                    .collect::<Vec<_>>()
                    .join(",");
                let text = format!("{header}\n{}\n", cells.join(","));
                let (ids, lines, _) = read(&text, 1 << 20).unwrap();
                assert_eq!((ids.len(), lines.len()), (1, 0), "{text}");
            }
        }
    }
}

/// Name, header, what is repeated, and how many records of it are sound and bad, if reading comes to its end.
type Case = (&'static str, &'static str, &'static str, Option<(u64, u64)>);

#[test]
fn a_text_of_nothing_but_bad_quotes_is_gone_over_a_bounded_number_of_times() {
    let cases: [Case; 9] = [
        ("every line opens a quote", "a,b,c", "1,\"a,b\n", None),
        ("a quote within and one at the end", "a,b", "x\"y,\"\n", None),
        (
            "every second line opens a quote",
            "a,b,c",
            "1,\"a,b\n2,c,d\n",
            Some((1, 1)),
        ),
        (
            "so in a wide file",
            "a,b,c,d,e,f",
            "1,\"a,b,c,d,e\n2,c,d,e,f,g\n",
            Some((1, 1)),
        ),
        (
            "two errors that cancel out",
            "a,b,c,d,e",
            "1,\"An\n2,c,d,e,f\n3,12\",x,y,z\n",
            Some((1, 2)),
        ),
        (
            "a quote to each ten lines",
            "a,b,c",
            "1,\"a,b\n2,c,d\n2,c,d\n2,c,d\n2,c,d\n2,c,d\n2,c,d\n",
            Some((6, 1)),
        ),
        (
            "doubled quotes between",
            "a,b,c,d",
            "1,\"a,b,c\n2,\"b,c,d\n3,c,d,e\n4,\"\"\"\",x,y\n",
            Some((2, 1)),
        ),
        ("short lines", "a", "\"a\nb\n", Some((1, 1))),
        (
            "values of several lines between",
            "a,b,c",
            "1,\"a,b\n2,\"two\nlines\",c\n",
            Some((1, 1)),
        ),
    ];
    for (name, header, repeated, expected) in cases {
        let times = 1_000_000 / repeated.len();
        let text = format!("{header}\n{}", repeated.repeat(times));
        match (read(&text, 1 << 16), expected) {
            (Ok((ids, lines, tally)), Some((sound, bad))) => {
                let times = times as u64;
                assert_eq!(
                    (ids.len() as u64, lines.len() as u64),
                    (sound * times, bad * times),
                    "{name}"
                );
                println!("{name}: {} bytes, {} again", tally.bytes, tally.bytes_again);
                assert!(tally.bytes_again <= 6 * tally.bytes, "{name}: {tally:?}");
                assert!(tally.bytes_again > 0 && tally.adds_up());
            }
            (Err(ReadError::RecordTooLong { line: 2, .. }), None) => {}
            (other, _) => panic!(
                "{name}: {:?}",
                other.map(|(ids, lines, tally)| (ids.len(), lines.len(), tally))
            ),
        }
    }
}

#[test]
fn a_file_that_is_bad_to_its_end_is_one_finding_within_the_limit() {
    for repeated in ["1,\"a,b\n", "x\"y,\"\n", "1,\"a\r\n"] {
        let text = format!("a,b,c\n1,2,3\n{}", repeated.repeat(1000));
        let (ids, lines, tally) = read(&text, 1 << 20).unwrap();
        assert_eq!((ids.len(), lines.as_slice(), tally.record_lines), (1, &[3][..], 1001));
    }
}

/// A reader that fails.
struct Fails;

impl Read for Fails {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::TimedOut.into())
    }
}

#[test]
fn what_fails_ahead_of_a_search_is_said_when_reading_comes_there() {
    let input = settings(None);
    let dialect = Dialect::of(b"a,b", None).unwrap();
    // The record that begins on line 3 is not decided when the reader fails.
    let text = Cursor::new("a,b\n1,\"x\n2,\"y\n3,z\n4,w\n").chain(Fails);
    let mut records = Records::from_text("a.csv", Box::new(text), dialect, &input).unwrap();
    let mut chunk = Chunk::new(10);
    let error = records.fill(&mut chunk).unwrap_err();
    assert_eq!(error.to_string(), "a.csv cannot be read");
    let text = Cursor::new("a,b\n1,\"x\n2,y\n3,z\n")
        .chain(Cursor::new("4,\"w\n"))
        .chain(Fails);
    let records = Records::from_text("a.csv", Box::new(text), dialect, &input).unwrap();
    assert!(drain(records, 3).is_err());
}
