//! The figures as each form of a report shows them, by name, in one way of writing.

use serde_json::Value;

use crate::ledger::Figures;

/// A part of a text between two marks, and what is behind it.
fn between<'text>(text: &'text str, begin: &str, end: &str) -> Option<(&'text str, &'text str)> {
    text.split_once(begin)?.1.split_once(end)
}

/// Text of a page: tags away, characters as they are.
pub(crate) fn plain(markup: &str) -> String {
    let mut text = String::new();
    for part in markup.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, behind)| behind));
    }
    [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ]
    .into_iter()
    .fold(text, |text, (code, character)| text.replace(code, character))
}

/// Spaces and line ends as single spaces.
pub(crate) fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What people read, as programs do: no commas within numbers, moments as RFC 3339.
fn exact(shown: &str) -> String {
    let digits = shown.replace([',', '.'], "");
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return shown.replace(',', "");
    }
    match shown.strip_suffix(" UTC") {
        Some(moment) => moment.replacen(' ', "T", 1) + "Z",
        None => shown.to_owned(),
    }
}

/// The figures of a page.
pub(crate) fn on_the_page(page: &str) -> Figures {
    let mut figures = Figures::new();
    for part in page.split("data-figure=\"").skip(1) {
        let (name, rest) = part.split_once('"').unwrap();
        let text = between(rest, ">", "<").unwrap().0;
        assert_eq!(
            figures.insert(name.to_owned(), exact(&plain(text))),
            None,
            "{name} twice"
        );
    }
    figures
}

/// The figures of the JSON.
pub(crate) fn in_json(report: &Value) -> Figures {
    let mut figures = Figures::new();
    for figure in report["figures"].as_array().unwrap() {
        let value = &figure["value"];
        let value = match value.as_str() {
            Some(text) => text.to_owned(),
            // JSON has no zeros at a number's end.
            None if figure["unit"] == "s" => format!("{:.3}", value.as_f64().unwrap()),
            None => value.to_string(),
        };
        let name = figure["name"].as_str().unwrap();
        assert_eq!(figures.insert(name.to_owned(), value), None, "{name} twice");
    }
    figures
}

/// The figures of the table for spreadsheets.
pub(crate) fn in_csv(table: &str) -> Figures {
    let mut figures = Figures::new();
    for line in csv::Reader::from_reader(table.as_bytes()).records() {
        let line = line.unwrap();
        if &line[0] != "record" {
            assert_eq!(
                figures.insert(line[1].to_owned(), line[2].to_owned()),
                None,
                "{} twice",
                &line[1]
            );
        }
    }
    figures
}

/// A cell of a table of the page: the name of its figure, what it shows, and the note below.
struct Cell {
    figure: Option<String>,
    shown: String,
    note: String,
}

fn cells(row: &str) -> Vec<Cell> {
    let cells = row
        .split("<t")
        .filter(|cell| cell.starts_with("h ") || cell.starts_with("d "));
    let cells = cells.map(|cell| {
        let (tag, content) = cell.split_once('>').unwrap();
        let (shown, note) = content.split_once("<span class=\"note\">").unwrap_or((content, ""));
        Cell {
            figure: between(tag, "data-figure=\"", "\"").map(|(name, _)| name.to_owned()),
            shown: collapsed(&plain(shown)),
            note: collapsed(&plain(note)),
        }
    });
    cells.collect()
}

