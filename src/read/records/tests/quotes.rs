//! Texts with quotes that are missing or too much.

use super::*;

#[test]
fn behind_a_bad_quote_reading_goes_on_at_the_next_record_that_fits() {
    check(
        b"id,n\n1,a\n2,\"b\n3,c\n4,d\n",
        "1:2:5 1/a | 2:3:9 record.quote_open@3 2,\"b | 3:4:14 3/c | 4:5:18 4/d | 0 blank, 5 lines, 22 bytes",
    );
    check(
        b"id,n\r\n1,\"a\r\n2,\"b\r\n3\r\n4,d\r\n",
        "1:2:6 record.quote_open@2 1,\"a\r\n2,\"b\r\n3 | 2:5:21 4/d | 0 blank, 5 lines, 26 bytes",
    );
    check(
        b"id,n\r\"1\r\",\"a\r2,b\r3,\"c\"\r",
        "1:2:5 record.quote_open@3 \"1\r\",\"a | 2:4:13 2/b | 3:5:17 3/c | 0 blank, 5 lines, 23 bytes",
    );
    // Two bad quotes that would cancel each other out, in a record that does not fit.
    check(
        b"id,n\n1,\"a\n2,b\n3,4\",x\n",
        "1:2:5 record.quote_open@2 1,\"a | 2:3:10 2/b | 3:4:14 record.stray_quote@4 3/4\"/x | 0 blank, 4 lines, 21 bytes",
    );
    // Two records next to each other, in the last column of the one and the first of the other.
    check(
        b"id,n\n1,\"a\n2\",b\n3,c\n",
        "1:2:5 record.quote_open@2 1,\"a | 2:3:10 record.stray_quote@3 2\"/b | 3:4:15 3/c | 0 blank, 4 lines, 19 bytes",
    );
    // Nothing fits, so the record takes the rest.
    check(
        b"id,n\n1,\"a\n2,\"b\n\n",
        "1:2:5 record.quote_open@2 1,\"a\n2,\"b\n | 0 blank, 4 lines, 16 bytes",
    );
    check(
        b"id,n\n1,\"a",
        "1:2:5 record.quote_open@2 1,\"a | 0 blank, 2 lines, 9 bytes",
    );
}

#[test]
fn a_value_of_several_lines_stays_one_record() {
    check(
        b"id,n\n1,\"a\nb, c\nd\"\n2,b\n",
        "1:2:5 1/a\nb, c\nd | 2:5:18 2/b | 0 blank, 5 lines, 22 bytes",
    );
    // It does not fit the header, and neither does a line of it.
    check(
        b"id,n\n1,\"a\nb\nd\"\n,2\n",
        "1:2:5 1/a\nb\nd | 2:5:15 /2 | 0 blank, 5 lines, 18 bytes",
    );
}

#[test]
fn bad_quotes_of_a_header_stop_the_reading() {
    check(
        b"id,\"n\n1,a\n",
        "a quote in the header of a.csv is never closed: line 1, byte 3",
    );
    check(
        b"id,\"n\"x\n",
        "the header of a.csv has text behind a closing quote: line 1, byte 6",
    );
    check(
        b"\n\"id\n\"x,n\n",
        "the header of a.csv has text behind a closing quote: line 3, byte 6",
    );
}

#[test]
fn a_stray_quote_on_one_line_is_of_its_record_alone() {
    check(
        b"id,n\n1,\"An\"n\n2,A\"nn\n",
        "1:2:5 record.stray_quote@2 1/Ann | 2:3:13 2/A\"nn | 0 blank, 3 lines, 20 bytes",
    );
}

#[test]
fn an_inch_is_a_far_end_only_where_one_is_expected() {
    check(
        b"id,n\n1,12\"\n2,\"a\n3,b\n4,12\"\n5,13\"\n",
        "1:2:5 1/12\" | 2:3:11 record.quote_open@3 2,\"a | 3:4:16 3/b | 4:5:20 record.stray_quote@5 4/12\" | 5:6:26 5/13\" | \
         0 blank, 6 lines, 32 bytes",
    );
    check(
        b"id,n\n1\",a\n\"2\",b\"\n3,c\"d\n",
        "1:2:5 record.stray_quote@2 1\"/a | 2:3:10 record.stray_quote@3 2/b\" | 3:4:17 3/c\"d | 0 blank, 4 lines, 23 bytes",
    );
    // Of a header, every name is shown anyway.
    check(b"id\",n\n1,a\n", "1:2:6 1/a | 0 blank, 2 lines, 10 bytes");
    let many = |records: usize| {
        let text = format!("id,n\n1,\"a\n{}3,12\"\n", "2,b\n".repeat(records));
        let mut records = Records::from_bytes("a.csv", Box::new(Cursor::new(text)), &settings()).unwrap();
        let mut chunk = Chunk::new(1000);
        assert!(!records.fill(&mut chunk).unwrap());
        chunk.iter().filter(|(place, _)| chunk.broken(*place).is_some()).count()
    };
    assert_eq!((many(99), many(100)), (2, 1));
}

#[test]
fn what_cannot_be_decoded_is_said_where_it_stands_though_it_was_seen_ahead() {
    // The search behind the quote comes upon the byte; so do those that read on behind it.
    check(
        b"id,n\n1,\"a\n2,b\n\xfc,c\n",
        "1:2:5 record.quote_open@2 1,\"a | 2:3:10 2/b | record 3 of a.csv is not UTF-8: line 4, byte 14, column 1 (`id`)",
    );
}

#[test]
fn more_bad_quotes_than_can_be_borne_stop_the_reading() {
    let mut records = open(b"id,n\n1,\"a\n2,b\n3,\"c\n4,d\n").unwrap();
    // The first of them costs the 13 bytes from line 3 on, and the line that fits.
    records.allowance = (20, 0);
    let mut chunk = Chunk::new(9);
    let error = records.fill(&mut chunk).unwrap_err();
    assert_eq!(
        (chunk.len(), error.to_string().as_str()),
        (
            2,
            "so many quotes of a.csv are missing or too much that it is not read on: line 4"
        )
    );
    assert!(error.hint().is_some());
}
