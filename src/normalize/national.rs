//! How telephone numbers are written inside their countries: whether something stands in front that is no part of them.
//!
//! The library knows it only by writing the whole number, with tables that grow to 15 MB. Few numbers need it, so all
//! workers share one instance, which is that of the first of them. It reads no number.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberUtil};

/// Writes numbers as their countries do.
#[derive(Clone)]
pub(super) struct National(Arc<PhoneNumberUtil>, Arc<AtomicBool>);

/// Nothing of the library's tables.
impl fmt::Debug for National {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("National").finish_non_exhaustive()
    }
}

impl National {
    /// Loads the metadata that the library carries; a few milliseconds. `None` if the library cannot read its own.
    pub(super) fn new() -> Option<Self> {
        let library = Arc::new(PhoneNumberUtil::new().ok()?);
        Some(Self(library, Arc::default()))
    }

    /// The library for a reader of numbers: for the first the same as here, for every other one of its own.
    pub(super) fn library(&self) -> Option<Arc<PhoneNumberUtil>> {
        if self.1.swap(true, Ordering::Relaxed) {
            PhoneNumberUtil::new().ok().map(Arc::new)
        } else {
            Some(Arc::clone(&self.0))
        }
    }

    /// Whether a number is written in its country with something before these digits.
    pub(super) fn lacks_prefix(&self, number: &PhoneNumber, value: &str) -> bool {
        let written: String = value.chars().filter(char::is_ascii_digit).collect();
        let national = self.digits(number);
        national.len() > written.len() && national.ends_with(&written)
    }

    /// Whether a number is written in its country as a zero and these digits.
    pub(super) fn begins_with_zero(&self, number: &PhoneNumber, digits: &str) -> bool {
        self.digits(number).strip_prefix('0') == Some(digits)
    }

    fn digits(&self, number: &PhoneNumber) -> String {
        let national = self.0.format(number, PhoneNumberFormat::National);
        national.chars().filter(char::is_ascii_digit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_is_missing_where_numbers_are_written_with_one() {
        let national = National::new().unwrap();
        let number = |text| national.0.parse(text, None).unwrap();
        assert!(national.begins_with_zero(&number("+4930901820"), "30901820"));
        assert!(!national.begins_with_zero(&number("+4930901820"), "030901820"));
        assert!(!national.begins_with_zero(&number("+12125550123"), "2125550123"));
        assert!(!national.begins_with_zero(&number("+34612345678"), "612345678"));
        assert!(national.lacks_prefix(&number("+4930901820"), "30 901820"));
        assert!(!national.lacks_prefix(&number("+34612345678"), "612 345 678"));
    }
}