/// The figures of the text. It has no names, so that each of its tables is read beside the table of the page with the same
/// caption: what stands in the place of a figure is taken for that figure.
pub(crate) fn in_text(text: &str, page: &str) -> Figures {
    let mut figures = Figures::new();
    let mut take = |name: &str, shown: &str| {
        assert_eq!(figures.insert(name.to_owned(), exact(shown)), None, "{name} twice");
    };
    let (verdict, rest) = between(page, "<p class=\"verdict", "</p>").unwrap();
    let says = text.split_once('\n').unwrap().1.split_once("\n\n").unwrap().0;
    let mut says = collapsed(says);
    for part in verdict.split_once('>').unwrap().1.split("<span data-figure=\"") {
        let (name, words) = part.split_once("\">").unwrap_or(("", part));
        if let Some((_, words)) = words.split_once("</span>") {
            let (number, rest) = says.split_once(' ').unwrap();
            take(name, number);
            says = collapsed(rest);
            says = says
                .strip_prefix(collapsed(&plain(words)).as_str())
                .unwrap()
                .trim()
                .to_owned();
        } else {
            says = says
                .strip_prefix(collapsed(&plain(words)).as_str())
                .unwrap()
                .trim()
                .to_owned();
        }
    }
    assert_eq!(says, "");
    for fact in rest.split("<div><dt>").skip(1) {
        let (label, value) = fact.split_once("</dt>").unwrap();
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("  {label:<18}")))
            .unwrap();
        if let Some((name, _)) = between(value, "data-figure=\"", "\"") {
            take(name, line.split_at(20).1);
        }
    }
    for table in page
        .split("<caption>")
        .skip(1)
        .filter(|table| !table.starts_with("Records that somebody"))
    {
        let caption = plain(table.split(['<']).next().unwrap());
        let mut body = body(text, &caption);
        for row in table.split("</table>").next().unwrap().split("<tr>").skip(2) {
            let cells = cells(row);
            for cell in cells.iter().filter(|cell| !cell.shown.is_empty()) {
                let words = cell.shown.split(' ').count();
                let shown: Vec<String> = body.drain(..words).collect();
                match &cell.figure {
                    Some(name) => take(name, &shown.join(" ")),
                    None => assert_eq!(shown.join(" "), cell.shown, "{caption}"),
                }
            }
            for cell in cells {
                let words = cell.note.split_whitespace().count();
                assert_eq!(
                    body.drain(..words).collect::<Vec<_>>().join(" "),
                    cell.note,
                    "{caption}"
                );
            }
        }
        assert!(body.is_empty(), "{caption}: {body:?}");
    }
    figures
}

/// The words of a table of the text, behind its head.
fn body(text: &str, caption: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| *line != format!("  {caption}"));
    let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let is_rule = |line: &str| line.contains("--") && line.chars().all(|character| "- ".contains(character));
    let head = lines.iter().position(|line| is_rule(line));
    assert!(head.is_some(), "{caption} is not there");
    let head = head.unwrap();
    let lines = lines[head..].iter().filter(|line| !is_rule(line));
    lines
        .flat_map(|line| line.split_whitespace())
        .map(str::to_owned)
        .collect()
}

/// What JSON says of each exception, by the names of the page.
pub(crate) fn exceptions_in_json(report: &Value) -> Figures {
    let mut figures = Figures::new();
    let inputs = report["inputs"].as_array().unwrap();
    for exception in report["exceptions"].as_array().unwrap() {
        let input = inputs
            .iter()
            .position(|input| input["name"] == exception["file"])
            .unwrap()
            + 1;
        let by = &exception["cleared_by"];
        let mut put = |name: &str, value: &Value| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let was_not_sent = name == "requests" && text == "0";
            if !value.is_null() && !was_not_sent {
                figures.insert(format!("exception.{input}.{}.{name}", exception["record"]), text);
            }
        };
        for name in ["record", "line", "state", "requests", "http_status"] {
            put(name, &exception[name]);
        }
        let standing = by["standing"].as_str().unwrap_or("open");
        put("standing", &Value::from(standing));
        for (name, column) in [
            ("by_run", "run_id"),
            ("by_record", "record"),
            ("by", "who"),
            ("by_at", "at"),
        ] {
            put(name, &by[column]);
        }
    }
    figures
}

/// What the lines of records say of each exception, by the names of the page.
pub(crate) fn exceptions_in_csv(table: &str) -> Figures {
    let mut figures = Figures::new();
    let mut inputs: Vec<String> = Vec::new();
    let mut table = csv::Reader::from_reader(table.as_bytes());
    let columns = table.headers().unwrap().clone();
    for line in table.records() {
        let line = line.unwrap();
        let of = |name: &str| line[columns.iter().position(|column| column == name).unwrap()].to_owned();
        if of("section") != "record" || of("standing").is_empty() {
            continue;
        }
        if inputs.last() != Some(&of("file")) {
            inputs.push(of("file"));
        }
        let mut put = |name: &str, value: String| {
            let was_not_sent = name == "requests" && value == "0";
            if !value.is_empty() && !was_not_sent {
                figures.insert(format!("exception.{}.{}.{name}", inputs.len(), of("record")), value);
            }
        };
        for (name, column) in [("requests", "attempts")]
            .into_iter()
            .chain(["record", "line", "state", "http_status", "standing"].map(|name| (name, name)))
        {
            put(name, of(column));
        }
        let by = of("cleared_by");
        if let Some((who, at)) = by.split_once(" at ") {
            put("by", who.to_owned());
            put("by_at", at.to_owned());
        } else if let Some((_, place)) = by.split_once("run ").filter(|_| !by.is_empty()) {
            // `later run: run 2 record 3`
            let place = place.rsplit("run ").next().unwrap();
            let (run, record) = place.split_once(" record ").unwrap();
            put("by_run", run.to_owned());
            put("by_record", record.to_owned());
        }
    }
    figures
}
