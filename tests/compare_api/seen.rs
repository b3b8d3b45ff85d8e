//! What a comparison sees: the same, nobody, other data, somebody else.

use rollcall::ledger::{Seen, verify};
use rollcall::pipeline::CompareEnd;
use rollcall::sandbox::Options;
use serde_json::json;

use crate::bench::{CANARY, sent};

#[test]
fn what_the_api_has_is_seen_and_nobody_is_created() {
    let (sandbox, bench) = sent(6, Options::default());
    assert!(sandbox.remove("C-2"));
    assert!(sandbox.alter("C-3", |customer| {
        customer["last_name"] = json!("Somebody");
        customer["mailing_address"].as_object_mut().unwrap().remove("city");
    }));
    assert!(sandbox.alter("C-4", |customer| {
        customer["status"] = json!("CLOSED");
        customer["unknown_here"] = json!({"since": 2020});
        customer["middle_name"] = json!(null);
    }));
    assert!(sandbox.alter("C-5", |customer| customer["middle_name"] = json!("Maria")));
    let creates = sandbox.tally().requests.create;
    let compared = bench.compare(Some("customers.csv"));
    assert_eq!((compared.end, compared.resumed), (CompareEnd::Ended, false));
    let fields = |fields: &str| Some(fields.to_owned());
    let expected = [
        (1, (Seen::Same, None)),
        (2, (Seen::Absent, None)),
        (3, (Seen::OtherData, fields("last_name mailing_address.city"))),
        (4, (Seen::Same, None)),
        (5, (Seen::OtherData, fields("middle_name"))),
        (6, (Seen::Same, None)),
    ];
    assert_eq!(
        bench.seen(compared.comparison_id).into_iter().collect::<Vec<_>>(),
        expected
    );
    assert_eq!(bench.strangers(compared.comparison_id), [""; 0]);
    let tally = sandbox.tally();
    assert_eq!(
        (tally.requests.create, tally.requests.read, tally.requests.list),
        (creates, 6, 1)
    );
    assert_eq!(tally.customers_created, 6);
    assert_eq!(compared.requests, 6 + 1 + 1);

    // Without the source it is the same but for the names of the fields, and a comparison that ended is not taken up.
    let again = bench.compare(None);
    assert_ne!(again.comparison_id, compared.comparison_id);
    let expected = expected.map(|(record, (seen, _))| (record, (seen, None)));
    assert_eq!(
        bench.seen(again.comparison_id).into_iter().collect::<Vec<_>>(),
        expected
    );
    let found = verify(&bench.settings.ledger_path).unwrap();
    assert!(found.is_sound(), "{:?}", found.troubles);
}

/// What is compared is what was sent: a record that the source has changed since is compared by its id alone.
#[test]
fn a_source_that_changed_since_names_no_fields_of_the_changed_record() {
    let (sandbox, bench) = sent(3, Options::default());
    for id in ["C-1", "C-2"] {
        assert!(sandbox.alter(id, |customer| customer["last_name"] = json!("Somebody")));
    }
    let path = bench.path("customers.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    // One record has another value, and the last is gone.
    let changed = text.replacen("Petrosyan", "Petrossian", 1);
    let cut = changed.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    std::fs::write(&path, cut).unwrap();
    let compared = bench.compare(Some("customers.csv"));
    assert_eq!(compared.end, CompareEnd::Ended);
    let seen: Vec<_> = bench.seen(compared.comparison_id).into_values().collect();
    let expected = [
        (Seen::OtherData, None),
        (Seen::OtherData, Some("last_name".to_owned())),
        (Seen::Same, None),
    ];
    assert_eq!(seen, expected);
}

/// Who was made by somebody else is a stranger; whoever a run of this ledger ever sent is none, whatever is compared.
#[test]
fn customers_that_no_run_ever_sent_are_strangers() {
    let (sandbox, bench) = sent(250, Options::default());
    let elsewhere = crate::bench::Bench::new(crate::bench::runtime(), &sandbox.base_url(), &sandbox.token_url(), &[]);
    let csv = crate::bench::csv(3).replace("C-", "Z-");
    elsewhere.send("others.csv", &csv);
    bench.send("second.csv", &csv.replace("Z-", "D-"));
    let compared = bench.compare(None);
    assert_eq!(compared.end, CompareEnd::Ended);
    bench.all_same(compared.comparison_id, 250);
    assert_eq!(bench.strangers(compared.comparison_id), ["Z-1", "Z-2", "Z-3"]);
    assert_eq!(bench.comparison(compared.comparison_id).pages, 3);
    assert_eq!(sandbox.tally().requests.list, 3);
}

#[test]
fn no_value_of_a_customer_comes_into_the_ledger() {
    let (sandbox, bench) = sent(20, Options::default());
    assert!(sandbox.alter("C-7", |customer| customer["last_name"] = json!("Secondcanary")));
    let compared = bench.compare(Some("customers.csv"));
    assert_eq!(bench.seen(compared.comparison_id)[&7].1.as_deref(), Some("last_name"));
    let folder = bench.settings.ledger_path.parent().unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        files += 1;
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(![CANARY, "Secondcanary", "Petrosyan", "Bonn"].into_iter().any(holds));
    }
    assert!(files > 0);
    let ledger = std::fs::read(&bench.settings.ledger_path).unwrap();
    assert!(
        ledger.windows(9).any(|window| window == b"last_name"),
        "the search can find something"
    );
}
