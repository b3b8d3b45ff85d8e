//! Checks of the numbers of the Nordic countries and Poland; sources are in the table.

use super::arithmetic::{digits, is_day, is_day_of_some_year, is_digits, luhn, two, weighted};

pub(super) fn poland_register(text: &str) -> Option<bool> {
    let all = digits::<11>(text)?;
    let [.., check] = all;
    let sum = weighted(&all, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    let month = two(text, 2)?;
    // The century is added to the month: 80 for the 1800s, 20 for the 2000s and so on.
    let century = [1900, 2000, 2100, 2200, 1800].get(usize::try_from(month / 20).ok()?)?;
    let is_birthday = is_day(century + two(text, 0)?, month % 20, two(text, 4)?);
    Some((10 - sum % 10) % 10 == u32::from(check) && is_birthday)
}

pub(super) fn poland_tax(text: &str) -> Option<bool> {
    let all = digits::<10>(text)?;
    let [.., check] = all;
    Some(weighted(&all, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == u32::from(check))
}

/// With or without a century. The sign `+`, a hundred years and older, is a part of the number, and so it stays.
pub(super) fn sweden(text: &str) -> Option<bool> {
    let plain = text.replacen('+', "", 1);
    let is_signed = plain.len() == text.len() || text.rfind('+') == text.len().checked_sub(5);
    let (century, rest) = plain.split_at_checked(plain.len().checked_sub(10)?)?;
    let all = digits::<10>(rest)?;
    let day = match two(rest, 4)? {
        // A coordination number, for people who are not in the register of the population.
        day @ 61..=91 => day - 60,
        day => day,
    };
    let (year, month) = (two(rest, 0)?, two(rest, 2)?);
    let is_birthday = match century {
        "" => is_day_of_some_year(month, day),
        "18" => is_day(1800 + year, month, day),
        "19" => is_day(1900 + year, month, day),
        "20" => is_day(2000 + year, month, day),
        _ => false,
    };
    Some(is_signed && is_birthday && luhn(&all))
}

/// Days of 61 and more are those of administrative numbers.
pub(super) fn denmark(text: &str) -> Option<bool> {
    digits::<10>(text)?;
    let day = match two(text, 0)? {
        day @ 61..=91 => day - 60,
        day => day,
    };
    Some(is_day_of_some_year(two(text, 2)?, day))
}

/// The first check digit may be up to three more than its remainder from 2032 on, and the serial number says nothing
/// about the century then; the second check digit holds for all and finds every single wrong digit.
pub(super) fn norway(text: &str) -> Option<bool> {
    let all = digits::<11>(text)?;
    let first = weighted(&all, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11;
    let second = weighted(&all, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11;
    // Forty more is the day of a D-number, or the month of an H-number.
    let less = |value: u64| if value > 40 { value - 40 } else { value };
    let is_birthday = is_day_of_some_year(less(two(text, 2)?), less(two(text, 0)?));
    Some(first <= 3 && second == 0 && is_birthday)
}

/// The sign between day and serial number is the century's, and so it stays.
pub(super) fn finland(text: &str) -> Option<bool> {
    const CHECK: &str = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (day, rest) = text.split_at_checked(6)?;
    let (sign, rest) = rest.split_at_checked(1)?;
    let (serial, check) = rest.split_at_checked(3)?;
    let century = match sign {
        "+" => 1800,
        "-" | "U" | "V" | "W" | "X" | "Y" => 1900,
        "A" | "B" | "C" | "D" | "E" | "F" => 2000,
        _ => return None,
    };
    let is_birthday = is_day(century + two(day, 4)?, two(day, 2)?, two(day, 0)?);
    if !is_digits(serial) {
        return None;
    }
    let remainder = [day, serial].concat().parse::<usize>().ok()? % 31;
    // The register gives 002 to 899; the nine hundreds are made up by organizations for their own use.
    let is_serial = (2..900).contains(&serial.parse::<u32>().ok()?);
    Some(is_birthday && is_serial && CHECK.get(remainder..=remainder) == Some(check))
}
