//! Which fields a source must feed, as far as its type of customer is known before its records are.
//!
//! It does not say that a record is complete: a required cell may still be empty, which is a finding of that record.

use super::problem::HeaderProblem;
use crate::model::field::{CustomerType, FieldId, Need};

/// Finds required fields that nothing feeds. Where the records say their type themselves, what both types need has to
/// be there, and what one of them needs.
pub(super) fn missing(customer_type: Option<CustomerType>, has_source: impl Fn(FieldId) -> bool) -> Vec<HeaderProblem> {
    use CustomerType::{Corporation, Individual};
    let lacking = |customer_type: CustomerType, common: bool| -> Vec<FieldId> {
        FieldId::all()
            .filter(|id| id.field().need(customer_type) == Need::Required && is_common(*id) == common)
            .filter(|id| !has_source(*id))
            .collect()
    };
    let problem = |field, owner| HeaderProblem::Missing { field, owner };
    let common = lacking(Individual, true).into_iter();
    let mut problems: Vec<_> = common.map(|field| problem(field, "every customer")).collect();
    let (person, firm) = (lacking(Individual, false), lacking(Corporation, false));
    match customer_type {
        Some(Individual) => problems.extend(person.into_iter().map(|field| problem(field, "an INDIVIDUAL"))),
        Some(Corporation) => problems.extend(firm.into_iter().map(|field| problem(field, "a CORPORATION"))),
        None if person.is_empty() || firm.is_empty() => {}
        None => {
            let groups = vec![group(&person, "an INDIVIDUAL"), group(&firm, "a CORPORATION")];
            problems.push(HeaderProblem::NoCompleteType { groups });
        }
    }
    problems
}

/// Whether both types of customer need the field.
fn is_common(id: FieldId) -> bool {
    id.field().individual == Need::Required && id.field().corporation == Need::Required
}

fn group(ids: &[FieldId], owner: &str) -> String {
    let paths: Vec<_> = ids.iter().map(|id| id.path()).collect();
    format!("{} for {owner}", paths.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sources: &[&str], customer_type: Option<CustomerType>, expected: &[&str]) {
        let problems = missing(customer_type, |id| sources.contains(&id.path()));
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected, "{sources:?}");
    }

    #[test]
    fn what_both_types_need_is_always_required() {
        let expected = [
            "no column gives customer_type, which every customer must have",
            "no column gives id, which every customer must have",
        ];
        check(&["first_name", "last_name"], None, &expected);
        check(&["registered_name"], Some(CustomerType::Corporation), &expected);
    }

    #[test]
    fn a_known_type_needs_its_own_fields() {
        let expected = ["no column gives last_name, which an INDIVIDUAL must have"];
        check(
            &["id", "customer_type", "first_name"],
            Some(CustomerType::Individual),
            &expected,
        );
        let expected = ["no column gives registered_name, which a CORPORATION must have"];
        check(
            &["id", "customer_type", "first_name"],
            Some(CustomerType::Corporation),
            &expected,
        );
    }

    #[test]
    fn an_unknown_type_needs_the_fields_of_one() {
        let expected = ["no columns give last_name for an INDIVIDUAL, or else registered_name for a CORPORATION"];
        check(&["id", "customer_type", "first_name"], None, &expected);
        check(&["id", "customer_type", "first_name", "last_name"], None, &[]);
        check(&["id", "customer_type", "registered_name"], None, &[]);
    }
}
