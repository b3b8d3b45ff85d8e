//! Checks of the numbers of Italy, Portugal and Spain; sources are in the table.

use super::arithmetic::{complement_11, digits, is_day_of_some_year, is_digits, is_letters, luhn, weighted};

/// What an odd place of an Italian code counts for each letter from A; digits count as the first ten letters.
const ODD_PLACES: [u32; 26] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

pub(super) fn portugal(text: &str) -> Option<bool> {
    let all = digits::<9>(text)?;
    let [first, .., check] = all;
    Some(first != 0 && complement_11(weighted(&all, &[9, 8, 7, 6, 5, 4, 3, 2])) % 10 == u32::from(check))
}

/// A DNI, or a NIE, whose first letter counts as a digit.
pub(super) fn spain(text: &str) -> Option<bool> {
    const CHECK: &str = "TRWAGMYFPDXBNJZSQVHLCKE";
    let (body, check) = text.split_at_checked(8)?;
    let body = match body.split_at_checked(1)? {
        ("X", rest) => ["0", rest].concat(),
        ("Y", rest) => ["1", rest].concat(),
        ("Z", rest) => ["2", rest].concat(),
        _ => body.to_owned(),
    };
    if !is_digits(&body) {
        return None;
    }
    let remainder = body.parse::<usize>().ok()? % 23;
    Some(body != "00000000" && CHECK.get(remainder..=remainder) == Some(check))
}

/// How their last letter is made is published nowhere: their shape is all.
pub(super) fn spain_without_papers(text: &str) -> Option<bool> {
    let (kind, rest) = text.split_at_checked(1)?;
    let (serial, check) = rest.split_at_checked(7)?;
    Some(matches!(kind, "K" | "L" | "M") && is_digits(serial) && check.len() == 1 && is_letters(check))
}

pub(super) fn italy(text: &str) -> Option<bool> {
    let (body, check) = text.split_at_checked(15)?;
    let names = body.get(..6)?;
    let numbers = [body.get(6..8)?, body.get(9..11)?, body.get(12..15)?];
    // Where two people would have the same code, digits are written as letters from the last on.
    let is_number = |text: &str| text.bytes().all(|byte| italian_digit(byte).is_some());
    let is_shape = is_letters(names) && is_letters(body.get(11..12)?) && numbers.into_iter().all(is_number);
    let month = "ABCDEHLMPRST".find(body.get(8..9)?)? + 1;
    let mut day = body.get(9..11)?.bytes().filter_map(italian_digit);
    // Forty is added to the days of women.
    let day = (day.next()? * 10 + day.next()?) % 40;
    let mut sum = 0;
    for (place, byte) in body.bytes().enumerate() {
        let value = usize::from(if byte.is_ascii_digit() {
            byte - b'0'
        } else {
            byte.checked_sub(b'A')?
        });
        sum += if place % 2 == 0 {
            *ODD_PLACES.get(value)?
        } else {
            u32::try_from(value).ok()?
        };
    }
    let is_check = check.len() == 1 && check.bytes().all(|byte| u32::from(byte) == u32::from(b'A') + sum % 26);
    Some(is_shape && is_check && is_day_of_some_year(u64::try_from(month).ok()?, day))
}

fn italian_digit(byte: u8) -> Option<u64> {
    let letter = || "LMNPQRSTUV".bytes().position(|letter| letter == byte);
    let digit = byte.is_ascii_digit().then(|| usize::from(byte - b'0'));
    u64::try_from(digit.or_else(letter)?).ok()
}

pub(super) fn italy_provisional(text: &str) -> Option<bool> {
    Some(luhn(&digits::<11>(text)?))
}
