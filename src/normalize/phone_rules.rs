//! The rules of telephone numbers: libphonenumber's metadata, in the form in which the library works fast.
//!
//! `phone_metadata.bin` is the file that rlibphonenumber 2.2.15 carries, byte for byte: libphonenumber 9.0.42, Apache-2.0.
//! `scripts/phones` fetches that of another version of the crate. Two things are changed as it is loaded, and no number is read
//! otherwise, which a test holds to the library with its own copy:
//!
//! - Digits are those of ASCII. The library turns every number into these first, but its `\d` would compile to the digits
//!   of all scripts: ten times the memory and the time.
//! - The types of a region (fixed, mobile, toll-free …) are one type with one pattern. A number is valid if it has any of
//!   them, which the library finds out with up to ten patterns, one after the other. So it cannot be asked for a type.

#![expect(
    deprecated,
    reason = "the library says that it leaves these fields empty where it has read them: here it has yet to"
)]

use prost::Message;
use rlibphonenumber::{PhoneMetadata, PhoneMetadataCollection, PhoneNumberDesc, PhoneNumberUtil};

use super::phone_plain::PlainNumbers;

/// Regions and calling codes with their patterns, as libphonenumber's `phonemetadata.proto` has them.
const METADATA: &[u8] = include_bytes!("phone_metadata.bin");

/// What makes the library's readers of numbers.
#[derive(Debug)]
pub(super) struct PhoneRules(PhoneMetadataCollection);

impl PhoneRules {
    /// Loads the metadata; a few milliseconds. `None` if it cannot be read.
    pub(super) fn load() -> Option<Self> {
        let mut collection = PhoneMetadataCollection::decode(METADATA).ok()?;
        for metadata in &mut collection.metadata {
            join_types(metadata);
            for pattern in patterns(metadata) {
                *pattern = pattern.replace(r"\d", "[0-9]");
            }
        }
        Some(Self(collection))
    }

    /// A reader of the numbers that are plain.
    pub(super) fn plain(&self) -> PlainNumbers {
        PlainNumbers::of(&self.0)
    }

    /// A reader of numbers, with which one thread should work: they would wait for each other. It grows to 10 MB with the
    /// regions that it sees. `None` if the library cannot use the metadata.
    pub(super) fn library(&self) -> Option<PhoneNumberUtil> {
        PhoneNumberUtil::new_for_metadata(self.0.clone()).ok()
    }
}

/// Makes one type of all types of a region: a number has it if it has any of them.
fn join_types(metadata: &mut PhoneMetadata) {
    let types = [
        &mut metadata.fixed_line,
        &mut metadata.mobile,
        &mut metadata.toll_free,
        &mut metadata.premium_rate,
        &mut metadata.shared_cost,
        &mut metadata.personal_number,
        &mut metadata.voip,
        &mut metadata.pager,
        &mut metadata.uan,
        &mut metadata.voicemail,
    ];
    let types: Vec<PhoneNumberDesc> = (types.into_iter().filter_map(Option::take))
        .filter(|each| !each.national_number_pattern().is_empty())
        .collect();
    let patterns: Vec<&str> = types
        .iter()
        .map(|each| within(each.national_number_pattern()))
        .collect();
    // A type without lengths has those of all numbers of the region, which the library looks at before.
    let has_lengths = types.iter().all(|each| !each.possible_length.is_empty());
    let lengths = types.iter().flat_map(|each| each.possible_length.iter().copied());
    metadata.fixed_line = Some(PhoneNumberDesc {
        national_number_pattern: (!types.is_empty()).then(|| format!("^(?:{})$", patterns.join("|"))),
        possible_length: lengths.filter(|_| has_lengths).collect(),
        ..PhoneNumberDesc::default()
    });
    // Of a number that has this type nothing further is asked.
    metadata.same_mobile_and_fixed_line_pattern = Some(true);
}

/// A pattern without the anchors that all have.
fn within(pattern: &str) -> &str {
    let within = pattern.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$"));
    within.unwrap_or(pattern)
}

