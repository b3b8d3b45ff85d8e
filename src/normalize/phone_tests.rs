//! How telephone numbers are read: one case for each way of writing, and for each way of losing a sign.

use super::super::notes::verdict;
use super::*;

fn check(value: &str, region: Option<&str>, expected: Result<&str, Rule>) {
    let (mut to, mut notes) = (String::new(), Notes::new());
    let phones = Phones::new(&PhoneRules::load().unwrap()).unwrap();
    let result = phones.phone(value, region, &mut to, &mut notes);
    assert_eq!(verdict(result, &notes, &to), expected, "{value:?}");
}

#[test]
fn numbers_become_e164() {
    check("+49 30 901820", None, Ok("+4930901820"));
    check("030 901820", Some("DE"), Ok("+4930901820"));
    check("0049 30 901820", Some("FR"), Ok("+4930901820"));
    check("(02) 201 24 67", Some("BE"), Ok("+3222012467"));
    check("+39 06 6982", None, Ok("+39066982"));
}

#[test]
fn numbers_are_read_in_a_region_or_not_at_all() {
    check("030 901820", None, Err(Rule::PhoneNoRegion));
    check("030 901820", Some("??"), Err(Rule::PhoneNoRegion));
}

#[test]
fn what_cannot_be_dialed_is_a_finding() {
    check("(171) 555-7788", Some("GB"), Err(Rule::PhoneNotValid));
    check("+999 12345678", None, Err(Rule::PhoneNotValid));
    check("n/a", Some("DE"), Err(Rule::PhoneNotANumber));
    check("unknown", None, Err(Rule::PhoneNotANumber));
    check("+49 30 901820 ext. 12", None, Err(Rule::PhoneExtension));
    check("+49 30 901820;ext=12", None, Err(Rule::PhoneExtension));
}

#[test]
fn nothing_beside_the_number_becomes_a_part_of_it() {
    for value in [
        "+49 30 901820 (home)",
        "+49 30 901820 doppel",
        "+49 30 901820p12",
        "+49 30 901820 / 21",
        "+49 30 901820 / +49 30 901821",
        "+49 30 901820, +49 30 901821",
        "+49-30-901820;isub=12",
        "+4930901820.0",
        "+1 800 FLOWERS",
        "a+49 30 901820",
    ] {
        check(value, None, Err(Rule::PhoneNotANumber));
    }
    for value in ["1-800-FLOWERS", "030 901820 ANNA", "030 901820 / 21"] {
        check(value, Some("DE"), Err(Rule::PhoneNotANumber));
    }
}

#[test]
fn marks_around_the_number_are_no_part_of_it() {
    for value in [
        "tel:+49-30-901820",
        "＋４９ ３０ ９０１８２０",
        "'+4930901820",
        "+49 (0) 30 / 901820",
        "+49 30/901820",
        "(+49) 30.901820",
    ] {
        check(value, None, Ok("+4930901820"));
    }
    check("030/901820", Some("DE"), Ok("+4930901820"));
}

/// Whether a value is read without a finding of any kind, or with exactly this repair.
fn repaired(value: &str, region: Option<&str>, repair: Option<Rule>, expected: &str) {
    let (mut to, mut notes) = (String::new(), Notes::new());
    let phones = Phones::new(&PhoneRules::load().unwrap()).unwrap();
    let result = phones.phone(value, region, &mut to, &mut notes);
    assert_eq!(result, Ok(()), "{value:?}");
    assert_eq!(
        (to.as_str(), notes),
        (expected, repair.into_iter().collect()),
        "{value:?}"
    );
}

#[test]
fn a_lost_plus_is_put_back_where_one_reading_is_valid() {
    let restored = Some(Rule::PhonePlusRestored);
    repaired("442079460018", Some("FR"), restored, "+442079460018");
    repaired("442079460018", Some("US"), restored, "+442079460018");
    repaired("442079460018", Some("GB"), restored, "+442079460018");
    repaired("33123456789", Some("FR"), restored, "+33123456789");
    repaired("79161234567", Some("RU"), restored, "+79161234567");
    check("442079460018", None, Err(Rule::PhoneNoRegion));
    check("44 20 7946 0018", Some("FR"), Err(Rule::PhoneNotValid));
}

