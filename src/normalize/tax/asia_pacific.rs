//! Checks of the numbers of Asia, the Pacific and Africa; sources are in the table.

use super::arithmetic::{
    complement_11, digits, is_day, is_day_of_some_year, is_letters, luhn, mod_11_2, number, two, weighted,
};

/// Those of eight digits are older, and no publication says how their last one is made: their shape is all.
pub(super) fn australia(text: &str) -> Option<bool> {
    if digits::<8>(text).is_some() {
        return Some(true);
    }
    Some(weighted(&digits::<9>(text)?, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11))
}

pub(super) fn new_zealand(text: &str) -> Option<bool> {
    let all = digits::<9>(text)?;
    let [.., check] = all;
    let expected = match complement_11(weighted(&all, &[3, 2, 7, 6, 5, 4, 3, 2])) {
        10 => complement_11(weighted(&all, &[7, 4, 3, 2, 5, 2, 7, 6])),
        expected => expected,
    };
    // The lowest number that was issued; the highest moves with time.
    Some(number(&all) > 10_000_000 && expected == u32::from(check))
}

pub(super) fn china(text: &str) -> Option<bool> {
    let (body, check) = text.split_at_checked(17)?;
    let body = digits::<17>(body)?;
    let expected = mod_11_2(&body);
    let is_check = match expected {
        10 => check == "X",
        _ => check.len() == 1 && check.parse() == Ok(expected),
    };
    let year = two(text, 6)? * 100 + two(text, 8)?;
    Some(is_check && is_day(year, two(text, 10)?, two(text, 12)?))
}

pub(super) fn india(text: &str) -> Option<bool> {
    let (letters, rest) = text.split_at_checked(5)?;
    let (serial, check) = rest.split_at_checked(4)?;
    let is_person = letters.get(3..4)? == "P";
    Some(is_letters(letters) && is_person && digits::<4>(serial).is_some() && check.len() == 1 && is_letters(check))
}

pub(super) fn israel(text: &str) -> Option<bool> {
    Some(luhn(&digits::<9>(text)?))
}

pub(super) fn japan(text: &str) -> Option<bool> {
    let all = digits::<12>(text)?;
    let [.., check] = all;
    Some(complement_11(weighted(&all, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])) % 10 == u32::from(check))
}

/// Numbers given out since October 2020 end in random digits.
pub(super) fn korea(text: &str) -> Option<bool> {
    let [_, _, _, _, _, _, seventh, ..] = digits::<13>(text)?;
    let century = match seventh {
        1 | 2 | 5 | 6 => 1900,
        3 | 4 | 7 | 8 => 2000,
        _ => 1800,
    };
    Some(is_day(century + two(text, 0)?, two(text, 2)?, two(text, 4)?))
}

pub(super) fn turkey_identity(text: &str) -> Option<bool> {
    let all = digits::<11>(text)?;
    let [first, .., tenth, eleventh] = all;
    let sum = weighted(&all, &[7, 9, 7, 9, 7, 9, 7, 9, 7]);
    let plain = weighted(&all, &[1; 10]);
    Some(first != 0 && sum % 10 == u32::from(tenth) && plain % 10 == u32::from(eleventh))
}

pub(super) fn turkey_tax(text: &str) -> Option<bool> {
    let all = digits::<10>(text)?;
    let [body @ .., check] = &all;
    let value = |(digit, place): (&u8, u32)| {
        let shifted = (u32::from(*digit) + place) % 10;
        let product = shifted * 2_u32.pow(place) % 9;
        if shifted != 0 && product == 0 { 9 } else { product }
    };
    let sum: u32 = body.iter().zip((1..=9).rev()).map(value).sum();
    Some((10 - sum % 10) % 10 == u32::from(*check))
}

pub(super) fn south_africa_identity(text: &str) -> Option<bool> {
    let all = digits::<13>(text)?;
    Some(luhn(&all) && is_day_of_some_year(two(text, 2)?, two(text, 4)?))
}

pub(super) fn south_africa_tax(text: &str) -> Option<bool> {
    let all = digits::<10>(text)?;
    Some(luhn(&all) && matches!(all, [0..=3 | 9, ..]))
}