/// Every pattern that the library compiles when it reads or writes a number.
fn patterns(metadata: &mut PhoneMetadata) -> impl Iterator<Item = &mut String> {
    let formats = metadata.number_format.iter_mut();
    let formats =
        formats.flat_map(|format| std::iter::once(&mut format.pattern).chain(&mut format.leading_digits_pattern));
    let types = [&mut metadata.general_desc, &mut metadata.fixed_line];
    let numbers = types.into_iter().flatten();
    let prefixes = [
        &mut metadata.leading_digits,
        &mut metadata.international_prefix,
        &mut metadata.national_prefix_for_parsing,
    ];
    (numbers.filter_map(|each| each.national_number_pattern.as_mut()))
        .chain(prefixes.into_iter().flatten())
        .chain(formats)
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};

    use super::*;

    /// Changes of one published number: another digit somewhere, one more, one less.
    const NEIGHBORS: usize = 6;

    fn neighbor(digits: &str, random: &mut fastrand::Rng) -> String {
        let mut digits: Vec<u8> = digits.bytes().collect();
        let (at, digit) = (random.usize(..digits.len()), random.u8(b'0'..=b'9'));
        match random.u8(..4) {
            0 => digits.insert(at, digit),
            1 => drop(digits.remove(at)),
            _ => digits[at] = digit,
        }
        String::from_utf8(digits).unwrap()
    }

    /// Every published example of every type, as the library with its own metadata gives them.
    fn examples(library: &PhoneNumberUtil) -> Vec<(Option<Region>, PhoneNumber)> {
        let types = [
            PhoneNumberType::FixedLine,
            PhoneNumberType::Mobile,
            PhoneNumberType::TollFree,
            PhoneNumberType::PremiumRate,
            PhoneNumberType::SharedCost,
            PhoneNumberType::VoIP,
            PhoneNumberType::PersonalNumber,
            PhoneNumberType::Pager,
            PhoneNumberType::UAN,
            PhoneNumberType::VoiceMail,
        ];
        let mut regions: Vec<Region> = library.get_supported_regions().collect();
        regions.sort_by_key(|region| format!("{region:?}"));
        let of_regions = regions.into_iter().flat_map(|region| {
            let examples = types.map(|each| library.get_example_number_for_type_and_region(region, each).ok());
            examples.into_iter().flatten().map(move |number| (Some(region), number))
        });
        let codes = library.get_supported_global_network_calling_codes();
        let of_codes = codes.filter_map(|code| library.get_example_number_for_non_geo_entity(code).ok());
        of_regions.chain(of_codes.map(|number| (None, number))).collect()
    }

    #[test]
    fn numbers_are_read_as_the_library_reads_them_with_its_own_metadata() {
        let rules = PhoneRules::load().unwrap();
        let (theirs, ours, plain) = (PhoneNumberUtil::new().unwrap(), rules.library().unwrap(), rules.plain());
        let mut random = fastrand::Rng::with_seed(9_042);
        let (mut compared, mut valid, mut plainly) = (0, 0, 0);
        for (region, number) in examples(&theirs) {
            let e164 = theirs.format(&number, PhoneNumberFormat::E164).into_owned();
            let national = theirs.format(&number, PhoneNumberFormat::National).into_owned();
            let digits: String = national.chars().filter(char::is_ascii_digit).collect();
            let mut written = vec![e164.clone(), national];
            for _ in 0..NEIGHBORS {
                written.push(format!("+{}", neighbor(&e164[1..], &mut random)));
                written.push(neighbor(&digits, &mut random));
            }
            // What may be a prefix of the country, which is not dialed behind its code.
            let national = e164[1..].strip_prefix(&number.country_code.to_string()).unwrap();
            written.extend((0..10).map(|digit| format!("+{} {digit}{national}", number.country_code)));
            for value in &written {
                let (their, our) = (theirs.parse(value, region), ours.parse(value, region));
                assert_eq!(their.is_ok(), our.is_ok(), "{value} {region:?}");
                if let Some(number) = plain.read(value) {
                    assert_eq!(their.as_ref().ok(), Some(&number), "{value} {region:?}");
                    plainly += 1;
                }
                let (Ok(their), Ok(our)) = (their, our) else { continue };
                let of = |library: &PhoneNumberUtil, number: &PhoneNumber| {
                    let written = library.format(number, PhoneNumberFormat::National).into_owned();
                    let possible = library.is_possible_number_with_reason(number).ok();
                    (library.is_valid_number(number), written, possible.is_some())
                };
                let (their_reading, our_reading) = (of(&theirs, &their), of(&ours, &our));
                assert_eq!((&their, &their_reading), (&our, &our_reading), "{value} {region:?}");
                compared += 1;
                valid += usize::from(their_reading.0);
            }
        }
        println!("{compared} numbers compared, {valid} of them valid, {plainly} plain");
        assert!(plainly * 4 > compared, "{plainly} of {compared}");
        assert!(
            compared > 10_000 && valid * 4 > compared && valid * 4 < compared * 3,
            "{valid} of {compared}"
        );
    }
}