#[test]
fn a_lost_zero_is_put_back_where_one_reading_is_valid() {
    let restored = Some(Rule::PhoneZeroRestored);
    repaired("2079460018", Some("GB"), restored, "+442079460018");
    repaired("123456789", Some("FR"), restored, "+33123456789");
    // The zero is a part of the number in Italy, and of a longer prefix in Hungary.
    repaired("669821234", Some("IT"), restored, "+390669821234");
    repaired("612345678", Some("HU"), restored, "+3612345678");
    repaired("712345678", Some("CI"), restored, "+2250712345678");
    check("2079460018", None, Err(Rule::PhoneNoRegion));
    // Nine of the ten digits of a mobile number, or a landline without its zero.
    check("312345678", Some("IT"), Err(Rule::PhoneNotValid));
}

#[test]
fn digits_that_are_two_numbers_are_none() {
    check("33123456789", Some("DE"), Err(Rule::PhoneAmbiguous));
}

#[test]
fn digits_that_could_be_mistyped_get_no_plus() {
    // Ten digits, as every number of the United States has, and a number of Germany behind a plus.
    check("4930901820", None, Err(Rule::PhoneNoRegion));
    check("4930901820", Some("US"), Err(Rule::PhoneNotValid));
    // Eleven digits: a number of Egypt behind a plus, or one of New Jersey with a digit too many.
    check("20155501234", Some("US"), Err(Rule::PhoneNotValid));
    repaired("20155501234", Some("ES"), Some(Rule::PhonePlusRestored), "+20155501234");
}

#[test]
fn numbers_that_lost_nothing_are_not_touched() {
    repaired("2015550123", Some("US"), None, "+12015550123");
    repaired("12015550123", Some("US"), None, "+12015550123");
    repaired("612345678", Some("ES"), None, "+34612345678");
    repaired("32123456", Some("DK"), None, "+4532123456");
    repaired("3123456789", Some("IT"), None, "+393123456789");
    repaired("9161234567", Some("RU"), None, "+79161234567");
    repaired("1800123456", Some("AU"), None, "+611800123456");
    repaired("20 7946 0018", Some("GB"), None, "+442079460018");
    repaired("02079460018", Some("GB"), None, "+442079460018");
    repaired("+442079460018", Some("FR"), None, "+442079460018");
}

#[test]
fn double_zero_stands_for_plus_where_it_is_not_dialed() {
    let replaced = Some(Rule::PhonePrefixReplaced);
    for value in [
        "0044 20 7946 0018",
        "00442079460018",
        "(00) 44 20 7946 0018",
        "00-44-2079460018",
    ] {
        repaired(value, Some("US"), replaced, "+442079460018");
        repaired(value, Some("JP"), replaced, "+442079460018");
        repaired(value, None, replaced, "+442079460018");
        repaired(value, Some("DE"), None, "+442079460018");
    }
    repaired("0011 44 20 7946 0018", Some("AU"), None, "+442079460018");
    // With + in place of 00 these would be numbers of North America, by what Australia and Cambodia dial.
    check("0011 61 89162123", Some("CC"), Err(Rule::PhoneNotValid));
    check("001 855 2375678", Some("KH"), Err(Rule::PhoneNotValid));
    check("0044 171 555 7788", Some("US"), Err(Rule::PhoneNotValid));
    check("0044 171 555 7788", None, Err(Rule::PhoneNoRegion));
    check("0044 20 7946 0018 ext. 12", None, Err(Rule::PhoneExtension));
    check("0044 20 7946 0018 home", None, Err(Rule::PhoneNoRegion));
}

