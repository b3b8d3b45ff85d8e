//! Texts and what is read of them: every record with its place, or why reading stopped.

use super::*;
use crate::config::settings::TrailerSettings;

mod quotes;

fn settings() -> InputSettings {
    InputSettings {
        delimiter: None,
        encoding: None,
        default_region: None,
        date_formats: Vec::new(),
        null_words: Vec::new(),
        max_record_bytes: 40,
        max_field_bytes: 40,
        max_columns: 3,
        max_unpacked_bytes: 1 << 30,
        max_unpack_ratio: 100,
        trailer: None,
        max_rejects: None,
        workers: 1,
    }
}

fn open(text: &'static [u8]) -> Result<Records, ReadError> {
    Records::from_bytes("a.csv", Box::new(text), &settings())
}

/// Number, line, byte and fields of every record, or what stopped the reading.
fn check(text: &'static [u8], expected: &str) {
    let mut read = Vec::new();
    let mut chunk = Chunk::new(2);
    let result = open(text).and_then(|mut records| {
        loop {
            let filled = records.fill(&mut chunk);
            for (place, record) in chunk.iter() {
                let fields: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
                let broken = chunk
                    .broken(place)
                    .map(|broken| format!("{}@{} ", broken.rule.code(), broken.line));
                let place = format!("{}:{}:{}", place.record, place.line, place.byte);
                let place = format!("{place} {}", broken.unwrap_or_default()).trim_end().to_owned();
                read.push(format!("{place} {}", fields.join("/")));
            }
            if !filled? {
                return Ok(records.tally());
            }
        }
    });
    read.push(result.map_or_else(
        // What likely encodings read has tests of its own.
        |error| error.to_string().lines().next().unwrap_or_default().to_owned(),
        |tally| {
            assert!(tally.adds_up(), "{tally:?}");
            let others = [
                (tally.separator_lines, "separator, "),
                (tally.header_lines, "header, "),
                (tally.trailer_lines, "trailer, "),
            ];
            let others: Vec<String> = others
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, name)| format!("{count} {name}"))
                .collect();
            format!(
                "{} blank, {}{} lines, {} bytes",
                tally.blank_lines,
                others.concat(),
                tally.lines,
                tally.bytes
            )
        },
    ));
    assert_eq!(read.join(" | "), expected, "{}", String::from_utf8_lossy(text));
}

#[test]
fn records_have_their_true_places() {
    check(
        b"id,n\n1,a\n2,b\n",
        "1:2:5 1/a | 2:3:9 2/b | 0 blank, 3 lines, 13 bytes",
    );
    check(
        b"id,n\r\n1,a\r\n2,b",
        "1:2:6 1/a | 2:3:11 2/b | 0 blank, 3 lines, 14 bytes",
    );
    check(
        b"id,n\r1,a\r2,b\r",
        "1:2:5 1/a | 2:3:9 2/b | 0 blank, 3 lines, 13 bytes",
    );
    check(
        b"id,n\n\"1\n\r\n\",a\n2,b\n",
        "1:2:5 1\n\r\n/a | 2:5:14 2/b | 0 blank, 5 lines, 18 bytes",
    );
}

#[test]
fn blank_lines_are_skipped_and_counted() {
    check(b"\n\r\nid,n\n\n1,a\r\n\r\n\n", "1:5:9 1/a | 5 blank, 7 lines, 17 bytes");
    check(b"id,n\n \n,\n\"\"\n", "0 blank, 3 separator, 4 lines, 12 bytes");
}

#[test]
fn a_header_alone_is_a_source_without_records() {
    check(b"id,n", "0 blank, 1 lines, 4 bytes");
    check(b"id,n\r\n", "0 blank, 1 lines, 6 bytes");
    check(b"\n\n", "a.csv has no header: it holds no record at all");
}

#[test]
fn a_line_that_declares_the_separator_belongs_to_the_header() {
    check(
        b"sep=;\r\nid;n\r\n1;a,b\r\n",
        "1:3:13 1/a,b | 0 blank, 3 lines, 20 bytes",
    );
    check(
        b"\xef\xbb\xbfsep=,\nid,n\nsep=,\n",
        "1:3:11 sep=/ | 0 blank, 3 lines, 17 bytes",
    );
    check(b"sep=;\n", "a.csv has no header: it holds no record at all");
}

