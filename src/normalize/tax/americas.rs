//! Checks of the numbers of the Americas; sources are in the table.

use super::arithmetic::{
    complement_11, digits, is_day, is_day_of_some_year, is_digits, is_letters, luhn, number, two, weighted,
};

/// Numbers that advertisements made public, so that thousands of people gave them for their own: the Social Security
/// Administration declared each void.
const ADVERTISED: [u64; 3] = [78_051_120, 219_099_999, 457_555_462];

pub(super) fn social_security(text: &str) -> Option<bool> {
    let all = digits::<9>(text)?;
    let (area, rest) = all.split_at_checked(3)?;
    let (group, serial) = rest.split_at_checked(2)?;
    let is_area = !matches!(number(area), 0 | 666 | 900..);
    Some(is_area && number(group) != 0 && number(serial) != 0 && !ADVERTISED.contains(&number(&all)))
}

pub(super) fn individual_taxpayer(text: &str) -> Option<bool> {
    let [first, ..] = digits::<9>(text)?;
    Some(first == 9 && matches!(two(text, 3)?, 50..=65 | 70..=88 | 90..=92 | 94..=99))
}

/// An EIN with its hyphen, which tells it from an SSN and so stays.
pub(super) fn employer_with_hyphen(text: &str) -> Option<bool> {
    let (prefix, rest) = text.split_once('-')?;
    Some(prefix.len() == 2 && is_employer_prefix(prefix) && rest.len() == 7 && is_digits(rest))
}

pub(super) fn employer_bare(text: &str) -> Option<bool> {
    digits::<9>(text)?;
    Some(is_employer_prefix(text.get(..2)?))
}

fn is_employer_prefix(prefix: &str) -> bool {
    let prefix = prefix.parse::<u8>();
    let valid = |prefix| matches!(prefix, 1..=6 | 10..=16 | 20..=27 | 30..=48 | 50..=68 | 71..=77 | 80..=88 | 90..=95 | 98 | 99);
    prefix.is_ok_and(valid)
}

pub(super) fn canada(text: &str) -> Option<bool> {
    Some(luhn(&digits::<9>(text)?))
}

pub(super) fn brazil(text: &str) -> Option<bool> {
    let all = digits::<11>(text)?;
    let [.., first, second] = all;
    let first_sum = weighted(&all, &[10, 9, 8, 7, 6, 5, 4, 3, 2]);
    let second_sum = weighted(&all, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    Some(complement_11(first_sum) % 10 == u32::from(first) && complement_11(second_sum) % 10 == u32::from(second))
}

pub(super) fn argentina(text: &str) -> Option<bool> {
    let all = digits::<11>(text)?;
    let [.., check] = all;
    let expected = complement_11(weighted(&all, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]));
    // Where ten comes out, nine is written.
    Some(expected.min(9) == u32::from(check))
}

pub(super) fn chile(text: &str) -> Option<bool> {
    let (body, check) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !is_digits(body) || !(6..=8).contains(&body.len()) || body.bytes().all(|digit| digit == b'0') {
        return None;
    }
    let weights = [2, 3, 4, 5, 6, 7].iter().cycle();
    let sum = body
        .bytes()
        .rev()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let expected = complement_11(sum);
    Some(if expected == 10 {
        check == "K"
    } else {
        check.parse() == Ok(expected)
    })
}

/// The register has true numbers with a wrong check character, so the shape and the day are all that can be held.
pub(super) fn mexico_tax_register(text: &str) -> Option<bool> {
    let name_end = text.char_indices().nth(4)?.0;
    let (name, rest) = text.split_at_checked(name_end)?;
    let is_name = name
        .chars()
        .all(|letter| letter.is_ascii_uppercase() || letter == '&' || letter == 'Ñ');
    let (day, suffix) = rest.split_at_checked(6)?;
    let is_suffix = suffix.len() == 3 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    Some(is_name && is_suffix && is_digits(day) && is_day_of_some_year(two(day, 2)?, two(day, 4)?))
}

pub(super) fn mexico_population_register(text: &str) -> Option<bool> {
    const ORDER: &str = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ";
    let century = if text.get(16..17)?.starts_with(|letter: char| letter.is_ascii_digit()) {
        1900
    } else {
        2000
    };
    let is_shape = text.chars().count() == 18
        && is_letters(text.get(..4)?)
        && is_digits(text.get(4..10)?)
        && matches!(text.get(10..11)?, "H" | "M" | "X")
        && is_letters(text.get(11..16)?);
    let mut sum = 0;
    for (letter, weight) in text.chars().take(17).zip((2..=18).rev()) {
        sum += ORDER.chars().position(|other| other == letter)? * weight;
    }
    let check = text.get(17..)?.parse() == Ok((10 - sum % 10) % 10);
    Some(is_shape && check && is_day(century + two(text, 4)?, two(text, 6)?, two(text, 8)?))
}
