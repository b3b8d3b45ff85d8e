//! The sandbox without a network: requests are calls, and time is Tokio's, paused or not.
//!
//! For simulations of many hours in seconds. It decides and answers by the same code as the sandbox that listens, and
//! for one seed it does the same each time. What happens to a connection it can only name: a connection that would have
//! been reset, also one with headers without end, is [`NoAnswer::Reset`].

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use serde_json::Value;

use super::arrivals::Arrival;
use super::desk::Desk;
use super::options::Options;
use super::plan::FaultPlan;
use super::rates::FaultRates;
use super::server::SandboxError;
use super::service::{self, BODY_LIMIT_BYTES, Call, Ending};
use super::store::CustomerRecord;
use super::tally::Tally;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Nobody listens: the request was not sent.
    #[error("the connection was refused")]
    Refused,
    /// The request was sent, and its connection ended.
    #[error("the connection was reset")]
    Reset,
}

/// A sandbox that is called. Dropping it forgets everything but its state file.
#[derive(Debug)]
pub struct InProcess {
    desk: Arc<Desk>,
}

impl InProcess {
    /// Makes a sandbox. It must be made and called within a Tokio runtime, whose clock it uses.
    pub fn open(options: Options) -> Result<InProcess, SandboxError> {
        // Always the same words, so that a simulation sees the same tokens.
        let desk = Arc::new(Desk::open(options, "in-process")?);
        Ok(InProcess { desk })
    }

    /// Answers a request. Its path is `/oauth2/token` or begins with `/api/v1`, as over the network; the host does not
    /// matter. Dropping the future is a client that leaves: what took effect stays. The body of the answer may wait, or
    /// end with an error.
    pub async fn call(&self, request: Request<Bytes>) -> Result<Response<Body>, NoAnswer> {
        let (parts, body) = request.into_parts();
        let kind = service::arrive(&self.desk, &parts);
        let body = Some(body).filter(|body| body.len() <= BODY_LIMIT_BYTES);
        match service::answer(&self.desk, Call { kind, parts, body }).await {
            Ending::Answer(response) => Ok(response),
            Ending::Refused => Err(NoAnswer::Refused),
            Ending::Reset | Ending::EndlessHeaders(_) => Err(NoAnswer::Reset),
        }
    }

    /// What it received and answered so far.
    pub fn tally(&self) -> Tally {
        self.desk.tally()
    }

    /// Every customer it holds, oldest first, those from the state file included.
    pub fn customers(&self) -> Vec<CustomerRecord> {
        self.desk.records()
    }

    /// The payload of a customer, as it was sent.
    pub fn customer(&self, customer_id: &str) -> Option<Value> {
        self.desk.store().customer(customer_id)
    }

    /// Loses a customer, as if somebody had deleted him over there; says whether he was there. A state file keeps him.
    pub fn remove(&self, customer_id: &str) -> bool {
        self.desk.store().remove(customer_id)
    }

    /// Changes what it holds of a customer, as if somebody had done so over there; says whether he was there. A state
    /// file keeps what it has.
    pub fn alter(&self, customer_id: &str, change: impl FnOnce(&mut Value)) -> bool {
        self.desk.store().alter(customer_id, change)
    }

    /// When requests arrived, the first 4 million of them, token requests included.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.desk.counter().arrivals.kept()
    }

    /// Changes what goes wrong with API requests from now on.
    pub fn set_faults(&self, faults: FaultRates) -> Result<(), SandboxError> {
        self.desk.set_faults(faults)
    }

    /// Begins another plan: its times and its counts of requests and tries begin now.
    pub fn set_plan(&self, plan: FaultPlan) -> Result<(), SandboxError> {
        self.desk.set_plan(plan)
    }
}
