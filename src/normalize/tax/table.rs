//! The one table of tax numbers: what is checked, and where it is published. The checks themselves are in the files
//! named after parts of the world.
//!
//! Sources in short: *EU* is the Commission's "TIN Algorithms, Public, Functional Specification"; *OECD* is the sheet of
//! the country in the OECD's collection of tax identification numbers for the automatic exchange of information.

use super::{TaxNumber, americas, asia_pacific, europe_north, europe_south, europe_west};

macro_rules! numbers {
    ($($country:literal $name:literal = $form:literal, drops $separators:literal $(, pads $from:literal to $whole:literal)? =>
        $part:ident::$check:ident: $checks:literal, source: $source:literal;)*) => {
        /// Every kind of number, by country. Where a country has several, the first that fits decides, so what people
        /// most often mean is first.
        pub(super) const TAX_NUMBERS: &[TaxNumber] = &[$(TaxNumber {
            country: $country,
            name: $name,
            form: $form,
            separators: $separators,
            padded: (0 $(+ $from)?, 0 $(+ $whole)?),
            checks: $checks,
            source: $source,
            fits: $part::$check,
        }),*];
    };
}

numbers! {
    "AR" "CUIT or CUIL" = "99-99999999-9", drops "-." =>
        americas::argentina: "check digit, modulo 11",
        source: "OECD, Argentina";
    "AT" "Abgabenkontonummer" = "99 999/9999", drops "-./," =>
        europe_west::austria_tax: "check digit, Luhn",
        source: "EU, Austria; OECD, Austria";
    "AT" "Sozialversicherungsnummer" = "9999 999999", drops "-./" =>
        europe_west::austria_insurance: "check digit in the fourth place, modulo 11",
        source: "Dachverband der Sozialversicherungsträger, Versicherungsnummer";
    "AU" "Tax file number (TFN)" = "999 999 999", drops "-" =>
        asia_pacific::australia: "weighted sum of nine digits, modulo 11; eight digits by their shape only",
        source: "OECD, Australia; Australian Taxation Office, TFN algorithm for software developers";
    "BE" "Rijksregisternummer, BIS-nummer" = "99.99.99-999.99", drops "-./" =>
        europe_west::belgium: "month, and two check digits, modulo 97, in either century",
        source: "EU, Belgium; arrêté royal of 3 April 1984; BIS: arrêté royal of 8 February 1991";
    "BR" "CPF" = "999.999.999-99", drops "-./" =>
        americas::brazil: "two check digits, modulo 11",
        source: "OECD, Brazil; Receita Federal, Instrução Normativa RFB 2172/2024";
    "CA" "SIN, also ITN and TTN" = "999 999 999", drops "-." =>
        americas::canada: "check digit, Luhn; any first digit, since individual tax numbers begin with 0",
        source: "OECD, Canada; Employment and Social Development Canada, SIN Code of Practice; ISO/IEC 7812-1, annex B";
    "CH" "AHV number" = "756.9999.9999.99", drops "-." =>
        europe_west::switzerland: "756, and a check digit as in EAN-13",
        source: "OECD, Switzerland; AHVV (SR 831.101), art. 133; GS1 General Specifications, section 7.9";
    "CL" "RUT or RUN" = "99.999.999-X", drops "-." =>
        americas::chile: "check character, modulo 11 with K for ten",
        source: "OECD, Chile; Servicio de Impuestos Internos, D.F.L. 3 of 1969";
    "CN" "Resident identity number" = "99999999999999999X", drops "-" =>
        asia_pacific::china: "day of birth, and a check character, ISO/IEC 7064 MOD 11-2",
        source: "GB 11643-1999; OECD, China";
    "DE" "Identifikationsnummer (IdNr)" = "99 999 999 999", drops "-." =>
        europe_west::germany_identification:
            "no zero in front, one of ten digits twice or thrice and no other repeated, check digit ISO/IEC 7064 MOD 11,10",
        source: "§ 139b AO; EU, Germany; OECD, Germany";
    "DE" "Steuernummer" = "99/999/99999", drops "-./" =>
        europe_west::germany_tax_office:
            "ten digits; eleven with a zero in front; thirteen that begin with a Land and have a zero in the fifth place",
        source: "§ 139b AO; Bundeszentralamt für Steuern, ELSTER: Prüfung der Steuer- und Steueridentifikationsnummer";
    "DE" "Steuernummer, with its slashes" = "999/9999/9999", drops " " =>
        europe_west::germany_tax_office_with_slashes: "eleven digits with one or two slashes, which stay",
        source: "Bundeszentralamt für Steuern, ELSTER: Prüfung der Steuer- und Steueridentifikationsnummer";
    "DK" "CPR-nummer" = "999999-9999", drops "-" =>
        europe_north::denmark: "day, or day and 60; no check digit since 2007",
        source: "CPR-loven; CPR-kontoret, Personnummeret i CPR-systemet; EU, Denmark";
    "ES" "NIF (DNI or NIE)" = "X9999999-A", drops "-.", pads 7 to 9 =>
        europe_south::spain: "check letter, modulo 23",
        source: "Real Decreto 1065/2007, art. 19 and 20; Ministerio del Interior, cálculo del dígito de control; EU, Spain";
    "ES" "NIF of the kinds K, L and M" = "A9999999A", drops "-." =>
        europe_south::spain_without_papers: "shape only",
        source: "Real Decreto 1065/2007, art. 19 and 20; EU, Spain";
    "FI" "Henkilötunnus (HETU)" = "999999-999X", drops " " =>
        europe_north::finland: "day in the century of its sign, serial number 002 to 899, check character, modulo 31",
        source: "Decree 128/2010, with the signs added in 2022; Digital and Population Data Services Agency; EU, Finland";
    "FR" "Numéro fiscal (SPI)" = "99 99 999 999 999", drops "-." =>
        europe_west::france_tax: "first digit 0 to 3, three check digits, modulo 511",
        source: "EU, France; OECD, France";
    "FR" "Numéro d'inscription au répertoire (NIR)" = "9 99 99 99 999 999 99", drops "-./" =>
        europe_west::france_register: "two check digits, modulo 97, with Corsica's letters",
        source: "Code de la sécurité sociale, art. R. 115-1; INSEE, décret 82-103";
    "GB" "National Insurance number" = "AA 99 99 99 A", drops "-." =>
        europe_west::national_insurance: "prefixes that are in use, suffix A to D",
        source: "HMRC, National Insurance Manual, NIM39110";
    "GB" "Unique taxpayer reference (UTR)" = "99999 99999", drops "-Kk" =>
        europe_west::unique_taxpayer: "check digit in the first place, modulo 11; a K around it is left out",
        source: "OECD, United Kingdom; HMRC, modulus 11 check of references";
    "GB" "Temporary reference number (TRN)" = "99 A9 99 99", drops "-." =>
        europe_west::temporary_reference: "shape only",
        source: "HMRC, National Insurance Manual, NIM39110";
    "IE" "PPS number" = "9999999AA", drops "-" =>
        europe_west::ireland: "check letter, modulo 23, with the second letter A to I in the sum",
        source: "EU, Ireland; Social Welfare Consolidation Act 2005, section 262; Revenue, PPS numbers";
    "IL" "Mispar zehut" = "999999999", drops "-", pads 5 to 9 =>
        asia_pacific::israel: "check digit, Luhn",
        source: "OECD, Israel; ISO/IEC 7812-1, annex B";
    "IN" "PAN" = "AAAPA9999A", drops "-" =>
        asia_pacific::india: "fourth letter P for a person, serial number not 0000; how the last letter is made is secret",
        source: "Income-tax Rules 1962, rule 114; Income Tax Department, structure of PAN";
    "IT" "Codice fiscale" = "AAAAAA99A99A999A", drops "-." =>
        europe_south::italy: "month, day, and a check letter, with letters in place of digits where two people collide",
        source: "Decreto del Ministro delle finanze, 23 December 1976 (n. 13813); EU, Italy";
    "IT" "Codice fiscale, provisional" = "99999999999", drops "-." =>
        europe_south::italy_provisional: "check digit, Luhn",
        source: "Decreto del Ministro delle finanze, 23 December 1976 (n. 13813); EU, Italy";
    "JP" "My Number" = "9999 9999 9999", drops "-" =>
        asia_pacific::japan: "check digit, modulo 11",
        source: "Ordinance of the Ministry of Internal Affairs and Communications 85 of 2014, art. 5; OECD, Japan";
    "KR" "Resident registration number" = "999999-9999999", drops "-" =>
        asia_pacific::korea: "day in the century of its seventh digit; no check digit since October 2020",
        source: "Resident Registration Act, enforcement rules, art. 2; OECD, Korea";
    "MX" "RFC" = "AAAA999999XXX", drops "-" =>
        americas::mexico_tax_register: "shape and day; true numbers with a wrong check character exist",
        source: "Código Fiscal de la Federación, art. 27; OECD, Mexico";
    "MX" "CURP" = "AAAA999999AAAAAAX9", drops "-" =>
        americas::mexico_population_register: "day, sex, and a check digit, modulo 10",
        source: "RENAPO, Instructivo Normativo para la asignación de la CURP (DOF 18 October 2021)";
    "NL" "Burgerservicenummer (BSN)" = "999999999", drops "-.", pads 8 to 9 =>
        europe_west::netherlands: "weighted sum, modulo 11",
        source: "Wet algemene bepalingen burgerservicenummer; Logisch Ontwerp BSN; EU, Netherlands";
    "NO" "Fødselsnummer, D-nummer" = "999999 99999", drops "-.:" =>
        europe_north::norway: "day, and two check digits, modulo 11; the first by the rule of 2032, which contains today's",
        source: "Folkeregisterforskriften, § 2-2-1; Skatteetaten, new identification number from 2032; OECD, Norway";
    "NZ" "IRD number" = "999-999-999", drops "-.", pads 8 to 9 =>
        asia_pacific::new_zealand: "above 10-000-000, check digit, modulo 11 with a second set of weights",
        source: "Inland Revenue, RWT and NRWT specification, IRD number validation; OECD, New Zealand";
    "PL" "PESEL" = "99999999999", drops "-" =>
        europe_north::poland_register: "day in the century of its month, check digit, modulo 10",
        source: "Ustawa o ewidencji ludności, art. 15; EU, Poland";
    "PL" "NIP" = "999-999-99-99", drops "-" =>
        europe_north::poland_tax: "check digit, modulo 11",
        source: "Ustawa o zasadach ewidencji i identyfikacji podatników, art. 5; EU, Poland";
    "PT" "NIF" = "999 999 999", drops "-." =>
        europe_south::portugal: "no zero in front, check digit, modulo 11",
        source: "Decreto-Lei 14/2013; EU, Portugal";
    "SE" "Personnummer, samordningsnummer" = "(99)999999-9999", drops "-:" =>
        europe_north::sweden: "day, or day and 60, and a check digit, Luhn",
        source: "Folkbokföringslagen (1991:481), § 18 and 18 a; Skatteverket, SKV 704 and SKV 707; EU, Sweden";
    "TR" "T.C. kimlik numarası" = "99999999999", drops "-" =>
        asia_pacific::turkey_identity: "no zero in front, two check digits, modulo 10",
        source: "OECD, Türkiye; Nüfus Hizmetleri Kanunu 5490, art. 46";
    "TR" "Vergi kimlik numarası" = "9999999999", drops "-" =>
        asia_pacific::turkey_tax: "check digit, modulo 9 and 10",
        source: "OECD, Türkiye; Gelir İdaresi Başkanlığı, Vergi Kimlik Numarası Genel Tebliği";
    "US" "EIN, with its hyphen" = "99-9999999", drops " " =>
        americas::employer_with_hyphen: "prefixes that the IRS assigns; the hyphen stays, since it tells an EIN from an SSN",
        source: "26 CFR 301.6109-1; IRS, How EINs are assigned and valid EIN prefixes";
    "US" "SSN" = "999-99-9999", drops "-." =>
        americas::social_security: "area not 000, 666 or 900 to 999, group not 00, serial not 0000, no number of an advertisement",
        source: "20 CFR 422.103; Social Security Administration, POMS RM 10201.035 and Social Security Number Randomization";
    "US" "ITIN" = "999-99-9999", drops "-." =>
        americas::individual_taxpayer: "9 in front, fourth and fifth digit 50 to 65, 70 to 88, 90 to 92 or 94 to 99",
        source: "26 CFR 301.6109-1(d)(3); IRS, Internal Revenue Manual 3.21.263";
    "US" "EIN, bare" = "999999999", drops "" =>
        americas::employer_bare: "nine digits that are neither SSN nor ITIN, with a prefix that the IRS assigns",
        source: "26 CFR 301.6109-1; IRS, How EINs are assigned and valid EIN prefixes";
    "ZA" "Tax reference number" = "9999/999/99/9", drops "-/" =>
        asia_pacific::south_africa_tax: "first digit 0 to 3 or 9, check digit, Luhn",
        source: "SARS, BRS: modulus 10 check of tax reference numbers; OECD, South Africa";
    "ZA" "Identity number" = "999999 9999 999", drops "-" =>
        asia_pacific::south_africa_identity: "day, and a check digit, Luhn",
        source: "Identification Act 68 of 1997, section 7; ISO/IEC 7812-1, annex B";
}
