//! The three calls about customers: create, read, list.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::answers::{DuplicateOf, Problem, Refusal, json_answer, refusal, refuse};
use super::desk::Desk;
use super::payload;
use super::rules::CustomerType;
use super::state_file::Fingerprint;
use super::store::{Answer, Filter, Page, Settled};
use super::token::{Scope, authorize, media_type_is, only};

/// The header with which each HTTP request is named.
pub(super) const REQUEST_ID: &str = "x-l2f-request-id";

/// The header with which each operation is named, the same on every retry.
pub(super) const IDEMPOTENCY_ID: &str = "x-l2f-idempotency-id";

/// The status of every customer here: the sandbox closes and freezes nobody.
const STATUS: &str = "ACTIVE";

/// The contract's default page size.
const PAGE_SIZE: usize = 20;

/// The greatest page size taken. The contract names none; a client should not count on more.
const PAGE_SIZE_MAX: usize = 100;

/// `POST /api/v1/customers`
pub(super) fn create(desk: &Desk, headers: &HeaderMap, body: &Bytes) -> Response {
    let idempotency_id = match check_create_headers(desk, headers) {
        Ok(idempotency_id) => idempotency_id,
        Err(refusal) => return refusal.into_response(),
    };
    let checked = payload::check(body);
    let settled = desk.store().settle(idempotency_id, Fingerprint::of(body), checked);
    match settled {
        Ok(Settled::Fresh(answer)) => {
            if matches!(answer, Answer::Duplicate { .. }) {
                desk.counter().tally.duplicates_refused += 1;
            }
            create_answer(&answer)
        }
        Ok(Settled::Replay { answer, changed_body }) => {
            let mut counter = desk.counter();
            counter.tally.replays += 1;
            counter.tally.violations.changed_bodies += u64::from(changed_body);
            create_answer(&answer)
        }
        Ok(Settled::Invalid(problems)) => refusal(StatusCode::BAD_REQUEST, &problems),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "an effect was not kept");
            refuse(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "the customer could not be kept",
            )
        }
    }
}

fn check_create_headers<'a>(desk: &Desk, headers: &'a HeaderMap) -> Result<&'a str, Refusal> {
    authorize(desk, headers, Scope::Write)?;
    named(headers, REQUEST_ID)?;
    let idempotency_id = named(headers, IDEMPOTENCY_ID)?;
    if !media_type_is(headers, &header::CONTENT_TYPE, "application/json") {
        let description = "the Content-Type header must be application/json";
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "invalid_content_type",
            description,
        ));
    }
    Ok(idempotency_id)
}

/// The value of a header that must be there, once.
fn named<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Refusal> {
    let value = only(headers, name).unwrap_or_default();
    if value.trim().is_empty() {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "missing_header",
            format!("the header {name} is required, once"),
        ));
    }
    Ok(value)
}

fn create_answer(answer: &Answer) -> Response {
    match answer {
        Answer::Created { customer_id } => json_answer(StatusCode::OK, &json!({"data": {"id": &**customer_id}})),
        Answer::Duplicate { customer_id, status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST);
            let description = format!("a customer with the id \"{customer_id}\" already exists");
            let mut response = refuse(status, "customer_already_exists", description);
            response.extensions_mut().insert(DuplicateOf(Arc::clone(customer_id)));
            response
        }
        Answer::Failed { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            refuse(status, "internal_error", "something went wrong")
        }
        Answer::Burned { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::CONFLICT);
            refuse(status, "idempotency_id_used", "this idempotency id was used already")
        }
    }
}

fn check_read_headers(desk: &Desk, headers: &HeaderMap) -> Result<(), Refusal> {
    authorize(desk, headers, Scope::Read)?;
    named(headers, REQUEST_ID).map(|_| ())
}

/// `GET /api/v1/customers/{id}`
pub(super) fn read(desk: &Desk, headers: &HeaderMap, uri: &Uri) -> Response {
    if let Err(refusal) = check_read_headers(desk, headers) {
        return refusal.into_response();
    }
    let id = uri.path().rsplit('/').next().unwrap_or_default();
    let Ok(id) = percent_decode_str(id).decode_utf8() else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "invalid_path",
            "the id in the path is not percent-encoded UTF-8",
        );
    };
    let customer = desk.store().customer(&id);
    match customer {
        Some(mut customer) => {
            if let Some(fields) = customer.as_object_mut() {
                // Whoever altered him may have given him another.
                fields.entry("status").or_insert_with(|| json!(STATUS));
            }
            json_answer(StatusCode::OK, &json!({"data": customer}))
        }
        None => refuse(
            StatusCode::NOT_FOUND,
            "customer_not_found",
            format!("no customer has the id \"{id}\""),
        ),
    }
}

/// `GET /api/v1/customers?page&page_size&type&status`
pub(super) fn list(desk: &Desk, headers: &HeaderMap, uri: &Uri) -> Response {
    if let Err(refusal) = check_read_headers(desk, headers) {
        return refusal.into_response();
    }
    let wanted = match Wanted::of(uri) {
        Ok(wanted) => wanted,
        Err(problem) => return refusal(StatusCode::BAD_REQUEST, &[problem]),
    };
    let page = desk.store().page(wanted.filter(), wanted.page, wanted.page_size);
    let customers: Vec<Value> = page
        .customers
        .iter()
        .map(|(id, kind)| json!({"id": id, "customer_type": kind.name(), "status": STATUS}))
        .collect();
    json_answer(
        StatusCode::OK,
        &json!({"data": {"customers": customers}, "links": wanted.links(&page)}),
    )
}

