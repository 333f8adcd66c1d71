//! Figures of the running service, in the text format that Prometheus reads.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use inkproof::Decision;
use inkproof_store::FAILED;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::limits::Workers;

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper ends of the bins of a request's seconds.
const SECONDS: [f64; 12] = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0];

/// What is counted.
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    decisions: Family<Decided, Counter>,
    refusals: Family<Refused, Counter>,
    waiting: Gauge,
    running: Gauge,
    resident: Gauge<i64>,
    panics: Counter<u64, AtomicU64>,
    jobs: Family<Ended, Counter>,
    job_rows: Family<Decided, Counter>,
    jobs_open: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Ended {
    outcome: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Decided {
    decision: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Refused {
    why: String,
}

impl Metrics {
    pub fn new(model_digest: &str) -> Self {
        let mut registry = Registry::with_prefix("inkproof");
        let (requests, decisions, refusals) = (Family::default(), Family::default(), Family::default());
        let seconds = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        let (waiting, running, resident, panics) =
            (Gauge::default(), Gauge::default(), Gauge::default(), Counter::default());
        let build =
            Info::new(vec![("version", env!("CARGO_PKG_VERSION").to_owned()), ("model", model_digest.to_owned())]);
        registry.register("build", "The program's version and the model's digest", build);
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register_with_unit("request", "How long requests took", Unit::Seconds, seconds.clone());
        registry.register("decisions", "Verdicts by their decision", decisions.clone());
        registry.register("refusals", "Requests that were not let in, and why", refusals.clone());
        registry.register("waiting", "Requests that wait for a worker", waiting.clone());
        registry.register("running", "Requests that are computed", running.clone());
        registry.register_with_unit("resident_memory", "Memory of the process", Unit::Bytes, resident.clone());
        registry.register("panics", "Requests during which the program panicked", panics.clone());
        let (jobs, job_rows, jobs_open) = (Family::default(), Family::default(), Gauge::default());
        registry.register("jobs", "Jobs that ended here, by their outcome", jobs.clone());
        registry.register(
            "job_rows",
            "Rows of jobs that were done here, by their decision or failed",
            job_rows.clone(),
        );
        registry.register("jobs_open", "Jobs that have not ended", jobs_open.clone());
        Self {
            registry,
            requests,
            seconds,
            decisions,
            refusals,
            waiting,
            running,
            resident,
            panics,
            jobs,
            job_rows,
            jobs_open,
        }
    }

    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let (method, route) = (method.to_owned(), route.to_owned());
        self.seconds.get_or_create(&Route { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Request { method, route, status }).inc();
    }

    pub fn decided(&self, decision: &str) {
        self.decisions.get_or_create(&Decided { decision: decision.to_owned() }).inc();
    }

    pub fn jobs_open(&self, count: usize) {
        self.jobs_open.set(count as i64);
    }

    pub fn job_ended(&self, outcome: &str) {
        self.jobs.get_or_create(&Ended { outcome: outcome.to_owned() }).inc();
    }

    /// A row of a job is recorded; None where it could not be judged.
    pub fn job_row(&self, decision: Option<Decision>) {
        let outcome = decision.map_or_else(|| FAILED.to_owned(), |decision| decision.to_string());
        if decision.is_some() {
            self.decided(&outcome);
        }
        self.job_rows.get_or_create(&Decided { decision: outcome }).inc();
    }

    pub fn refused(&self, why: &str) {
        self.refusals.get_or_create(&Refused { why: why.to_owned() }).inc();
    }

    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// All figures as they are now.
    pub fn text(&self, workers: &Workers) -> String {
        let (waiting, running) = workers.waiting_and_running();
        self.waiting.set(waiting as i64);
        self.running.set(running as i64);
        self.resident.set(resident_bytes());
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("nothing can fail in memory");
        text
    }
}

/// Memory that the process holds; 0 where the system does not say.
fn resident_bytes() -> i64 {
    const PAGE: i64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<i64>().ok()).unwrap_or(0) * PAGE
}
