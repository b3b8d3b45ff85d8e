//! Lists as no sandbox gives them: capped pages, refused sizes, pages that come again, lists without end.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rollcall::pipeline::{CompareEnd, PipelineError};
use serde_json::{Value, json};

use crate::bench::{Bench, csv, runtime};

/// The number and the size of each page that was asked for.
type Asked = Mutex<Vec<(u64, Option<u64>)>>;
type List = dyn Fn(u64, Option<u64>) -> (u16, Value) + Send + Sync;

/// A service that says yes to every create and gives pages as a script says: by number and size, where one is asked for.
struct Service {
    url: String,
    pages: Arc<Asked>,
}

impl Service {
    fn start(list: impl Fn(u64, Option<u64>) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let pages = Arc::new(Mutex::new(Vec::new()));
        let (list, asked): (Arc<List>, _) = (Arc::new(list), Arc::clone(&pages));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (list, asked) = (Arc::clone(&list), Arc::clone(&asked));
                std::thread::spawn(move || while serve(&stream, &*list, &asked).is_some() {});
            }
        });
        Self { url, pages }
    }

    fn bench(&self) -> Bench {
        let (base, token) = (format!("{}/api", self.url), format!("{}/token", self.url));
        let bench = Bench::new(runtime(), &base, &token, &[]);
        bench.send("customers.csv", &csv(1));
        bench
    }

    fn pages(&self) -> Vec<(u64, Option<u64>)> {
        self.pages.lock().unwrap().clone()
    }
}

fn serve(stream: &TcpStream, list: &List, asked: &Asked) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        match header.trim_end().to_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    std::io::Read::read_exact(&mut reader, &mut body).ok()?;
    let target = line.split(' ').nth(1)?;
    let customer = json!({"id": "C-1", "customer_type": "INDIVIDUAL"});
    let (status, answer) = if target.contains("/token") {
        (
            200,
            json!({"access_token": "t", "token_type": "Bearer", "expires_in": 900}),
        )
    } else if let Some((_, query)) = target.split_once('?') {
        let number = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.parse().ok());
        let (page, size) = (number("page=").unwrap(), number("page_size="));
        asked.lock().unwrap().push((page, size));
        list(page, size)
    } else {
        (200, json!({"data": customer}))
    };
    let answer = answer.to_string();
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", answer.len());
    let mut writer = stream;
    writer.write_all((head + &answer).as_bytes()).ok()
}

/// A page of these strangers, with a link to the next or without.
fn page(ids: std::ops::Range<u64>, next: Option<&str>) -> (u16, Value) {
    let customers: Vec<Value> = ids.map(|id| json!({"id": format!("S-{id:04}")})).collect();
    (
        200,
        json!({"data": {"customers": customers}, "links": {"self": "x", "next": next}}),
    )
}

/// A page as a service gives it that has so many strangers.
fn of(strangers: u64, number: u64, size: u64, next: &str) -> (u16, Value) {
    let from = (number * size).min(strangers);
    let to = (from + size).min(strangers);
    page(from..to, (to < strangers).then_some(next))
}

fn check(service: &Service, strangers: u64, about: &str) {
    let bench = service.bench();
    let compared = bench.compare(None);
    assert_eq!(compared.end, CompareEnd::Ended, "{about}");
    let expected: Vec<String> = (0..strangers).map(|id| format!("S-{id:04}")).collect();
    assert_eq!(bench.strangers(compared.comparison_id), expected, "{about}");
}

#[test]
fn every_customer_is_seen_whatever_size_the_pages_have() {
    let service = Service::start(|number, _| of(45, number, 10, &format!("?page={}", number + 1)));
    check(&service, 45, "capped, and counted by its own size");
    assert_eq!(service.pages().len(), 5);

    // Where a page begins is reckoned from the size that is asked for: only its own links lead on.
    let service = Service::start(|number, size| {
        let (asked, given) = (size.unwrap_or(10), size.unwrap_or(10).min(10));
        let from = number * asked;
        let to = (from + given).min(45);
        let next = format!("/api/v1/customers?page_size={given}&page={}", to / given);
        page(from.min(45)..to, (to < 45).then_some(&next))
    });
    check(&service, 45, "capped, and counted by the size that is asked for");
    assert_eq!(service.pages()[1], (1, Some(10)));

    let service = Service::start(|number, size| match size {
        Some(_) => (400, json!({"errors": [{"code": "invalid_parameter"}]})),
        None => of(45, number, 20, "?next"),
    });
    check(&service, 45, "no size may be asked for");
    assert_eq!(service.pages(), [(0, Some(100)), (0, None), (1, None), (2, None)]);
}

#[test]
fn a_list_ends_at_an_empty_page_or_where_there_is_none() {
    let without_links = |number: u64| {
        let (status, mut body) = of(250, number, 100, "");
        body.as_object_mut().unwrap().remove("links");
        (status, body)
    };
    let service = Service::start(move |number, _| without_links(number));
    check(&service, 250, "no links");
    assert_eq!(service.pages().len(), 4);
    let service = Service::start(move |number, _| match number {
        0..=2 => without_links(number),
        _ => (404, json!({"errors": []})),
    });
    check(&service, 250, "not found behind the end");
}

#[test]
fn a_list_that_changes_or_repeats_itself_is_read_to_its_end() {
    // Somebody is deleted on the second page while it is read, and the third comes from a store on the way.
    let service = Service::start(|number, _| match number {
        0 => page(0..100, Some("?page=1")),
        1 => page(100..199, Some("?page=2")),
        2 => page(100..199, Some("?page=3")),
        3 => page(190..201, None),
        _ => page(0..0, None),
    });
    check(&service, 201, "changing");
}

#[test]
fn a_list_without_end_is_an_error_and_ends_nothing() {
    type Endless = fn(u64, Option<u64>) -> (u16, Value);
    let endless: [Endless; 3] = [
        |_, _| page(0..100, Some("?page=1")),
        |number, _| page((number % 7) * 10..(number % 7) * 10 + 10, Some("?cursor=x")),
        |number, _| page(number.min(30)..number.min(30) + 10, Some("?cursor=x")),
    ];
    for list in endless {
        let service = Service::start(list);
        let bench = service.bench();
        let error = bench.try_compare(None).unwrap_err();
        assert!(
            matches!(error, PipelineError::ListEndless { repeats: true, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("the same page again and again"), "{error}");
        assert!(service.pages().len() < 200);
        assert!(bench.comparison(1).ended_ms.is_none());
    }
    let service = Service::start(|_, _| (400, json!({"errors": []})));
    // Without a size it is no matter of sizes: it is asked again, and stays unclear.
    let compared = service.bench().compare(None);
    assert_eq!(compared.end, CompareEnd::ListUnclear("http.unexpected_status"));
}