/// What a list was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    page: usize,
    page_size: usize,
    customer_type: Option<CustomerType>,
    status: Option<String>,
}

impl Wanted {
    fn of(uri: &Uri) -> Result<Wanted, Problem> {
        let Ok(Query(parameters)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
            return Err(Problem::new("invalid_parameter", "the query string is not well-formed"));
        };
        let mut wanted = Wanted {
            page: 0,
            page_size: PAGE_SIZE,
            customer_type: None,
            status: None,
        };
        for (name, value) in parameters.into_iter().filter(|(_, value)| !value.is_empty()) {
            let bad = |what: &str| Problem::new("invalid_parameter", format!("{name}: \"{value}\" is not {what}"));
            match name.as_str() {
                "page" => wanted.page = value.parse().map_err(|_| bad("a page number"))?,
                "page_size" => {
                    let size = value.parse().ok().filter(|size| (1..=PAGE_SIZE_MAX).contains(size));
                    wanted.page_size = size.ok_or_else(|| bad("a page size from 1 to 100"))?;
                }
                "type" => {
                    let kind = CustomerType::named(&value).ok_or_else(|| bad("one of INDIVIDUAL, CORPORATION"))?;
                    wanted.customer_type = Some(kind);
                }
                "status" => wanted.status = Some(value),
                _ => return Err(bad("a parameter of this call")),
            }
        }
        Ok(wanted)
    }

    fn filter(&self) -> Filter {
        let nobody = self.status.as_deref().is_some_and(|status| status != STATUS);
        Filter {
            customer_type: self.customer_type,
            nobody,
        }
    }

    /// Links relative to the host; there is no `prev` on the first page and no `next` on the last.
    fn links(&self, page: &Page) -> Value {
        let last = page.in_all.div_ceil(self.page_size).saturating_sub(1);
        let mut links = Map::new();
        let mut link = |name: &str, number| links.insert(name.to_owned(), json!(self.link(number)));
        link("self", self.page);
        link("first", 0);
        if self.page > 0 {
            link("prev", self.page - 1);
        }
        if self.page < last {
            link("next", self.page + 1);
        }
        link("last", last);
        Value::Object(links)
    }

    fn link(&self, page: usize) -> String {
        let mut link = format!("/api/v1/customers?page={page}&page_size={}", self.page_size);
        let parameters = [
            ("type", self.customer_type.map(CustomerType::name)),
            ("status", self.status.as_deref()),
        ];
        for (name, value) in parameters {
            if let Some(value) = value {
                // Writing to a string can't fail.
                write!(link, "&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)).ok();
            }
        }
        link
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_asked_for_in_the_query_string() {
        fn check(query: &str, expected: Result<(usize, usize), &str>) {
            let uri: Uri = format!("/api/v1/customers?{query}").parse().unwrap();
            let actual = Wanted::of(&uri).map(|wanted| (wanted.page, wanted.page_size));
            assert_eq!(
                actual.map_err(|problem| problem.description),
                expected.map_err(str::to_owned),
                "{query}"
            );
        }
        check("", Ok((0, 20)));
        check("page=&page_size=&type=&status=", Ok((0, 20)));
        check("page=3&page_size=100&type=CORPORATION&status=CLOSED", Ok((3, 100)));
        check("page=-1", Err("page: \"-1\" is not a page number"));
        check("page_size=0", Err("page_size: \"0\" is not a page size from 1 to 100"));
        check(
            "page_size=101",
            Err("page_size: \"101\" is not a page size from 1 to 100"),
        );
        check(
            "type=PERSON",
            Err("type: \"PERSON\" is not one of INDIVIDUAL, CORPORATION"),
        );
        check("limit=5", Err("limit: \"5\" is not a parameter of this call"));
    }

    #[test]
    fn links_lead_through_all_pages() {
        fn check(page: usize, in_all: usize, expected: &Value) {
            let wanted = Wanted {
                page,
                page_size: 2,
                customer_type: Some(CustomerType::Individual),
                status: Some("A B".into()),
            };
            let links = wanted.links(&Page {
                customers: Vec::new(),
                in_all,
            });
            let numbers: Map<String, Value> = links
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, link)| {
                    let rest = link.as_str().unwrap().strip_prefix("/api/v1/customers?page=").unwrap();
                    let number = rest.strip_suffix("&page_size=2&type=INDIVIDUAL&status=A%20B").unwrap();
                    (name.clone(), json!(number.parse::<usize>().unwrap()))
                })
                .collect();
            assert_eq!(Value::Object(numbers), *expected);
        }
        check(0, 0, &json!({"self": 0, "first": 0, "last": 0}));
        check(0, 2, &json!({"self": 0, "first": 0, "last": 0}));
        check(0, 5, &json!({"self": 0, "first": 0, "next": 1, "last": 2}));
        check(1, 5, &json!({"self": 1, "first": 0, "prev": 0, "next": 2, "last": 2}));
        check(2, 5, &json!({"self": 2, "first": 0, "prev": 1, "last": 2}));
        check(7, 5, &json!({"self": 7, "first": 0, "prev": 6, "last": 2}));
    }
}
