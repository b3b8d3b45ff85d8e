//! The kinds of values that fields hold, and the rules that each kind has. How a kind is checked lives in `normalize`.

use super::rule::Rule;

/// What kind of value a field holds, and so which check and which normal form apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The client's own identifier: 1 to 128 visible characters.
    CustomerId,
    /// Free text on one line.
    Text,
    /// An e-mail address, RFC 5321 and RFC 5322.
    Email,
    /// A telephone number, ITU-T E.164.
    Phone,
    /// A country, ISO 3166-1 alpha-2.
    Country,
    /// A list of countries, ISO 3166-1 alpha-2.
    CountryList,
    /// A subdivision: the last part of its ISO 3166-2 code, two characters for the United States and Canada.
    State,
    /// A postal code, in the form of its address's country.
    PostalCode,
    /// A tax number of a natural person, in the form of a country that applies.
    TaxNumber,
    /// A number on a document, such as a passport's or a register's: 1 to 64 letters, digits and marks.
    DocumentNumber,
    /// The address of a web site, WHATWG URL.
    Website,
    /// An industry code, NAICS.
    Naics,
    /// A calendar date of today or before, RFC 3339 full-date.
    Date,
    /// A date of birth: a `Date` at most 130 years ago.
    BirthDate,
    /// One of a closed list of words.
    Choice(&'static [&'static str]),
    /// Several of a closed list of words.
    ChoiceList(&'static [&'static str]),
}

impl Kind {
    /// The kind's name in documentation and in the machine-readable field list.
    pub fn name(self) -> &'static str {
        match self {
            Self::CustomerId => "id",
            Self::Text => "text",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Country => "country",
            Self::CountryList => "country list",
            Self::State => "state",
            Self::PostalCode => "postal code",
            Self::TaxNumber => "tax number",
            Self::DocumentNumber => "document number",
            Self::Website => "web site",
            Self::Naics => "industry code",
            Self::Date => "date",
            Self::BirthDate => "date of birth",
            Self::Choice(_) => "choice",
            Self::ChoiceList(_) => "choice list",
        }
    }

    /// The closed list of a choice; empty for every other kind.
    pub fn choices(self) -> &'static [&'static str] {
        match self {
            Self::Choice(words) | Self::ChoiceList(words) => words,
            Self::CustomerId
            | Self::Text
            | Self::Email
            | Self::Phone
            | Self::Country
            | Self::CountryList
            | Self::State
            | Self::PostalCode
            | Self::TaxNumber
            | Self::DocumentNumber
            | Self::Website
            | Self::Naics
            | Self::Date
            | Self::BirthDate => &[],
        }
    }

    /// Whether it is a calendar date of whatever limits.
    pub fn is_date(self) -> bool {
        matches!(self, Self::Date | Self::BirthDate)
    }

    /// Whether one cell holds several values, separated by `;` or `|`.
    pub fn is_list(self) -> bool {
        matches!(self, Self::CountryList | Self::ChoiceList(_))
    }

    /// The rules of this kind alone; [`GENERAL_RULES`] hold for every kind.
    pub fn rules(self) -> Vec<Rule> {
        [self.traces(), self.own_rules()].concat()
    }

    /// What spreadsheets and input methods may have done to the signs of this kind's values: a value is tidied of what
    /// stands here and of nothing else. The apostrophe of a spreadsheet is a rule of every kind.
    pub fn traces(self) -> &'static [Rule] {
        match self {
            // Full width is another spelling of a text, and letters of an address have their own rules for it.
            Self::Text | Self::Email | Self::Website => &[],
            // An identifier is opaque: in full width, or without `.0`, it is another one.
            Self::CustomerId => &[Rule::NumberDigitsLost, Rule::IdDecimal],
            Self::Country | Self::CountryList | Self::State | Self::Choice(_) | Self::ChoiceList(_) => {
                &[Rule::TextWidthFolded]
            }
            // Whether a date may be a number is known where the declared formats are.
            Self::Date | Self::BirthDate => &[Rule::TextWidthFolded, Rule::NumberDigitsLost],
            Self::Phone | Self::PostalCode | Self::TaxNumber | Self::DocumentNumber | Self::Naics => &[
                Rule::TextWidthFolded,
                Rule::NumberDigitsLost,
                Rule::NumberDecimalRemoved,
            ],
        }
    }

    fn own_rules(self) -> &'static [Rule] {
        use Rule as R;
        match self {
            Self::CustomerId => &[R::IdTooLong, R::IdNotVisible, R::IdNotAddressable],
            Self::Text => &[R::TextNoContent],
            Self::Email => &[R::EmailNotValid],
            Self::Phone => PHONE,
            Self::Country | Self::CountryList => &[R::CountryUnknown, R::CountryWithdrawn],
            Self::State => &[R::StateUnknown],
            Self::PostalCode => &[R::PostalNotValid, R::PostalZeroRestored, R::PostalPrefixRemoved],
            Self::TaxNumber => &[R::TaxNotValid],
            Self::DocumentNumber => &[],
            Self::Website => &[R::WebsiteNotValid],
            Self::Naics => &[R::NaicsUnknown, R::NaicsNotCurrent],
            Self::Date | Self::BirthDate => DATE,
            Self::Choice(_) => &[R::ChoiceUnknown, R::FieldNotDescribed],
            Self::ChoiceList(_) => &[R::ChoiceUnknown, R::ChoiceNoneNotAlone],
        }
    }
}

