//! A page of the list of customers: which one is asked for, and what came back.
//!
//! The contract names no greatest page size and no total. So the size is asked for, and what comes back decides: where
//! the next page begins is what the page's own link says, as numbers; without links it is the next number, until a page
//! is empty. No other part of a link is ever followed.
//!
//! It deliberately does not count pages or notice that they repeat: whoever lists does.

use serde::Deserialize;

use super::classify::Body;

/// Customers asked for in one page: a page of a hundred is some 12 KiB, far below what is read of an answer.
const ASKED: u32 = 100;

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageAt {
    /// Its number, from 0.
    pub number: u64,
    /// How many customers it is to have; `None` leaves that to the service.
    pub size: Option<u32>,
}

impl PageAt {
    /// The first page, of the size that is asked for first.
    pub const FIRST: Self = Self {
        number: 0,
        size: Some(ASKED),
    };
}

/// What came of asking for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Identifiers of customers, and where the list goes on; `None` at its end.
    Page {
        /// The identifiers, in the service's order.
        customers: Vec<String>,
        /// The next page.
        next: Option<PageAt>,
    },
    /// The service does not give pages of this size.
    NotThisSize,
    /// No clear answer came: why, as a code.
    Unclear(&'static str),
    /// Stopped before there was an answer.
    Stopped,
}

#[derive(Deserialize)]
struct Answer {
    data: Customers,
    links: Option<Links>,
}

#[derive(Deserialize)]
struct Customers {
    customers: Vec<Customer>,
}

#[derive(Deserialize)]
struct Customer {
    id: String,
}

#[derive(Deserialize)]
struct Links {
    next: Option<String>,
}

/// Understands the body of a page: its customers, and where the list goes on.
pub(super) fn understand(at: PageAt, body: &[u8]) -> Result<(Vec<String>, Option<PageAt>), Body> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| Body::Foreign)?;
    let customers: Vec<String> = answer.data.customers.into_iter().map(|customer| customer.id).collect();
    let following = PageAt {
        number: at.number.saturating_add(1),
        size: at.size,
    };
    let next = match answer.links {
        _ if customers.is_empty() => None,
        None => Some(following),
        Some(links) => links
            .next
            .filter(|link| !link.is_empty())
            .map(|link| linked(&link, following)),
    };
    Ok((customers, next))
}

/// The page that a link names, as far as it names one.
fn linked(link: &str, following: PageAt) -> PageAt {
    let query = link.split_once('?').map_or("", |(_, query)| query);
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let mut page = following;
    for (name, value) in query.split('&').filter_map(|part| part.split_once('=')) {
        match name {
            "page" => page.number = value.parse().unwrap_or(page.number),
            "page_size" => page.size = value.parse().ok().filter(|size| *size > 0).or(page.size),
            _ => {}
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: u64, size: u32) -> PageAt {
        PageAt {
            number,
            size: Some(size),
        }
    }

    #[test]
    fn where_a_list_goes_on_is_what_its_page_says() {
        let check = |body: &str, expected: Option<(usize, Option<PageAt>)>| {
            let found = understand(at(3, 100), body.as_bytes()).ok();
            let found = found.map(|(customers, next)| (customers.len(), next));
            assert_eq!(found, expected, "{body}");
        };
        let page = |customers: &str, links: &str| format!(r#"{{"data":{{"customers":[{customers}]}}{links}}}"#);
        let one = r#"{"id":"C-1","status":"CLOSED"}"#;
        check(&page(one, ""), Some((1, Some(at(4, 100)))));
        check(&page("", ""), Some((0, None)));
        check(&page(one, r#","links":null"#), Some((1, Some(at(4, 100)))));
        check(&page(one, r#","links":{"self":"/x?page=3"}"#), Some((1, None)));
        check(&page(one, r#","links":{"next":null}"#), Some((1, None)));
        check(&page(one, r#","links":{"next":""}"#), Some((1, None)));
        let next = |link: &str| page(one, &format!(r#","links":{{"next":"{link}"}}"#));
        check(
            &next("/api/v1/customers?page=4&page_size=100"),
            Some((1, Some(at(4, 100)))),
        );
        check(
            &next("https://other.example/?type=&page_size=20&page=15#x"),
            Some((1, Some(at(15, 20)))),
        );
        check(&next("/api/v1/customers?cursor=abc"), Some((1, Some(at(4, 100)))));
        check(&next("?page=-1&page_size=0"), Some((1, Some(at(4, 100)))));
        // An empty page is the end, whatever its links say.
        check(&page("", r#","links":{"next":"?page=4"}"#), Some((0, None)));
        for body in [
            "",
            "[]",
            "{}",
            r#"{"data":{}}"#,
            &page("{}", ""),
            &page(r#"{"id":1}"#, ""),
        ] {
            check(body, None);
        }
    }
}
