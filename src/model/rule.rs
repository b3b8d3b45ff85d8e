//! What a rule is: how severe a breach is, whether a value is left to send, and what is said to people.

use std::collections::BTreeMap;

pub use super::rules::Rule;

/// What a broken rule does to its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The record is sent; the finding is counted and recorded. Every repair is one.
    Note,
    /// The record is sent, and the finding is reported line by line.
    Warning,
    /// The record is rejected.
    Error,
}

impl Severity {
    /// Every severity, the mildest first.
    pub const ALL: [Self; 3] = [Self::Note, Self::Warning, Self::Error];

    /// The word of configuration, ledger and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The severity of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.word() == word)
    }
}

/// The severity of every rule: its own, unless the configuration says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Severities(BTreeMap<Rule, Severity>);

impl Severities {
    /// The severities with these changes.
    pub fn with(changes: BTreeMap<Rule, Severity>) -> Self {
        Self(changes)
    }

    /// What a breach of the rule does to its record.
    pub fn of(&self, rule: Rule) -> Severity {
        self.0.get(&rule).copied().unwrap_or(rule.text().severity)
    }

    /// What differs from the rules' own severities, in the order of the rules.
    pub fn changes(&self) -> impl Iterator<Item = (Rule, Severity)> {
        self.0.iter().map(|(rule, severity)| (*rule, *severity))
    }
}

/// Whether a value that breaks the rule can be sent at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// It has a form that can be sent, so the rule's severity can be lowered.
    Kept,
    /// There is nothing to send in its place, so the rule is always an error.
    Lost,
}

/// What a broken rule says to people.
#[derive(Debug, PartialEq, Eq)]
pub struct RuleText {
    /// Stable code, `kind.problem`.
    pub code: &'static str,
    /// What a breach does if the configuration says nothing.
    pub severity: Severity,
    /// Whether a value that breaks it can be sent.
    pub value: Value,
    /// What is wrong, as the end of the sentence "FIELD …".
    pub says: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// Why the rule is there.
    pub why: &'static str,
    /// The standard or contract that asks for it.
    pub source: &'static str,
    /// A value that breaks it.
    pub bad: &'static str,
    /// The same as it should be; of a repair, as it is sent.
    pub good: &'static str,
}

/// Makes the rules, and what is said about them, of the table in `rules`.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $severity:ident, $value:ident,
        says: $says:literal, advice: $advice:literal, why: $why:literal, source: $source:literal,
        bad: $bad:literal, good: $good:literal;)*) => {
        /// A rule for the data of a record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[$doc])* $name),* }

        impl Rule {
            /// Every rule, in the order of its code's area.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What the rule says to people.
            pub fn text(self) -> &'static RuleText {
                match self {
                    $(Self::$name => &RuleText {
                        code: $code,
                        severity: Severity::$severity,
                        value: Value::$value,
                        says: $says,
                        advice: $advice,
                        why: $why,
                        source: $source,
                        bad: $bad,
                        good: $good,
                    }),*
                }
            }
        }
    };
}
pub(super) use rules;

impl Rule {
    /// Rules about what a record corrects; the others are about its data.
    pub const CORRECTION: [Self; 3] = [
        Self::CorrectionUnknownRecord,
        Self::CorrectionRepeated,
        Self::CorrectionUnchanged,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        self.text().code
    }

    /// The rule with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }

    /// Whether the rule says that a value was repaired.
    pub fn is_repair(self) -> bool {
        self.text().severity == Severity::Note
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_only_what_can_be_sent_is_less_than_an_error() {
        for (index, rule) in Rule::ALL.iter().enumerate() {
            let text = rule.text();
            assert_eq!(Rule::from_code(text.code), Some(*rule));
            assert!(
                Rule::ALL.iter().skip(index + 1).all(|other| other.code() != text.code),
                "{}",
                text.code
            );
            assert!(
                text.value == Value::Kept || text.severity == Severity::Error,
                "{} has nothing to send",
                text.code
            );
            assert_eq!(Severity::from_word(text.severity.word()), Some(text.severity));
        }
    }
}