#[test]
fn a_byte_order_mark_does_not_count() {
    check(b"\xef\xbb\xbfid,n\n1,a\n", "1:2:5 1/a | 0 blank, 2 lines, 9 bytes");
}

#[test]
fn ragged_records_come_out_as_they_are() {
    check(
        b"id,n\n1\n2,b,c,d\n",
        "1:2:5 1 | 2:3:7 2/b/c/d | 0 blank, 3 lines, 15 bytes",
    );
}

#[test]
fn lines_that_are_no_records_are_counted_as_what_they_are() {
    check(
        b",,\n\"\", \nid,n\n , \n1,a\n\"\n\",\"\"\nid,n\n\"id\",\"n\"\n\xef\xbb\xbfid,n\n2,b\n",
        "1:5:17 1/a | 2:11:50 2/b | 0 blank, 5 separator, 3 header, 11 lines, 54 bytes",
    );
    // Behind a bad quote, a byte order mark hides no quote.
    check(
        b"\"i,d\",n\r\n1,\"a\r\n\xef\xbb\xbf\"i,d\",n\r\n2,b\r\n",
        "1:2:9 record.quote_open@2 1,\"a | 2:4:27 2/b | 0 blank, 1 header, 4 lines, 32 bytes",
    );
    // Nearly blank, nearly the header.
    check(
        b"id,n\n,0\nid,m\nid\n",
        "1:2:5 /0 | 2:3:8 id/m | 3:4:13 id | 0 blank, 4 lines, 16 bytes",
    );
    check(b"\n,\n", "a.csv has no header: it holds no record at all");
}

#[test]
fn a_byte_order_mark_between_records_is_no_part_of_them() {
    check(
        b"id,n\n\xef\xbb\xbf\"1\",a\n\xef\xbb\xbf\xef\xbb\xbf2,b\n3,\xef\xbb\xbfc\n",
        "1:2:8 1/a | 2:3:20 2/b | 3:4:24 3/\u{feff}c | 0 blank, 4 lines, 31 bytes",
    );
    // The quoted field holds a line end; a line holds nothing else; the header is not the first line.
    check(
        b"\n\xef\xbb\xbf\"id\",n\n\xef\xbb\xbf\"x\ny\",a\r\n\xef\xbb\xbf\r\n3,b\n\xef\xbb\xbf",
        "1:3:14 x\ny/a | 2:6:28 3/b | 3 blank, 7 lines, 35 bytes",
    );
    let mut records = open(b"id,n\n\xef\xbb\xbf\"1\",a\n\xef\xbb\xbf2,b\n").unwrap();
    records.fill(&mut Chunk::new(9)).unwrap();
    assert_eq!(
        records.tally().notices(),
        ["byte order marks between records: 2, as joined files have them; each was passed over"]
    );
}

#[test]
fn a_mark_before_every_record_costs_little() {
    let text = "id,n\n".to_owned() + &"\u{feff}\"1\",a\n".repeat(20_000);
    let mut records = Records::from_bytes("a.csv", Box::new(Cursor::new(text)), &settings()).unwrap();
    let mut chunk = Chunk::new(30_000);
    assert!(!records.fill(&mut chunk).unwrap());
    let tally = records.tally();
    assert_eq!((chunk.len(), tally.adds_up()), (20_000, true));
    assert!(tally.bytes_again <= 3 * tally.bytes, "{tally:?}");
}

fn with_trailer(text: &'static [u8], count_field: usize) -> String {
    let input = InputSettings {
        trailer: Some(TrailerSettings {
            starts_with: "TRL".to_owned(),
            count_field,
        }),
        ..settings()
    };
    let mut chunk = Chunk::new(1);
    let result = Records::from_bytes("a.csv", Box::new(text), &input).and_then(|mut records| {
        while records.fill(&mut chunk)? {}
        Ok(records.tally())
    });
    match result {
        Ok(tally) => {
            assert!(tally.adds_up(), "{tally:?}");
            format!("{} records, {} trailer", tally.records, tally.trailer_lines)
        }
        Err(error) => {
            assert!(error.hint().is_some());
            error.to_string()
        }
    }
}