#[test]
fn the_scheme_of_a_uri_is_read_in_any_case() {
    for value in ["tel:+442079460018", "TEL:+44-20-7946-0018", "Tel: +44(20)7946.0018"] {
        repaired(value, None, None, "+442079460018");
    }
    repaired("tel:020-7946-0018", Some("GB"), None, "+442079460018");
    repaired(
        "tel:2079460018",
        Some("GB"),
        Some(Rule::PhoneZeroRestored),
        "+442079460018",
    );
    check("tel:+442079460018;ext=12", None, Err(Rule::PhoneExtension));
    check("tel:7946;phone-context=+44", None, Err(Rule::PhoneNotANumber));
    check("fax:+442079460018", None, Err(Rule::PhoneNotANumber));
}

#[test]
fn a_number_with_separators_that_may_have_lost_its_plus_is_two_numbers() {
    for value in [
        "49 171 1234567",
        "49 151 12345678",
        "49 221 1234567",
        "49-171-1234567",
        "44 20 7946 0018",
        "(44) 20 7946 0018",
        "41 44 668 18 00",
    ] {
        check(value, Some("DE"), Err(Rule::PhoneAmbiguous));
    }
    for (value, region, expected) in [
        ("030 901820", "DE", "+4930901820"),
        ("171 1234567", "DE", "+491711234567"),
        ("20 7946 0018", "GB", "+442079460018"),
        ("44 20 7946 0018", "GB", "+442079460018"),
        ("201 555 0123", "US", "+12015550123"),
        ("(201) 555-0123", "US", "+12015550123"),
        ("1 201 555 0123", "US", "+12015550123"),
        ("612 34 56 78", "ES", "+34612345678"),
        ("32 12 34 56", "DK", "+4532123456"),
        ("312 345 6789", "IT", "+393123456789"),
        ("06 6982 1234", "IT", "+390669821234"),
    ] {
        repaired(value, Some(region), None, expected);
    }
}

#[test]
fn a_zero_in_parentheses_stands_behind_a_countrys_code() {
    let restored = Some(Rule::PhonePlusRestored);
    repaired("49(0)30123456", Some("DE"), restored, "+4930123456");
    repaired("49 (0)89 1234567", Some("DE"), restored, "+49891234567");
    repaired("44 (0) 20 7946 0018", Some("DE"), restored, "+442079460018");
    check("49 (0)30 1", Some("DE"), Err(Rule::PhoneNotValid));
    check("030 (0) 901820", Some("DE"), Ok("+49300901820"));
}

/// A number that is not valid is sent, if the configuration wants it, with each of its digits.
#[test]
fn no_digit_of_a_number_that_is_not_valid_is_lost() {
    let phones = Phones::new(&PhoneRules::load().unwrap()).unwrap();
    for (value, region, expected) in [
        ("+4900000000000000", None, "+4900000000000000"),
        ("+44 00 20 7946 0018", None, "+44002079460018"),
        ("+44 (0) 171 555 7788", None, "+4401715557788"),
        ("(171) 555-7788", Some("GB"), "+441715557788"),
    ] {
        for value in [value, expected] {
            let (mut to, mut notes) = (String::new(), Notes::new());
            assert_eq!(phones.phone(value, region, &mut to, &mut notes), Ok(()), "{value}");
            assert_eq!((to.as_str(), notes), (expected, vec![Rule::PhoneNotValid]), "{value}");
        }
    }
}

#[test]
fn a_prefix_is_missing_where_numbers_are_written_with_one() {
    let phones = Phones::new(&PhoneRules::load().unwrap()).unwrap();
    let number = |text| phones.library.parse(text, None).unwrap();
    assert!(phones.begins_with_zero(&number("+4930901820"), "30901820"));
    assert!(!phones.begins_with_zero(&number("+4930901820"), "030901820"));
    assert!(!phones.begins_with_zero(&number("+12125550123"), "2125550123"));
    assert!(!phones.begins_with_zero(&number("+34612345678"), "612345678"));
    assert!(phones.lacks_prefix(&number("+4930901820"), "30 901820"));
    assert!(!phones.lacks_prefix(&number("+34612345678"), "612 345 678"));
}
