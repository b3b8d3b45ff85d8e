//! The arithmetic of check digits: weighted sums, Luhn, ISO 7064, remainders and days. It knows no country.

use jiff::civil::Date;

/// Exactly so many digits. Zeros alone are no number: every weighted sum holds for them, and people write them for
/// "unknown".
pub(super) fn digits<const COUNT: usize>(text: &str) -> Option<[u8; COUNT]> {
    let mut digits: [u8; COUNT] = text.as_bytes().try_into().ok()?;
    for digit in &mut digits {
        *digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
    }
    digits.iter().any(|digit| *digit != 0).then_some(digits)
}

/// Whether a text is not empty and has only ASCII digits.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is not empty and has only the letters A to Z.
pub(super) fn is_letters(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The sum of digits times weights, as far as both go.
pub(super) fn weighted(digits: &[u8], weights: &[u8]) -> u32 {
    let products = digits.iter().zip(weights);
    products
        .map(|(digit, weight)| u32::from(*digit) * u32::from(*weight))
        .sum()
}

/// Whether the check digit at the end is right by Luhn's formula: ISO/IEC 7812-1, annex B.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let value = |(place, digit): (usize, &u8)| match (place % 2, *digit) {
        (0, digit) => u32::from(digit),
        (_, digit) if digit > 4 => u32::from(digit) * 2 - 9,
        (_, digit) => u32::from(digit) * 2,
    };
    digits
        .iter()
        .rev()
        .enumerate()
        .map(value)
        .sum::<u32>()
        .is_multiple_of(10)
}

/// Whether the check digit at the end is right by ISO/IEC 7064, MOD 11,10.
pub(super) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else {
        return false;
    };
    let product = body.iter().fold(10, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (u32::from(*check) + product) % 10 == 1
}

/// The check value of these digits by ISO/IEC 7064, MOD 11-2; ten is written X.
pub(super) fn mod_11_2(digits: &[u8]) -> u32 {
    let sum = digits.iter().fold(0, |sum, digit| (sum + u32::from(*digit)) * 2 % 11);
    (12 - sum) % 11
}

/// What `11 - sum mod 11` comes to, with eleven for zero, as most authorities define their digit.
pub(super) fn complement_11(sum: u32) -> u32 {
    (11 - sum % 11) % 11
}

/// The number that digits stand for; at most nineteen of them.
pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(*digit))
}

/// The number that two digits of a text stand for.
pub(super) fn two(text: &str, at: usize) -> Option<u64> {
    text.get(at..at + 2).filter(|digits| is_digits(digits))?.parse().ok()
}

/// Whether the calendar has this day.
pub(super) fn is_day(year: u64, month: u64, day: u64) -> bool {
    let date = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    matches!(date, (Ok(year), Ok(month), Ok(day)) if Date::new(year, month, day).is_ok())
}

/// Whether any year has this day: for numbers that leave the century open.
pub(super) fn is_day_of_some_year(month: u64, day: u64) -> bool {
    is_day(2000, month, day)
}