const PHONE: &[Rule] = &[
    Rule::PhoneNotANumber,
    Rule::PhoneNotValid,
    Rule::PhoneNoRegion,
    Rule::PhoneAmbiguous,
    Rule::PhoneExtension,
    Rule::PhonePlusRestored,
    Rule::PhoneZeroRestored,
    Rule::PhonePrefixReplaced,
];

const DATE: &[Rule] = &[
    Rule::NumberDecimalRemoved,
    Rule::DateFormat,
    Rule::DateImpossible,
    Rule::DateAmbiguous,
    Rule::DateTwoDigitYear,
    Rule::DateSerial,
    Rule::DateInFuture,
    Rule::DateTooOld,
];

/// Rules that hold for a field of any kind.
pub const GENERAL_RULES: &[Rule] = &[
    Rule::FieldRequired,
    Rule::FieldNotForType,
    Rule::TextTooLong,
    Rule::TextControlCharacter,
    Rule::TextReplacementCharacter,
    Rule::TextDoubleEncoded,
    Rule::TextApostropheRemoved,
    Rule::TextFormulaRemoved,
    Rule::TextFormula,
    Rule::TextSpreadsheetError,
    Rule::TextInvisibleRemoved,
];

/// Rules for a record as a whole.
pub const RECORD_RULES: &[Rule] = &[
    Rule::RecordFieldCount,
    Rule::RecordStrayQuote,
    Rule::RecordQuoteOpen,
    Rule::CorrectionUnknownRecord,
    Rule::CorrectionRepeated,
    Rule::CorrectionUnchanged,
];

impl Kind {
    /// The one form in which a value of this kind is sent.
    pub fn normal_form(self) -> &'static str {
        match self {
            Self::CustomerId => "as it stands, 1 to 128 visible characters, upper and lower case kept",
            Self::Text => "one line, one space between words, Unicode NFC",
            Self::Email => "as it stands, the domain in lower case",
            Self::Phone => "E.164: + and digits only",
            Self::Country => "ISO 3166-1 alpha-2",
            Self::CountryList => "a set of ISO 3166-1 alpha-2 codes, sorted",
            Self::State => "the last part of the ISO 3166-2 code, where its country has a table; else the text",
            Self::PostalCode => "upper case, spaced as its country publishes it",
            Self::TaxNumber => "without separators, upper case, as docs/tax-numbers.md says for each country",
            Self::DocumentNumber => "as it stands",
            Self::Website => "scheme and host in lower case, no slash at the end of a host alone; no scheme is added",
            Self::Naics => "2 to 6 digits, or the range of a sector",
            Self::Date | Self::BirthDate => "RFC 3339 full-date: YYYY-MM-DD",
            Self::Choice(_) => "one word of the list",
            Self::ChoiceList(_) => "a set of words of the list, sorted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::FIELDS;

    #[test]
    fn every_rule_belongs_to_a_kind_to_all_or_to_the_record() {
        for rule in Rule::ALL {
            let of_kind = FIELDS.iter().any(|field| field.kind.rules().contains(rule));
            let homes = [of_kind, GENERAL_RULES.contains(rule), RECORD_RULES.contains(rule)];
            assert_eq!(homes.iter().filter(|home| **home).count(), 1, "{}", rule.code());
        }
    }
}
