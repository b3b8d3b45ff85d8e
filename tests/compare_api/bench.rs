//! A folder with a run's ledger, and the words to compare it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use rollcall::config::settings::Settings;
use rollcall::config::{Layers, Origin, resolve};
use rollcall::ledger::{ComparisonEntry, InputEntry, LedgerError, Reader, RunEntry, Seen};
use rollcall::pipeline::{
    self, Aim, CompareEnd, CompareInput, CompareProgress, CompareRequest, Compared, Inputs, PipelineError, Progress,
    RunRequest,
};
use rollcall::sandbox::{Options, Sandbox};
use rollcall::send::Stop;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

pub(crate) const NAMESPACE: &str = "0c9a1f0e-6b52-4b5e-9a5f-2f7d1c3b4a59";

/// What nobody may find in a ledger.
pub(crate) const CANARY: &str = "Xanthippecanary";

pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) runtime: Runtime,
    pub(crate) settings: Settings,
    pub(crate) stop: Stop,
}

/// So many individuals, C-1 and on; each is called by the canary.
pub(crate) fn csv(rows: usize) -> String {
    let mut csv =
        String::from("id,customer_type,first_name,last_name,mailing_address.city,mailing_address.country_code\n");
    for row in 1..=rows {
        csv += &format!("C-{row},INDIVIDUAL,{CANARY},Petrosyan,Bonn,DE\n");
    }
    csv
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// A sandbox and a bench that has sent so many customers to it.
pub(crate) fn sent(rows: usize, options: Options) -> (Sandbox, Bench) {
    let runtime = runtime();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let sandbox = runtime.block_on(Sandbox::start(options, address)).unwrap();
    let bench = Bench::new(runtime, &sandbox.base_url(), &sandbox.token_url(), &[]);
    bench.send("customers.csv", &csv(rows));
    assert_eq!(sandbox.customers().len(), rows);
    (sandbox, bench)
}

impl Bench {
    pub(crate) fn new(runtime: Runtime, base_url: &str, token_url: &str, more: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger/ledger.db");
        let mut layers = Layers::load(None, std::iter::empty()).unwrap();
        let values = [
            ("api.base-url", base_url),
            ("api.token-url", token_url),
            ("api.client-id", "sandbox"),
            ("api.client-secret", "sandbox"),
            ("api.namespace", NAMESPACE),
            ("send.backoff-base", "1ms"),
            ("send.backoff-cap", "10ms"),
            ("send.retry-budget", "100%"),
            ("ledger.path", ledger.to_str().unwrap()),
        ];
        layers.set("send.rate-per-second", 0, Origin::Sandbox);
        for (key, value) in values.iter().chain(more) {
            layers.set(key, *value, Origin::Sandbox);
        }
        Self {
            folder,
            runtime,
            settings: resolve(&layers).unwrap(),
            stop: Stop::new(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn inputs(&self, name: &str) -> Inputs {
        Inputs::open(&[self.path(name)], &self.settings).unwrap()
    }

    /// Runs a file to its end.
    pub(crate) fn send(&self, name: &str, csv: &str) {
        std::fs::write(self.path(name), csv).unwrap();
        let request = RunRequest {
            settings: &self.settings,
            aim: Aim::Create,
            corrects: None,
            retry: None,
            target: self.settings.api.base_url.clone(),
            runtime: &self.runtime,
            stop: Stop::new(),
            progress: Arc::new(Progress::default()),
        };
        pipeline::run(&self.inputs(name), &request).unwrap();
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(&self.settings.ledger_path).unwrap()
    }

    pub(crate) fn run(&self) -> RunEntry {
        self.reader().run(1).unwrap().unwrap()
    }

    pub(crate) fn input(&self) -> InputEntry {
        self.run().inputs[0].clone()
    }

    /// Compares the first run, with its source or without.
    pub(crate) fn try_compare(&self, source: Option<&str>) -> Result<Compared, PipelineError> {
        let run = self.run();
        let inputs = source.map(|name| self.inputs(name));
        let inputs: Vec<CompareInput<'_>> = run
            .inputs
            .iter()
            .map(|input| CompareInput {
                run: &run,
                input,
                source: inputs.as_ref().and_then(|inputs| inputs.iter().next()),
            })
            .collect();
        let request = CompareRequest {
            settings: &self.settings,
            target: self.settings.api.base_url.clone(),
            runtime: &self.runtime,
            stop: self.stop.clone(),
            progress: Arc::new(CompareProgress::default()),
        };
        let compared = pipeline::compare_api(&inputs, &request);
        if matches!(&compared, Ok(compared) if compared.end == CompareEnd::Ended) {
            assert_eq!(request.progress.observed(), request.progress.rows());
        }
        compared
    }

    pub(crate) fn compare(&self, source: Option<&str>) -> Compared {
        self.try_compare(source).unwrap()
    }

    /// What a comparison saw of each record, with the fields that differ.
    pub(crate) fn seen(&self, comparison: i64) -> BTreeMap<u64, (Seen, Option<String>)> {
        let mut seen = BTreeMap::new();
        let input = self.input().input_id;
        let visited = self
            .reader()
            .observations(comparison, input, 1, u64::MAX, |observation| {
                assert_eq!(observation.payload_id.is_none(), observation.seen == Seen::Absent);
                seen.insert(observation.key.record, (observation.seen, observation.fields));
                Ok::<_, LedgerError>(())
            });
        visited.unwrap();
        seen
    }

    pub(crate) fn strangers(&self, comparison: i64) -> Vec<String> {
        let mut strangers = Vec::new();
        let visited = self.reader().strangers(comparison, |stranger| {
            strangers.push(stranger);
            Ok::<_, LedgerError>(())
        });
        visited.unwrap();
        strangers
    }

    pub(crate) fn comparison(&self, number: i64) -> ComparisonEntry {
        let all = self.reader().comparisons().unwrap();
        all.into_iter().find(|entry| entry.comparison_id == number).unwrap()
    }

    /// Holds that so many records were seen with the same data, and nothing else.
    pub(crate) fn all_same(&self, comparison: i64, rows: usize) {
        let seen = self.seen(comparison);
        assert_eq!(seen.len(), rows);
        assert!(seen.values().all(|seen| *seen == (Seen::Same, None)), "{seen:?}");
        assert!(self.comparison(comparison).ended_ms.is_some());
    }
}
