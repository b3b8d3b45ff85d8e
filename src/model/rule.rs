//! The rules that a record can break: each once, with its stable code, what it wants and what to do.
//!
//! Codes are part of the interface: clerks filter by them and scripts match them, so a code never changes its meaning.
//! How a rule is checked lives in `normalize`, with the kind of value it belongs to.

/// What a broken rule says to people.
#[derive(Debug, PartialEq, Eq)]
pub struct RuleText {
    /// Stable code, `kind.problem`.
    pub code: &'static str,
    /// What is wrong, as the end of the sentence "FIELD …".
    pub says: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// The standard or contract that asks for it.
    pub source: &'static str,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $says:literal, $advice:literal, $source:literal;)*) => {
        /// A rule for the data of a record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[$doc])* $name),* }

        impl Rule {
            /// Every rule, in the order of its code's area.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What the rule says to people.
            pub fn text(self) -> &'static RuleText {
                match self {
                    $(Self::$name => &RuleText { code: $code, says: $says, advice: $advice, source: $source }),*
                }
            }
        }
    };
}

rules! {
    /// The record has more or fewer fields than the header.
    RecordFieldCount = "record.field_count", "has another number of fields than the header",
        "look for a separator or a quote that is missing or too much in this record", "RFC 4180, section 2.4";
    /// The record has text behind a closing quote.
    RecordStrayQuote = "record.stray_quote", "has text behind a closing quote, so where its fields end is a guess",
        "write a quote inside a quoted field twice, or take it away", "RFC 4180, section 2.7";
    /// A required field is absent.
    FieldRequired = "field.required", "is required and empty", "fill it in", "API reference 1.0.5";
    /// A field of the other customer type is filled.
    FieldNotForType = "field.not_for_type", "does not belong to this type of customer",
        "empty the cell, or correct customer_type", "API reference 1.0.5";
    /// A value longer than any real one.
    TextTooLong = "text.too_long", "is longer than the limit for one field",
        "look for a missing quote, or shorten the text", "own limit: input.max-field-bytes";
    /// A control character inside a value.
    TextControlCharacter = "text.control_character", "contains a control character",
        "type the value again: it holds a character that cannot be seen", "Unicode, general category Cc";
    /// U+FFFD inside a value.
    TextReplacementCharacter = "text.replacement_character", "contains U+FFFD, the mark of a character that was lost",
        "take the value from the original: the export lost a character", "Unicode, U+FFFD";
    /// UTF-8 that was taken for windows-1252 and encoded again.
    TextDoubleEncoded = "text.double_encoded", "was encoded twice, which makes two or three signs of one letter",
        "take the value from the original, or export again as UTF-8: a tool took UTF-8 for windows-1252",
        "WHATWG Encoding Standard, windows-1252; RFC 3629";
    /// An identifier of more than 128 characters.
    IdTooLong = "id.too_long", "is longer than 128 characters", "use the identifier of the source system", "own limit, contract is silent";
    /// An identifier with a space or an invisible character inside.
    IdNotVisible = "id.not_visible", "contains a space or an invisible character",
        "write the identifier without it", "own limit, contract is silent";
    /// An identifier that is a step in a path.
    IdNotAddressable = "id.not_addressable", "is `.` or `..`, which no address can name", "use the identifier of the source system",
        "WHATWG URL, section 4.4: dot segments";
    /// Not a telephone number at all.
    PhoneNotANumber = "phone.not_a_number", "is not one telephone number and nothing else",
        "write one number in the international form: + country code number", "ITU-T E.164";
    /// Well formed, but no such number can exist.
    PhoneNotValid = "phone.not_valid", "is not a valid telephone number of its country",
        "check the digits and the area code against the customer's papers", "ITU-T E.164, libphonenumber";
    /// A national number with no country to read it in.
    PhoneNoRegion = "phone.no_region", "has no + and the record names no country to read it in",
        "write it as + country code number, fill in the address's country, or set input.default-region", "ITU-T E.164";
    /// A number with an extension.
    PhoneExtension = "phone.extension", "has an extension, which E.164 cannot hold",
        "write the number without its extension", "ITU-T E.164";
    /// No country has this name or code.
    CountryUnknown = "country.unknown", "is no country of ISO 3166-1",
        "write the two letters of ISO 3166-1, or the country's name", "ISO 3166-1";
    /// A code of a country that no longer exists.
    CountryWithdrawn = "country.withdrawn", "is a withdrawn code of a country that no longer exists",
        "write the country of today", "ISO 3166-3";
    /// Not a date in any declared format.
    DateFormat = "date.format", "is not a date in ISO 8601 or a declared format",
        "write it as YYYY-MM-DD, or declare its form in input.date-formats", "ISO 8601, RFC 3339";
    /// A date that is in no calendar.
    DateImpossible = "date.impossible", "is a day that does not exist", "correct the day or the month", "RFC 3339, section 5.7";
    /// Two declared formats read it as two different days.
    DateAmbiguous = "date.ambiguous", "is one day in one declared format and another day in another",
        "write it as YYYY-MM-DD, or declare one of the formats only", "own rule: nothing is guessed";
    /// A year of two digits.
    DateTwoDigitYear = "date.two_digit_year", "has a year of two digits", "write the year with four digits", "ISO 8601-1, section 4.3.2";
    /// A date after today.
    DateInFuture = "date.in_future", "lies in the future", "correct the date", "own rule";
    /// A date of birth more than 130 years ago.
    DateTooOld = "date.too_old", "lies too long ago: more than 130 years for a date of birth", "correct the year", "own rule: nobody has lived as long, and no firm is older than the year 500";
    /// Not an e-mail address.
    EmailNotValid = "email.not_valid", "is not an e-mail address", "write it as name@domain", "RFC 5321, RFC 5322";
    /// Not a word of the list.
    ChoiceUnknown = "choice.unknown", "is not one of the words that the API takes",
        "use a word of the list that `rollcall fields` shows, or declare a synonym in [synonyms]", "API reference 1.0.5";
    /// Not a state of the address's country.
    StateUnknown = "state.unknown", "is no state or province of its country",
        "write the two letters of the state or province", "ISO 3166-2";
}

impl Rule {
    /// The stable code.
    pub fn code(self) -> &'static str {
        self.text().code
    }

    /// The rule with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }
}