#[test]
fn a_trailer_is_held_against_the_records_before_it() {
    let check = |text: &'static [u8], expected| {
        assert_eq!(with_trailer(text, 2), expected, "{}", String::from_utf8_lossy(text));
    };
    check(b"id,n\n1,a\n2,b\nTRL, 002 ,x,y\n", "2 records, 1 trailer");
    check(b"id,n\nTRL,0", "0 records, 1 trailer");
    // What is no record does not count, and what is broken does.
    check(b"id,n\n1,\"a\n,\n\nid,n\nTRL,1\n", "1 records, 1 trailer");
    check(b"id,n\n1\n\n,\n2,\"b\"x\nid,n\n\"TRL\",2\n", "2 records, 1 trailer");
    // Joined exports, each with header and trailer.
    check(
        b"id,n\n1,a\nTRL,1\nid,n\n2,b\n3,c\nTRL,2\nid,n\n",
        "3 records, 2 trailer",
    );
    let wrong = "a.csv has a trailer on line 3 that counts 2, and 1 record was read";
    check(b"id,n\n1,a\nTRL,2\n", wrong);
    check(b"id,n\n1,a\nTRL,2\n2,b\nTRL,1\n3,c\n", wrong);
    check(
        b"id,n\n1,a\nTRL,1\n2,b\nTRL,2\n",
        "a.csv has a trailer on line 5 that counts 2, and 1 record was read",
    );
    for text in [&b"id,n\n1,a\nTRL,one\n"[..], b"id,n\n1,a\nTRL\n", b"id,n\n1,a\nTRL,\n"] {
        check(
            text,
            "a.csv has a trailer on line 3 without a number of records in field 2, and 1 record was read",
        );
    }
    check(
        b"id,n\n1,a\n2,b\n",
        "a.csv ends on line 3 without a trailer, and 2 records were read",
    );
    check(
        b"id,n\n1,a\nTRL,1\n\n2,b\n3,c\n",
        "a.csv counts nothing behind its last trailer on line 3, and 2 records were read from line 5 on",
    );
    // Records that begin as the trailer does, though the count of one fits.
    check(
        b"n,id,t\na,2,x\nTRLinger,1,y\nTRL,1,\n",
        "a.csv begins line 3 as a trailer and fills 3 of 3 fields as a record does, so the text that begins trailers also \
         begins records",
    );
    for text in [
        &b"n,id,t\na,2,x\nTRL,1,y\n"[..],
        b"n,id,t\na,2,x\nTRL9,1,\n",
        b"n,id,t\na,2,x\nTRL9,1,y,z\n",
    ] {
        check(text, "1 records, 1 trailer");
    }
    assert_eq!(
        with_trailer(b"id,n\n1,a\nTRL1\n", 1),
        "a.csv has a trailer on line 3 without a number of records in field 1, and 1 record was read"
    );
}

#[test]
fn what_is_not_utf8_is_named_by_its_place() {
    check(
        b"id,n\n1,a\n2,\"b\n\xfc\"\n",
        "1:2:5 1/a | record 2 of a.csv is not UTF-8: line 4, byte 14, column 2 (`n`)",
    );
    check(
        b"id,\xfc\n",
        "the header of a.csv is not UTF-8: line 1, byte 3, column 2 (no name)",
    );
    // A character in two halves, on both sides of a separator or of a quote.
    check(
        b"id,n\n\xc3,\xa9\n",
        "record 1 of a.csv is not UTF-8: line 2, byte 5, column 1 (`id`)",
    );
    check(
        b"id,n\n\"\xc3\"\xa9,b\n",
        "record 1 of a.csv is not UTF-8: line 2, byte 6",
    );
}

#[test]
fn the_limit_on_a_record_is_exact() {
    check(
        b"id,n\n1,34567890123456789012345678901234567890\r\n2,b",
        "1:2:5 1/34567890123456789012345678901234567890 | 2:3:47 2/b | 0 blank, 3 lines, 50 bytes",
    );
    check(
        b"id,n\n1,345678901234567890123456789012345678901\n",
        "record 1 of a.csv, which starts at line 2, byte 5, is longer than 40 bytes",
    );
    check(
        b"id,n\n1,a\n2,\"b\n3,c\n4,d\n5,e\n6,f\n7,g\n8,h\n9,i\n0,j\n1,k\n",
        "1:2:5 1/a | 2:3:9 record.quote_open@3 2,\"b | 3:4:14 3/c | 4:5:18 4/d | 5:6:22 5/e | 6:7:26 6/f | 7:8:30 7/g | \
         8:9:34 8/h | 9:10:38 9/i | 10:11:42 0/j | 11:12:46 1/k | 0 blank, 12 lines, 50 bytes",
    );
    // The record ends at the limit, and so does the search for one that fits.
    check(
        b"id,n\n2,\"b\n3\n4\n5\n6\n7\n8\n9\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n0\n1\n",
        "record 1 of a.csv, which starts at line 2, byte 5, is longer than 40 bytes",
    );
    check(
        b"id,n\n2,\"b\n3\n4\n5\n6\n7\n8\n9\n0\n1\n2\n3\n4\n5\n6\n7\n8\n\n",
        "1:2:5 record.quote_open@2 2,\"b\n3\n4\n5\n6\n7\n8\n9\n0\n1\n2\n3\n4\n5\n6\n7\n8\n | 0 blank, 19 lines, 43 bytes",
    );
}

