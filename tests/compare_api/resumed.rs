//! Interruptions: the same comparison goes on, asks nobody twice, and keeps the agreed rate.

use std::time::Duration;

use rollcall::ledger::{Addition, Ledger};
use rollcall::pipeline::CompareEnd;
use rollcall::sandbox::{Options, RequestKind, highest_in_window};
use rollcall::send::Stop;

use crate::bench::{Bench, sent};

/// Asks for a stop as soon as so many reads have arrived.
fn stop_after(bench: &Bench, sandbox: &rollcall::sandbox::Sandbox, reads: u64) {
    std::thread::scope(|scope| {
        let (stop, runtime) = (bench.stop.clone(), &bench.runtime);
        scope.spawn(move || {
            runtime.block_on(async {
                while sandbox.tally().requests.read < reads {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                stop.request();
            });
        });
        let compared = bench.compare(None);
        assert_eq!(compared.end, CompareEnd::Interrupted);
    });
}

#[test]
fn an_interrupted_comparison_goes_on_and_asks_nobody_twice() {
    let (sandbox, mut bench) = sent(300, Options::default());
    bench.settings.send.max_in_flight = 2;
    stop_after(&bench, &sandbox, 40);
    let seen = bench.seen(1).len();
    assert!((40..300).contains(&seen), "{seen}");
    assert!(bench.comparison(1).ended_ms.is_none());
    bench.stop = Stop::new();
    let compared = bench.compare(Some("customers.csv"));
    assert_eq!(
        (compared.comparison_id, compared.resumed, &compared.end),
        (1, true, &CompareEnd::Ended)
    );
    bench.all_same(1, 300);
    let requests = sandbox.tally().requests;
    assert_eq!((requests.read, requests.list), (300, 3), "nobody was asked twice");
    assert_eq!(requests.create, 300);
}

/// The list goes on behind the last page of which the ledger knows; only the first page is asked again, for its size.
#[test]
fn an_interrupted_list_goes_on_where_it_was() {
    let (sandbox, bench) = sent(1_450, Options::default());
    // What an earlier process left behind is a comparison with some of its pages.
    bench.stop.request();
    assert_eq!(bench.compare(None).end, CompareEnd::Interrupted);
    let ledger = Ledger::open(&bench.settings.ledger_path).unwrap();
    ledger.add(vec![Addition::Listed(1, 10)]).unwrap();
    drop(ledger);
    let bench = Bench {
        stop: Stop::new(),
        ..bench
    };
    let compared = bench.compare(None);
    assert_eq!((compared.comparison_id, compared.end), (1, CompareEnd::Ended));
    assert_eq!(sandbox.tally().requests.list, 1 + 5);
    assert_eq!(bench.comparison(1).pages, 15);
    assert_eq!(bench.strangers(1), [""; 0]);
}

/// What changed in a row since makes another comparison of it.
#[test]
fn a_comparison_of_other_rows_is_begun_anew() {
    let (sandbox, bench) = sent(3, Options::default());
    bench.stop.request();
    assert_eq!(bench.compare(None).comparison_id, 1);
    let bench = Bench {
        stop: Stop::new(),
        ..bench
    };
    bench.send("second.csv", &crate::bench::csv(1).replace("C-", "D-"));
    // The second run is not compared, so this is still the same.
    assert_eq!(bench.compare(None).comparison_id, 1);
    assert_eq!(bench.compare(None).comparison_id, 2, "an ended one is not taken up");
    assert_eq!(sandbox.tally().customers_created, 4);
}

#[test]
fn the_agreed_rate_holds_for_pages_and_reads() {
    let (sandbox, mut bench) = sent(60, Options::default());
    bench.settings.send.rate_per_second = Some(30);
    let before = sandbox.arrivals().len();
    let compared = bench.compare(None);
    assert_eq!(compared.end, CompareEnd::Ended);
    let arrivals = &sandbox.arrivals()[before..];
    assert!(arrivals.iter().any(|arrival| arrival.kind == RequestKind::List));
    let times: Vec<Duration> = arrivals.iter().map(|arrival| arrival.at).collect();
    assert_eq!(times.len(), 60 + 1 + 1);
    let highest = highest_in_window(&times, Duration::from_secs(1));
    assert!(highest <= 30, "{highest} in a second");
}
