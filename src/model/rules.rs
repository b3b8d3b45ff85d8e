//! The one table of rules that a record can break: each once, with everything that is said about it.
//!
//! Codes are part of the interface: clerks filter by them and scripts match them, so a code never changes its meaning.
//! How a rule is checked lives in `normalize`, with the kind of value it belongs to.

use super::rule::{RuleText, Severity, Value, rules};

rules! {
    /// The record has more or fewer fields than the header.
    RecordFieldCount = "record.field_count", Error, Lost,
        says: "has another number of fields than the header",
        advice: "look for a separator or a quote that is missing or too much in this record",
        why: "a value may stand in the wrong column, and nobody could tell which",
        source: "RFC 4180, section 2.4",
        bad: "id,name⏎7,Ann,London", good: "id,name⏎7,\"Ann, London\"";
    /// The record has text behind a closing quote, or a quote that ends a field and that none opens.
    RecordStrayQuote = "record.stray_quote", Error, Lost,
        says: "has text behind a closing quote, or a quote at the end of a field that none opens; where its fields end is a guess",
        advice: "write a quote inside a quoted field twice, or take it away",
        why: "the text may belong to this field or to the next",
        source: "RFC 4180, section 2.7",
        bad: "7,\"The \"Firm\" Ltd\"", good: "7,\"The \"\"Firm\"\" Ltd\"";
    /// A quote opens a field and nothing closes it before the next record.
    RecordQuoteOpen = "record.quote_open", Error, Lost,
        says: "has a quote that is not closed; reading went on at the next record that fits the header",
        advice: "close the quote, or write it twice if it belongs to the value",
        why: "everything behind it would be one field, the next customers included",
        source: "RFC 4180, section 2.6",
        bad: "7,\"Ann,London", good: "7,\"Ann\",London";
    /// A row of a correction that stands for nobody.
    CorrectionUnknownRecord = "correction.unknown_record", Error, Lost,
        says: "stands for no record of the run that it corrects, or for another customer than that record",
        advice: "put _file, _record and the customer's id back as they were, or take the row out: a new customer goes into a file that is run without --corrects",
        why: "it would create somebody who was not in the run, or correct the wrong customer",
        source: "own rule",
        bad: "_record: (empty)", good: "_record: 17";
    /// Two rows of a correction for one record.
    CorrectionRepeated = "correction.repeated", Error, Lost,
        says: "corrects a record that another row corrects too",
        advice: "keep the row that is right, and take out the others",
        why: "nobody could tell which of them is meant",
        source: "own rule",
        bad: "_record: 17, _record: 17", good: "_record: 17, _record: 18";
    /// A row of a correction in which nothing was corrected.
    CorrectionUnchanged = "correction.unchanged", Warning, Kept,
        says: "is the same as in the run that it corrects: nothing was changed",
        advice: "correct what its message names, or take the row out; what the API refused, or what contradicts another record, is sent as it is with --send-unchanged",
        why: "the same data get the same answer; it is an error where the API refused them or they contradict another record",
        source: "own rule",
        bad: "the row as `rollcall rejects` wrote it", good: "the row with the cell corrected";
    /// A required field is absent.
    FieldRequired = "field.required", Error, Lost,
        says: "is required and empty",
        advice: "fill it in",
        why: "the API refuses a customer without it",
        source: "API reference 1.0.5",
        bad: "last_name: (empty)", good: "last_name: Lovelace";
    /// A field of the other customer type is filled.
    FieldNotForType = "field.not_for_type", Error, Kept,
        says: "does not belong to this type of customer",
        advice: "empty the cell, or correct customer_type",
        why: "a person with a register number is a firm, or two records that were mixed up",
        source: "API reference 1.0.5",
        bad: "customer_type: CORPORATION, date_of_birth: 1980-01-31", good: "customer_type: INDIVIDUAL, date_of_birth: 1980-01-31";
    /// OTHER without the words that explain it.
    FieldNotDescribed = "field.not_described", Error, Kept,
        says: "is OTHER, and the field that describes it is empty",
        advice: "fill in the description, or choose a word of the list",
        why: "OTHER alone tells a compliance officer nothing",
        source: "API reference 1.0.5: the description is given where the choice is OTHER",
        bad: "employment_status: OTHER", good: "employment_status: OTHER, employment_description: Volunteer";
    /// A value longer than any real one.
    TextTooLong = "text.too_long", Error, Lost,
        says: "is longer than the limit for one field",
        advice: "look for a missing quote, or shorten the text",
        why: "a field of this length is nearly always a record that was swallowed",
        source: "own limit: input.max-field-bytes",
        bad: "a name of 70,000 bytes", good: "a name";
    /// A control character inside a value.
    TextControlCharacter = "text.control_character", Error, Lost,
        says: "contains a control character",
        advice: "type the value again: it holds a character that cannot be seen",
        why: "what cannot be seen cannot be checked, and terminals act upon it",
        source: "Unicode, general category Cc",
        bad: "Ann^[[31m", good: "Ann";
    /// U+FFFD inside a value.
    TextReplacementCharacter = "text.replacement_character", Error, Kept,
        says: "contains U+FFFD, the mark of a character that was lost",
        advice: "take the value from the original: the export lost a character",
        why: "the character is gone, and only the source system knows it",
        source: "Unicode, U+FFFD",
        bad: "M\u{fffd}ller", good: "Müller";
    /// UTF-8 that was taken for windows-1252 and encoded again.
    TextDoubleEncoded = "text.double_encoded", Error, Kept,
        says: "was encoded twice, which makes two or three signs of one letter",
        advice: "take the value from the original, or export again as UTF-8: a tool took UTF-8 for windows-1252",
        why: "the customer is not called that",
        source: "WHATWG Encoding Standard, windows-1252; RFC 3629",
        bad: "JosÃ©", good: "José";
    /// An apostrophe that told a spreadsheet that the cell is text.
    TextApostropheRemoved = "text.apostrophe_removed", Note, Kept,
        says: "began with an apostrophe, the mark of a spreadsheet for text; it was taken away",
        advice: "nothing to do; to keep spreadsheets from adding it, export the column as text",
        why: "the mark belongs to the cell's format and not to its value",
        source: "own rule: no value of this kind begins with one",
        bad: "'+442079460018", good: "+442079460018";
    /// A formula that is one text in quotes.
    TextFormulaRemoved = "text.formula_removed", Note, Kept,
        says: "was a formula of a spreadsheet around a text; the text was taken out",
        advice: "nothing to do; format the column as text before the export",
        why: "such a formula has one value, the text in its quotes", source: "ECMA-376 part 1, section 18.17.2",
        bad: "=\"1001\"", good: "1001";
    /// A formula whose value cannot be seen.
    TextFormula = "text.formula", Warning, Kept,
        says: "begins as a formula of a spreadsheet does",
        advice: "take the value from the original: the export may have written the formula in its place",
        why: "hardly anybody is called so; it is sent, and never calculated", source: "ECMA-376 part 1, section 18.17.2",
        bad: "=A1&B1", good: "Ann Lovelace";
    /// What a spreadsheet shows where a formula failed.
    TextSpreadsheetError = "text.spreadsheet_error", Error, Lost,
        says: "is what a spreadsheet shows in place of a value",
        advice: "take the value from the original: a formula failed, or a column was too narrow",
        why: "the value is not in the file", source: "ECMA-376 part 1, section 18.17.2.7",
        bad: "#NAME?", good: "Ann";
    /// A name without a letter or digit.
    TextNoContent = "text.no_content", Error, Kept,
        says: "has no letter and no digit",
        advice: "fill it in; if it means that there is none, empty it or name it in input.null-words",
        why: "nobody is called so", source: "own rule: no name is a sign alone",
        bad: "?", good: "Ann";
    /// Marks without a shape inside a value.
    TextInvisibleRemoved = "text.invisible_removed", Note, Kept,
        says: "had marks inside that cannot be seen; they were taken away",
        advice: "nothing to do",
        why: "they say where a line may break or which way it runs, and are no part of a value",
        source: "Unicode, general category Cf",
        bad: "O<U+200B>Brien", good: "OBrien";
    /// Digits or letters in full width.
    TextWidthFolded = "text.width_folded", Note, Kept,
        says: "was written in full-width characters; they were made ordinary ones",
        advice: "nothing to do",
        why: "each has exactly one ordinary counterpart",
        source: "Unicode Standard Annex 15, NFKC",
        bad: "１００-０００１", good: "100-0001";
    /// A number in scientific notation.
    NumberDigitsLost = "number.digits_lost", Error, Lost,
        says: "is in scientific notation: a spreadsheet dropped its last digits",
        advice: "take the value from the original, and format the column as text before the export",
        why: "the digits are gone: 4.42079E+11 stands for a hundred thousand numbers",
        source: "own rule: nothing is guessed",
        bad: "4.42079E+11", good: "442079460018";
    /// `.0` behind a whole number.
    NumberDecimalRemoved = "number.decimal_removed", Note, Kept,
        says: "ended in .0, the trace of a spreadsheet; it was taken away",
        advice: "nothing to do; format the column as text before the export",
        why: "no value of this kind has a decimal part",
        source: "own rule: only one reading is possible",
        bad: "442079460018.0", good: "442079460018";
    /// An identifier of more than 128 characters.
    IdTooLong = "id.too_long", Error, Kept,
        says: "is longer than 128 characters",
        advice: "use the identifier of the source system",
        why: "a longer one does not fit into an address",
        source: "own limit, the contract is silent",
        bad: "(129 characters)", good: "C-1001";
    /// An identifier with a space or an invisible character inside.
    IdNotVisible = "id.not_visible", Error, Kept,
        says: "contains a space or an invisible character",
        advice: "write the identifier without it",
        why: "two identifiers could differ without anybody seeing it",
        source: "own limit, the contract is silent",
        bad: "C 1001", good: "C1001";
    /// An identifier that is a step in a path.
    IdNotAddressable = "id.not_addressable", Error, Lost,
        says: "is `.` or `..`, which no address can name",
        advice: "use the identifier of the source system",
        why: "the customer could be created and never be read",
        source: "WHATWG URL, section 4.4: dot segments",
        bad: "..", good: "C-1001";
    /// An identifier that looks like a whole number with decimals.
    IdDecimal = "id.decimal", Error, Kept,
        says: "ends in .0: either a spreadsheet made a number of it, or it is written so",
        advice: "take the identifier from the source system; if it really ends so, set the rule to note in [rules]",
        why: "1001 and 1001.0 would be two customers, for ever",
        source: "own rule: nothing is guessed",
        bad: "1001.0", good: "1001";
    /// Not a telephone number at all.
    PhoneNotANumber = "phone.not_a_number", Error, Lost,
        says: "is not one telephone number and nothing else",
        advice: "write one number in the international form: + country code number",
        why: "two numbers or words beside a number leave open which is meant",
        source: "ITU-T E.164",
        bad: "020 7946 0018 or 0019", good: "+44 20 7946 0018";
    /// Well formed, but no such number can exist.
    PhoneNotValid = "phone.not_valid", Error, Kept,
        says: "is not a valid telephone number of its country",
        advice: "check the digits and the area code against the customer's papers",
        why: "a number that cannot be dialed reaches nobody, or somebody else; lowered in [rules], it is sent with every digit that it has",
        source: "ITU-T E.164, libphonenumber",
        bad: "+44 171 555 7788", good: "+44 20 7946 0018";
    /// A national number with no country to read it in.
    PhoneNoRegion = "phone.no_region", Error, Lost,
        says: "has no + and the record names no country to read it in",
        advice: "write it as + country code number, fill in the address's country, or set input.default-region",
        why: "the same digits are another person's number in every country",
        source: "ITU-T E.164",
        bad: "020 7946 0018", good: "+44 20 7946 0018";
    /// Digits that are valid numbers of two countries.
    PhoneAmbiguous = "phone.ambiguous", Error, Lost,
        says: "is one valid number behind a + and another behind a zero or as it stands",
        advice: "write it as + country code number",
        why: "a spreadsheet dropped the + or the leading zero, and either reading is somebody's number",
        source: "own rule: nothing is guessed",
        bad: "33123456789 in Germany", good: "+33 1 23 45 67 89";
    /// A number with an extension.
    PhoneExtension = "phone.extension", Error, Lost,
        says: "has an extension, which E.164 cannot hold",
        advice: "write the number without its extension",
        why: "without its extension the number is the firm's and not the customer's",
        source: "ITU-T E.164",
        bad: "+44 20 7946 0018 ext. 12", good: "+44 20 7946 0018";
    /// A lost `+` that was put back.
    PhonePlusRestored = "phone.plus_restored", Note, Kept,
        says: "had no +, and is a valid number only with one; it was put back",
        advice: "nothing to do; format the column as text before the export",
        why: "a spreadsheet takes +44… for a sum and drops the sign",
        source: "ITU-T E.164; only one reading is valid",
        bad: "442079460018 in France", good: "+442079460018";
    /// A lost leading zero that was put back.
    PhoneZeroRestored = "phone.zero_restored", Note, Kept,
        says: "had lost its leading zero, and is valid only with it; it was put back",
        advice: "nothing to do; format the column as text before the export",
        why: "a spreadsheet drops the zeros before a number",
        source: "ITU-T E.164, libphonenumber; only one reading is valid",
        bad: "2079460018 in GB", good: "+442079460018";
    /// `00` in place of `+` where `00` is not dialed.
    PhonePrefixReplaced = "phone.prefix_replaced", Note, Kept,
        says: "began with 00, which stands for +",
        advice: "nothing to do",
        why: "00 is the international prefix that ITU-T recommends, and no number begins with it",
        source: "ITU-T E.123, E.164; only one reading is valid",
        bad: "0044 20 7946 0018 in the US", good: "+442079460018";
    /// No country has this name or code.
    CountryUnknown = "country.unknown", Error, Lost,
        says: "is no country of ISO 3166-1",
        advice: "write the two letters of ISO 3166-1, or the country's name",
        why: "which country is meant decides how everything else is read",
        source: "ISO 3166-1",
        bad: "Yugoslawia", good: "RS";
    /// A code of a country that no longer exists.
    CountryWithdrawn = "country.withdrawn", Error, Lost,
        says: "is a withdrawn code of a country that no longer exists",
        advice: "write the country of today",
        why: "which of its successors is meant is a guess",
        source: "ISO 3166-3",
        bad: "YU", good: "RS";
    /// Not a date in any declared format.
    DateFormat = "date.format", Error, Lost,
        says: "is not a date as YYYY-MM-DD or in a declared format",
        advice: "write it as YYYY-MM-DD, or declare its form in input.date-formats",
        why: "03/04/1986 is a day in March or in April",
        source: "ISO 8601, RFC 3339",
        bad: "03/04/1986", good: "1986-04-03";
    /// A date that is in no calendar.
    DateImpossible = "date.impossible", Error, Lost,
        says: "is a day that does not exist",
        advice: "correct the day or the month",
        why: "only the customer's papers know the day",
        source: "RFC 3339, section 5.7",
        bad: "1986-02-30", good: "1986-02-28";
    /// Two declared formats read it as two different days, or a year may be a number of days.
    DateAmbiguous = "date.ambiguous", Error, Lost,
        says: "is one day in one declared format and another in another, or a year alone where numbers of days are declared",
        advice: "write it as YYYY-MM-DD; of two formats declare one only",
        why: "either day is somebody's",
        source: "own rule: nothing is guessed",
        bad: "03/04/1986 with %d/%m/%Y and %m/%d/%Y", good: "1986-04-03";
    /// A year of two digits.
    DateTwoDigitYear = "date.two_digit_year", Error, Lost,
        says: "has a year of two digits",
        advice: "write the year with four digits",
        why: "26 is a child or a centenarian",
        source: "ISO 8601-1, section 4.3.2",
        bad: "03.04.26", good: "1926-04-03";
    /// A spreadsheet's serial number where none is declared.
    DateSerial = "date.serial", Error, Lost,
        says: "is a whole number, as spreadsheets keep days",
        advice: "write it as YYYY-MM-DD, or declare it: input.date-formats = [\"serial-1900\"], or \"serial-1904\" for old Macintosh files",
        why: "the same number is two days, four years apart, by the epoch of the spreadsheet",
        source: "ECMA-376 part 1, section 18.17.4",
        bad: "31505", good: "1986-04-03";
    /// A date after today.
    DateInFuture = "date.in_future", Error, Kept,
        says: "lies in the future",
        advice: "correct the date",
        why: "nobody is born and no firm is established tomorrow",
        source: "own rule",
        bad: "2126-04-03", good: "1926-04-03";
    /// A date of birth more than 130 years ago, or any date before the year 500.
    DateTooOld = "date.too_old", Error, Kept,
        says: "lies too long ago: more than 130 years for a date of birth, or before the year 500",
        advice: "correct the year",
        why: "nobody has lived as long, and no firm is older than the year 500",
        source: "own rule: nobody has lived as long, and no firm is older than the year 500",
        bad: "1826-04-03", good: "1926-04-03";
    /// Not an e-mail address.
    EmailNotValid = "email.not_valid", Error, Kept,
        says: "is not an e-mail address",
        advice: "write it as name@domain",
        why: "mail to it would come back, or reach somebody else",
        source: "RFC 5321, RFC 5322",
        bad: "ann at example.com", good: "ann@example.com";
    /// Not a word of the list.
    ChoiceUnknown = "choice.unknown", Error, Lost,
        says: "is not one of the words that the API takes",
        advice: "use a word of the list that `rollcall fields` shows, or declare a synonym in [synonyms]",
        why: "the API refuses other words",
        source: "API reference 1.0.5",
        bad: "freelancer", good: "SELF_EMPLOYED";
    /// NONE beside other words of a list.
    ChoiceNoneNotAlone = "choice.none_not_alone", Error, Kept,
        says: "says NONE and something else",
        advice: "take NONE away, or all the others",
        why: "either the customer does one of these things or none",
        source: "API reference 1.0.5",
        bad: "NONE; GAMBLING", good: "GAMBLING";
    /// Not a state of the address's country.
    StateUnknown = "state.unknown", Error, Kept,
        says: "is no state or province of its country",
        advice: "write the last part of its ISO 3166-2 code, or its name",
        why: "a state of another country is a wrong state or a wrong country",
        source: "ISO 3166-2; for military addresses USPS Publication 28",
        bad: "Bavaria, in the US", good: "OR";
    /// Not a postal code of the address's country.
    PostalNotValid = "postal.not_valid", Warning, Kept,
        says: "does not have the form of its country's postal codes",
        advice: "check the code and the country",
        why: "mail to it is slow at best; some people still write old codes, so it is sent",
        source: "Universal Postal Union, as published in Google's address metadata",
        bad: "1O115, in Germany", good: "10115";
    /// Leading zeros of a postal code that were put back.
    PostalZeroRestored = "postal.zero_restored", Note, Kept,
        says: "had lost its leading zeros; they were put back",
        advice: "nothing to do; format the column as text before the export",
        why: "the country's codes all have the same number of digits",
        source: "as postal.not_valid; only one reading is valid",
        bad: "2134, in the US", good: "02134";
    /// A country's letters before a postal code that were taken away.
    PostalPrefixRemoved = "postal.prefix_removed", Note, Kept,
        says: "began with its country's letters; they were taken away",
        advice: "nothing to do",
        why: "the letters say the country, which has a field of its own",
        source: "as postal.not_valid; CEPT recommended them until 2000",
        bad: "D-10115", good: "10115";
    /// Not a tax number of a country that applies.
    TaxNotValid = "tax.not_valid", Error, Kept,
        says: "is no tax number of a country that applies to this customer",
        advice: "check the digits against the customer's papers",
        why: "a wrong number reports one customer's income to another's file",
        source: "the rules of each country, listed in docs/tax-numbers.md",
        bad: "123-45-678", good: "123-45-6789";
    /// Not the address of a web site.
    WebsiteNotValid = "website.not_valid", Error, Kept,
        says: "is not the address of one web site",
        advice: "write it as https://host/path",
        why: "what cannot be opened cannot be checked",
        source: "WHATWG URL; RFC 1034",
        bad: "see our site", good: "https://www.example.com/";
    /// Not an industry code.
    NaicsUnknown = "naics.unknown", Error, Kept,
        says: "is no code of the North American Industry Classification System",
        advice: "write the 2 to 6 digits of a code of NAICS 2022, without its title",
        why: "a sector that does not exist says nothing about the business",
        source: "NAICS 2022, U.S. Census Bureau",
        bad: "99", good: "522320";
    /// A code that may be of an earlier edition.
    NaicsNotCurrent = "naics.not_current", Warning, Kept,
        says: "is no code of NAICS 2022, though its sector is",
        advice: "look the code up: it may be of an earlier edition, or mistyped",
        why: "codes change every five years, and exports keep the old ones; the sector is known, so it is sent",
        source: "NAICS 2022, U.S. Census Bureau",
        bad: "454110, of NAICS 2017", good: "455110";
}