#[test]
fn a_header_has_a_limit_of_columns() {
    check(b"a,b,c\n", "0 blank, 1 lines, 6 bytes");
    check(b"a,b,c,d\n", "the header of a.csv has 4 columns, more than 3");
}

#[test]
fn a_chunk_of_huge_records_is_full_before_its_slots_are() {
    let text = "id,n\n".to_owned() + &format!("1,{}\n", "x".repeat(400_000)).repeat(7);
    let input = InputSettings {
        max_record_bytes: 1 << 20,
        ..settings()
    };
    let mut records = Records::from_bytes("a.csv", Box::new(Cursor::new(text)), &input).unwrap();
    let mut chunk = Chunk::new(1000);
    let mut lengths = Vec::new();
    while records.fill(&mut chunk).unwrap() {
        lengths.push(chunk.len());
    }
    assert_eq!((lengths, chunk.len()), (vec![3, 3], 1));
}

#[test]
fn a_record_that_is_plain_is_left_to_be_parsed_and_every_other_is_parsed() {
    let check = |text: &'static str, plain: usize| {
        // One at a time, so that none is shown with another that is still to be parsed.
        let mut records = open(text.as_bytes()).unwrap();
        let (mut chunk, mut found) = (Chunk::new(1), 0);
        while records.fill_unparsed(&mut chunk).unwrap() {
            found += chunk.len() - chunk.iter().len();
        }
        assert_eq!(found, plain, "{text:?}");
    };
    check("id,n\n1,a\n\"2\",\"b\nc\"\r\n\n3,\n", 3);
    check("id,n\n1,a\n,\n\u{feff}2,b\n3,\"c\"d\n4,e\n\"\",f\n\" \",\nid,n\n5,g", 3);
    // A line that resembles its record, though the quotes hold.
    check("id,n\n1,\"a\n2,b\"\n4,d\n", 1);
}

#[test]
fn what_is_sound_before_a_failing_read_is_read() {
    /// Fails once, as a device may, and then seems to have ended.
    struct Failing(bool);
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Ok(0);
            }
            Err(std::io::Error::other("torn"))
        }
    }
    let text = "id,n\n1,a\n2,\"b\nc\"\n3,";
    let dialect = Dialect::of(text.as_bytes(), None).unwrap();
    let text = Box::new(Cursor::new(text).chain(Failing(false)));
    let mut records = Records::from_text("a.csv", text, dialect, &settings()).unwrap();
    let mut chunk = Chunk::new(9);
    let error = records.fill(&mut chunk).unwrap_err();
    assert_eq!(
        (chunk.len(), matches!(error, ReadError::Io { .. })),
        (2, true),
        "{error}"
    );
}

#[test]
fn the_parser_finds_its_place_again_behind_what_it_has_missed() {
    check(
        b"id,n\n1,a\n2,\"b\"x\n\n\n3,\"c\"y\n4,d\n",
        "1:2:5 1/a | 2:3:9 record.stray_quote@3 2/bx | 3:6:18 record.stray_quote@6 3/cy | 4:7:25 4/d | 2 blank, 7 lines, \
         29 bytes",
    );
    let mut records = open(b"id,n\n1,a\n2,12\"\n3,b\n4,13\"\n5,c").unwrap();
    let mut chunk = Chunk::new(9);
    assert!(!records.fill(&mut chunk).unwrap());
    // No quote has misled it.
    assert_eq!((chunk.len(), records.tally().bytes_again), (5, 0));
}
