//! One cell of any bytes in one field: `ROLLCALL_FUZZ_FIELD` names it. The rest of the record is a plain customer.
//!
//! It must not panic, what is sent must be its own normal form, and what is found must be a rule of the field.

#![no_main]

#[path = "../../tests/normalize/judge.rs"]
mod judge;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rollcall::model::field::{FieldId, Need};

static FIELD: LazyLock<FieldId> = LazyLock::new(|| {
    let path = std::env::var("ROLLCALL_FUZZ_FIELD").expect("ROLLCALL_FUZZ_FIELD names a field");
    FieldId::from_path(&path).expect("ROLLCALL_FUZZ_FIELD names a field")
});

/// A customer of the type that may have the field.
static CUSTOMER: LazyLock<Vec<String>> = LazyLock::new(|| {
    let is_person = FIELD.field().individual != Need::Never;
    let cell = |id: FieldId| match id.path() {
        "id" => "C-1",
        "customer_type" if is_person => "INDIVIDUAL",
        "customer_type" => "CORPORATION",
        "first_name" | "last_name" if is_person => "Probe",
        "registered_name" if !is_person => "Probe Ltd",
        "mailing_address.country_code" if is_person => "GB",
        "registered_address.country_code" if !is_person => "DE",
        _ => "",
    };
    FieldId::all().map(|id| cell(id).to_owned()).collect()
});

fuzz_target!(|cell: &str| {
    // The first two bytes choose the country in which the rest is read.
    let (country, cell) = cell.split_at_checked(2).unwrap_or(("", cell));
    let mut cells = CUSTOMER.clone();
    for id in FieldId::all().filter(|id| id.path().ends_with("address.country_code")) {
        if !cells[id.index()].is_empty() && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            cells[id.index()] = country.to_owned();
        }
    }
    cells[FIELD.index()] = cell.to_owned();
    if let Err(problem) = judge::judge(&cells) {
        panic!("{problem}: {cell:?} in {country:?}");
    }
});
