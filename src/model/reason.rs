//! Why a row ended as it did where no rule was broken, and why a run stopped: every code that reports show beside the
//! rules' own.
//!
//! The stages decide; this only says what their codes mean, for people. A test holds that no code is missing.

/// A code of a row or of a run, and what it means.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable code.
    pub code: &'static str,
    /// What happened.
    pub says: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

impl Reason {
    /// The reason with this code.
    pub fn from_code(code: &str) -> Option<&'static Self> {
        REASONS.iter().find(|reason| reason.code == code)
    }
}

const fn reason(code: &'static str, says: &'static str, advice: &'static str) -> Reason {
    Reason { code, says, advice }
}

const AGAIN: &str = "type the same command again: the row is sent again under the same id, so nobody is created twice";

/// Every reason, by its area.
#[rustfmt::skip]
pub static REASONS: &[Reason] = &[
    reason("row.same_as_earlier", "the same customer with the same data stands in an earlier record of the run", "nothing to do"),
    reason("row.other_data_than_earlier", "the same customer id with other data stands in an earlier record of the run",
        "find out which of the two is right, and keep that one"),
    reason("customer.created_before", "an earlier run has created this customer with the same data", "nothing to do"),
    reason("customer.other_data", "an earlier run has created this customer with other data",
        "correct the customer at the service if this data is right; rollcall only creates"),
    reason("customer.in_doubt", "an earlier run may have sent this customer with other data, and never learned how that ended",
        "finish the earlier run with its own settings, or look the customer up at the service, then decide which data is right"),
    reason("api.duplicate_customer", "the API had this very customer already; it was read back and is the same", "nothing to do"),
    reason("api.other_data", "the API has this customer with other data; it was read back", "find out which data is right"),
    reason("api.refused", "the API said no to this customer, for good", "read what it said in `rollcall report --format json`, correct the record, and run it again"),
    reason("api.other_id", "the API answered with the id of another customer", AGAIN),
    reason("api.conflict_unexplained", "the API spoke of a conflict and has no such customer", AGAIN),
    reason("api.poisoned_id", "the API gives the same failure for this row's idempotency id again and again while it takes others, or says that the id was used and has no such customer",
        "look the customer up at the service; if it is not there, ask the vendor to release the idempotency id, then type the same command again"),
    reason("api.found_after_doubt", "no clear answer came, and reading back showed that the API has this very customer", "nothing to do"),
    reason("api.read_not_permitted", "the API does not let this client read customers, so whether this one exists could not be looked up",
        "add customers:read to api.scope, or have the vendor permit it, then type the same command again"),
    reason("row.deadline", "no clear answer came within send.row-deadline", AGAIN),
    reason("api.unauthorized", "the API refuses a freshly made token",
        "check that api.token-url and api.base-url belong to the same environment, and that api.scope holds customers:read and customers:write"),
    reason("api.not_permitted", "the API does not permit this client to create customers",
        "check api.base-url, and with the vendor that this client is regulated and may create customers; all others onboard through applications"),
    reason("api.throttled", "the API says that it gets too many requests", "nothing to do: the run waits; if it is often so, lower send.rate-per-second"),
    reason("api.unavailable", "the API says that it cannot take requests now", "nothing to do: the run waits"),
    reason("http.timeout", "no answer came in time", AGAIN),
    reason("http.request_timeout", "the service gave up waiting for the request (408)", AGAIN),
    reason("http.reset", "the connection ended before the answer", AGAIN),
    reason("http.not_reached", "the service could not be reached", "check the network and api.base-url; the same command goes on"),
    reason("http.not_trusted", "the service and this client do not trust each other, so nothing was sent",
        "check api.base-url and the clock of this machine; name a private CA with api.ca-file and a client certificate with api.client-certificate-file; verification cannot be turned off"),
    reason("http.not_addressable", "the customer's id cannot stand in an address", "use another identifier"),
    reason("http.server_error", "the service failed (5xx)", AGAIN),
    reason("http.redirect", "the service sent the request elsewhere (3xx), which is never followed", "check api.base-url; the same command sends the row again"),
    reason("http.broken_body", "the answer ended before its end", AGAIN),
    reason("http.body_too_large", "the answer was larger than is ever read", AGAIN),
    reason("http.foreign_body", "the answer is not what the contract says", "check api.base-url; the same command sends the row again"),
    reason("http.unexpected_status", "the answer has a status that means nothing here", AGAIN),
    reason("token.refused", "the token endpoint refuses this client",
        "check api.client-id, the client secret, api.scope and api.token-url"),
    reason("run.gave_up", "the service did not take any request for longer than send.give-up-after",
        "run the same command again when the service is back; it goes on where it stopped"),
    reason("source.changed", "a source changed while it was checked; nothing was sent, and the run is left as it is",
        "type the same command again when the file is whole: it begins another run"),
    reason("run.looked_up", "every row was looked for at the API and nobody was created; those that it does not have are pending",
        "`rollcall run` with the same files creates them"),
    reason("run.deadline", "the time that send.run-deadline gives the run was over", "type the same command again: it goes on where it stopped"),
    reason("brake.max_failures", "more rows were refused, in conflict or unresolved than send.max-failures allows, so no more were sent",
        "look at what the API said; if it is as it should be, type the command again with a higher --max-failures"),
    reason("brake.canary", "more than a tenth of the rows that were sent alone first failed, so no others were sent",
        "look at what the API said; if it is as it should be, type the command again with --canary 0"),
    reason("brake.max_rejects", "more records were rejected than input.max-rejects allows, so nothing was sent",
        "look at the findings; if they are as they should be, type the command again with a higher --max-rejects"),
];
