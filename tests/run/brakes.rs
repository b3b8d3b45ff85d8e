//! The brake: nothing is sent from a file that has too many rejects.

use rollcall::sandbox::Options;

use crate::bench::{Bench, customers, sandbox};
use crate::verdict::Evidence;

#[tokio::test(flavor = "multi_thread")]
async fn too_many_rejects_send_nothing_and_a_higher_limit_goes_on() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let file = customers(200, 31, 10.0);
    let rejects = file.truth.iter().filter(|truth| *truth == "rejected").count();
    bench.write("customers.csv", &file.csv);
    let low = (rejects - 1).to_string();
    for limit in ["0", "0%", low.as_str(), "0.5%"] {
        let done = bench.expect(4, &["run", "customers.csv", "--max-rejects", limit]).await;
        assert!(done.stderr.contains("stopped before anything was sent"), "{done:#?}");
        assert!(done.stderr.contains(&format!("--max-rejects {rejects}")), "{done:#?}");
        let report = bench.report(&[]).await;
        assert_eq!(report["reason"], "brake.max_rejects");
        assert_eq!((&report["run_id"], &report["balanced"]), (&1.into(), &true.into()));
    }
    let tally = sandbox.tally();
    assert_eq!(
        (tally.requests.token, tally.requests.create),
        (0, 0),
        "nothing was sent"
    );

    let limit = rejects.to_string();
    bench
        .expect(1, &["run", "customers.csv", "--max-rejects", &limit])
        .await;
    Evidence::gather(&bench, &sandbox, &file.accepted).await.hold("brake");
}
