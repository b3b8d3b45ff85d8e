//! Checks of the numbers of Great Britain, Ireland, France, Germany, Austria, Switzerland and the Low Countries;
//! sources are in the table.

use super::arithmetic::{digits, is_digits, is_letters, luhn, mod_11_10, number, two, weighted};

pub(super) fn national_insurance(text: &str) -> Option<bool> {
    let (prefix, rest) = text.split_at_checked(2)?;
    let (serial, suffix) = rest.split_at_checked(6)?;
    let never = |letter: char| "DFIQUV".contains(letter);
    let is_prefix = is_letters(prefix)
        && !prefix.contains(never)
        && !prefix.ends_with('O')
        && !["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"].contains(&prefix);
    Some(is_prefix && is_digits(serial) && matches!(suffix, "A" | "B" | "C" | "D"))
}

pub(super) fn unique_taxpayer(text: &str) -> Option<bool> {
    const CHECK: [u8; 11] = [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    let all = digits::<10>(text)?;
    let [check, body @ ..] = &all;
    let sum = weighted(body, &[6, 7, 8, 9, 10, 5, 4, 3, 2]);
    Some(CHECK.get(usize::try_from(sum % 11).ok()?) == Some(check))
}

pub(super) fn temporary_reference(text: &str) -> Option<bool> {
    let (first, rest) = text.split_at_checked(2)?;
    let (letter, serial) = rest.split_at_checked(1)?;
    Some(is_digits(first) && is_letters(letter) && serial.len() == 5 && is_digits(serial))
}

pub(super) fn ireland(text: &str) -> Option<bool> {
    const CHECK: &str = "WABCDEFGHIJKLMNOPQRSTUV";
    let (body, letters) = text.split_at_checked(7)?;
    let body = digits::<7>(body)?;
    let mut letters = letters.chars();
    let check = letters.next()?;
    let second = match letters.next() {
        // Letters of the past, which say something about a marriage or a trust and are not in the sum.
        None | Some('W' | 'T' | 'X') => 0,
        Some(letter @ 'A'..='I') => CHECK.find(letter)?,
        Some(_) => return None,
    };
    let sum = weighted(&body, &[8, 7, 6, 5, 4, 3, 2]) + u32::try_from(second).ok()? * 9;
    let expected = CHECK.chars().nth(usize::try_from(sum % 23).ok()?);
    Some(letters.next().is_none() && expected == Some(check))
}

pub(super) fn france_tax(text: &str) -> Option<bool> {
    let all = digits::<13>(text)?;
    let (body, check) = all.split_at_checked(10)?;
    Some(matches!(body, [0..=3, ..]) && number(body) % 511 == number(check))
}

pub(super) fn france_register(text: &str) -> Option<bool> {
    // The two departments of Corsica count as the numbers that they had before 1976, or rather as if.
    let text = match text.get(5..7)? {
        "2A" => text.replacen("2A", "19", 1),
        "2B" => text.replacen("2B", "18", 1),
        _ => text.to_owned(),
    };
    let all = digits::<15>(&text)?;
    let (body, check) = all.split_at_checked(13)?;
    Some(97 - number(body) % 97 == number(check))
}

pub(super) fn germany_identification(text: &str) -> Option<bool> {
    let all = digits::<11>(text)?;
    let (body, _) = all.split_at_checked(10)?;
    let count = |digit: u8| {
        body.iter()
            .filter(|other| **other == digit)
            .fold(0, |count, _| count + 1)
    };
    let repeated: Vec<u8> = (0..=9).map(count).filter(|count| *count > 1).collect();
    Some(matches!(body, [1..=9, ..]) && matches!(repeated.as_slice(), [2 | 3]) && mod_11_10(&all))
}

/// What cannot be an IdNr, without its slashes.
pub(super) fn germany_tax_office(text: &str) -> Option<bool> {
    const LANDS: [&str; 16] = [
        "10", "11", "21", "22", "23", "24", "26", "27", "28", "30", "31", "32", "40", "41", "5", "9",
    ];
    let is_land = LANDS.iter().any(|land| text.starts_with(land));
    let is_shape = match text.len() {
        10 => true,
        11 => text.starts_with('0'),
        13 => is_land && text.get(4..5)? == "0",
        _ => false,
    };
    Some(is_shape && is_digits(text) && text.contains(|digit| digit != '0'))
}

/// Eleven digits that could be an IdNr but for their slashes, which therefore stay.
pub(super) fn germany_tax_office_with_slashes(text: &str) -> Option<bool> {
    let parts = text.split('/');
    let slashes = parts.clone().count().checked_sub(1)?;
    let all = parts.clone().map(str::len).sum::<usize>();
    Some((1..=2).contains(&slashes) && all == 11 && parts.into_iter().all(is_digits))
}

pub(super) fn austria_tax(text: &str) -> Option<bool> {
    Some(luhn(&digits::<9>(text)?))
}

pub(super) fn austria_insurance(text: &str) -> Option<bool> {
    let all = digits::<10>(text)?;
    let [first, _, _, check, ..] = all;
    Some(first != 0 && weighted(&all, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == u32::from(check))
}

pub(super) fn switzerland(text: &str) -> Option<bool> {
    let all = digits::<13>(text)?;
    let sum = weighted(&all, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]);
    Some(text.starts_with("756") && sum.is_multiple_of(10))
}

pub(super) fn netherlands(text: &str) -> Option<bool> {
    let all = digits::<9>(text)?;
    let [.., check] = all;
    Some(weighted(&all, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == u32::from(check))
}

/// The day is not held: where the numbers of a day ran out, days and months that no calendar has were given.
pub(super) fn belgium(text: &str) -> Option<bool> {
    let all = digits::<11>(text)?;
    let (body, check) = all.split_at_checked(9)?;
    let is_month = matches!(two(text, 2)?, 0..=12 | 20..=32 | 40..=52);
    // Since 2000 a 2 is set in front of the digits before they are divided.
    let is_check = |body: u64| 97 - body % 97 == number(check);
    Some(is_month && (is_check(number(body)) || is_check(2_000_000_000 + number(body))))
}
