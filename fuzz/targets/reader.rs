//! A file of any bytes, read in chunks: it must not panic, must come to an end, and every line must be answered for.

#![no_main]

use std::io::Cursor;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rollcall::config::settings::InputSettings;
use rollcall::config::{Layers, resolve};
use rollcall::model::chunk::Chunk;
use rollcall::read::Records;

static SETTINGS: LazyLock<InputSettings> = LazyLock::new(|| {
    let layers = Layers::load(None, std::iter::empty()).expect("the defaults are valid");
    let mut input = resolve(&layers).expect("the defaults are valid").input;
    // Small enough that a fuzzer reaches it.
    input.max_record_bytes = 256;
    input
});

fuzz_target!(|bytes: &[u8]| {
    let bytes = bytes.to_vec();
    let Ok(mut records) = Records::from_bytes("fuzz.csv", Box::new(Cursor::new(bytes)), &SETTINGS) else {
        return;
    };
    let mut chunk = Chunk::new(3);
    let (mut count, mut byte) = (0, 0);
    loop {
        let more = records.fill(&mut chunk);
        for (position, _) in chunk.iter() {
            count += 1;
            assert_eq!(position.record, count);
            assert!(position.byte >= byte, "records stand in the order of the file");
            byte = position.byte + 1;
        }
        match more {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => return,
        }
    }
    let tally = records.tally();
    assert_eq!(tally.records, count);
    assert!(tally.adds_up(), "{tally:?}");
});
