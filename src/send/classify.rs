//! The one table of what the API's answers mean: from a signal to a verdict, total.
//!
//! Two rules decide the cases that no document settles. What may have been carried out is *unknown* and is sent again
//! under the same id; and what could be said of every row is never held against one: it makes the run wait or stop.
//!
//! The table deliberately looks at nothing but the signal: no row, no text, no history of attempts. What a body says
//! is found out by [`answer`](super::answer), what follows from a verdict by [`course`](super::course).

use super::wire::Failure;

/// Which request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// The operation itself.
    Create,
    /// A look at the customer after a refusal that smelled of "already exists".
    ReadBack,
    /// A read for a comparison: it is all that is asked for, and it creates nobody.
    Read,
}

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// An answer.
    Answer {
        /// HTTP status.
        status: u16,
        /// What the body turned out to be.
        body: Body,
        /// Whether the answer says when to come again.
        retry_after: bool,
    },
    /// No answer, or none that ended.
    Failed(Failure),
}

/// What the body of an answer turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// It names our customer; on a read-back, with the data that we send.
    Ours,
    /// A read-back names our customer, with other data than we send.
    OtherData,
    /// It names another customer.
    OtherId,
    /// The API's list of errors, saying or hinting that the customer exists.
    Exists,
    /// The API's list of errors, naming the row's customer.
    AboutRow,
    /// The API's list of errors.
    Errors,
    /// Something else: another shape, a page for people, nothing.
    Foreign,
    /// It ended before its end.
    Broken,
    /// More than is ever read.
    TooLarge,
}

/// What a signal means for the row and for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The customer was created.
    Created,
    /// The customer exists already, it seems: read it back.
    ReadBack,
    /// The very customer exists.
    Existing,
    /// A customer with this id and other data exists.
    Conflict,
    /// No, for good.
    Refused,
    /// The API lets nobody look: whether the customer exists stays open.
    Unreadable,
    /// Not carried out: the token is not good any more.
    RefreshToken,
    /// Not carried out, and no row ever will be: the run stops.
    NotPermitted,
    /// Not carried out: the run waits, and the row has lost nothing.
    Wait(Reason),
    /// Never arrived: the run waits, and the row has lost nothing.
    NotReached,
    /// Never processed, and no waiting helps: one of the two sides does not trust the other, and the run stops.
    NotTrusted,
    /// Perhaps carried out: the same again, and it counts.
    Unknown(Reason),
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        /// Why a row or a run is where it is, with a code that never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Reason { $($(#[$doc])* $name),* }

        impl Reason {
            /// The stable code.
            pub(super) fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }
    };
}

reasons! {
    /// No answer in time.
    Timeout = "http.timeout";
    /// The service gave up waiting for the request: 408.
    RequestTimeout = "http.request_timeout";
    /// The connection ended first.
    Reset = "http.reset";
    /// No connection.
    NotReached = "http.not_reached";
    /// TLS was refused by one of the two sides.
    NotTrusted = "http.not_trusted";
    /// The id cannot stand in a path.
    NotAddressable = "http.not_addressable";
    /// 5xx.
    ServerError = "http.server_error";
    /// 3xx; never followed.
    Redirect = "http.redirect";
    /// The body ended before its end.
    BrokenBody = "http.broken_body";
    /// The body is larger than is ever read.
    BodyTooLarge = "http.body_too_large";
    /// The body is not what the contract says.
    ForeignBody = "http.foreign_body";
    /// A status that means nothing here.
    UnexpectedStatus = "http.unexpected_status";
    /// The answer is about another customer.
    OtherId = "api.other_id";
    /// The API spoke of a conflict, and has no such customer: another attempt may be at work there.
    ConflictUnexplained = "api.conflict_unexplained";
    /// The same answer of a failed server again and again, or a contradiction: the id is spoiled over there.
    PoisonedId = "api.poisoned_id";
    /// No clear answer came, and then the customer was found.
    FoundAfterDoubt = "api.found_after_doubt";
    /// The API does not let this client read customers.
    ReadNotPermitted = "api.read_not_permitted";
    /// The row's time was over.
    RowDeadline = "row.deadline";
    /// The customer exists already.
    DuplicateCustomer = "api.duplicate_customer";
    /// The customer exists with other data.
    OtherData = "api.other_data";
    /// The API said no to this row.
    Refused = "api.refused";
    /// 401.
    Unauthorized = "api.unauthorized";
    /// The API said no to this client.
    NotPermitted = "api.not_permitted";
    /// 429.
    Throttled = "api.throttled";
    /// 503 that says when to come again.
    Unavailable = "api.unavailable";
}

impl Verdict {
    /// The reason, as a code.
    pub(super) fn code(self) -> Option<&'static str> {
        let reason = match self {
            Self::Created => return None,
            Self::ReadBack | Self::Existing => Reason::DuplicateCustomer,
            Self::Conflict => Reason::OtherData,
            Self::Refused => Reason::Refused,
            Self::Unreadable => Reason::ReadNotPermitted,
            Self::RefreshToken => Reason::Unauthorized,
            Self::NotPermitted => Reason::NotPermitted,
            Self::NotReached => Reason::NotReached,
            Self::NotTrusted => Reason::NotTrusted,
            Self::Wait(reason) | Self::Unknown(reason) => reason,
        };
        Some(reason.code())
    }
}

/// Says what a signal means.
pub(super) fn classify(call: Call, signal: Signal) -> Verdict {
    match signal {
        Signal::Failed(failure) => failed(failure),
        Signal::Answer {
            status,
            body,
            retry_after,
        } => match (whoever_asks(status, retry_after), call) {
            // A client that may create may lack the scope to read: that must not stop the creating.
            (Some(Verdict::NotPermitted), Call::ReadBack) => Verdict::Unreadable,
            (Some(verdict), _) => verdict,
            (None, Call::Create) => created(status, body),
            (None, Call::ReadBack | Call::Read) => read_back(status, body),
        },
    }
}

fn failed(failure: Failure) -> Verdict {
    match failure {
        Failure::NotReached => Verdict::NotReached,
        Failure::Timeout => Verdict::Unknown(Reason::Timeout),
        Failure::Reset => Verdict::Unknown(Reason::Reset),
        Failure::NotTrusted(_) => Verdict::NotTrusted,
        Failure::NotAddressable => Verdict::Unknown(Reason::NotAddressable),
    }
}

/// Statuses that mean the same for every request; `None` where the body decides.
fn whoever_asks(status: u16, retry_after: bool) -> Option<Verdict> {
    Some(match status {
        300..=399 => Verdict::Unknown(Reason::Redirect),
        401 => Verdict::RefreshToken,
        // About the client, its account or the way to the API, and so the same for every row: payment, permission,
        // method, negotiation, proxy, media type, protocol version, law.
        402 | 403 | 405 | 406 | 407 | 415 | 426 | 451 => Verdict::NotPermitted,
        408 => Verdict::Unknown(Reason::RequestTimeout),
        429 => Verdict::Wait(Reason::Throttled),
        503 if retry_after => Verdict::Wait(Reason::Unavailable),
        500..=599 => Verdict::Unknown(Reason::ServerError),
        // 421 and 425 say that the connection was the wrong one or that it was too early, and nothing about the row.
        0..=199 | 202..=299 | 421 | 425 | 600.. => Verdict::Unknown(Reason::UnexpectedStatus),
        200 | 201 | 400..=499 => return None,
    })
}

fn created(status: u16, body: Body) -> Verdict {
    match (status, body) {
        (200 | 201, Body::Ours) => Verdict::Created,
        (409, _) | (400..=499, Body::Exists) => Verdict::ReadBack,
        // Without a word about the row, it is the path that the service does not know.
        (404, Body::AboutRow) => Verdict::Refused,
        (404, _) => Verdict::NotPermitted,
        // A yes without our id, or a no that may have been an "already exists".
        // And a page of a gateway on the way may be the answer to every row.
        (200 | 201, _) | (_, Body::Broken | Body::TooLarge | Body::Foreign) => Verdict::Unknown(unclear(body)),
        (_, Body::Ours | Body::OtherData | Body::OtherId | Body::Exists | Body::AboutRow | Body::Errors) => {
            Verdict::Refused
        }
    }
}

fn read_back(status: u16, body: Body) -> Verdict {
    match (status, body) {
        (200 | 201, Body::Ours) => Verdict::Existing,
        (200 | 201, Body::OtherData) => Verdict::Conflict,
        // The API has no such customer, so the refusal was about something else.
        (404, Body::Exists | Body::AboutRow | Body::Errors) => Verdict::Refused,
        (200 | 201, _) | (_, Body::Broken | Body::TooLarge) => Verdict::Unknown(unclear(body)),
        (
            _,
            Body::Ours | Body::OtherData | Body::OtherId | Body::Exists | Body::AboutRow | Body::Errors | Body::Foreign,
        ) => Verdict::Unknown(Reason::UnexpectedStatus),
    }
}

/// Why a body does not settle the matter.
fn unclear(body: Body) -> Reason {
    match body {
        Body::OtherId => Reason::OtherId,
        Body::Broken => Reason::BrokenBody,
        Body::TooLarge => Reason::BodyTooLarge,
        Body::Ours | Body::OtherData | Body::Exists | Body::AboutRow | Body::Errors | Body::Foreign => {
            Reason::ForeignBody
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    const CALLS: [Call; 3] = [Call::Create, Call::ReadBack, Call::Read];
    const BODIES: [Body; 9] = [
        Body::Ours,
        Body::OtherData,
        Body::OtherId,
        Body::Exists,
        Body::AboutRow,
        Body::Errors,
        Body::Foreign,
        Body::Broken,
        Body::TooLarge,
    ];
    const STATUSES: [u16; 41] = [
        0, 100, 199, 200, 201, 202, 204, 299, 300, 302, 307, 399, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409,
        410, 411, 413, 415, 421, 422, 425, 426, 428, 429, 431, 451, 499, 500, 502, 503, 504, 599, 600,
    ];

    fn line(table: &mut String, signal: &str, verdict: Verdict) {
        let code = verdict.code().unwrap_or("-");
        writeln!(table, "{signal:<44} {verdict:?} {code}").unwrap();
    }

    /// The whole table: a line for each call, status and verdict, with the bodies that lead to it.
    #[test]
    fn the_whole_classification_table() {
        let mut table = String::new();
        for failure in [
            Failure::NotReached,
            Failure::Timeout,
            Failure::Reset,
            Failure::NotTrusted("why"),
            Failure::NotAddressable,
        ] {
            for call in CALLS {
                line(
                    &mut table,
                    &format!("{call:?} {failure:?}"),
                    classify(call, Signal::Failed(failure)),
                );
            }
        }
        for (call, status) in CALLS.into_iter().flat_map(|call| STATUSES.map(|status| (call, status))) {
            let mut groups: Vec<(Verdict, bool, Vec<Body>)> = Vec::new();
            for (retry_after, body) in [false, true]
                .into_iter()
                .flat_map(|retry| BODIES.map(|body| (retry, body)))
            {
                let verdict = classify(
                    call,
                    Signal::Answer {
                        status,
                        body,
                        retry_after,
                    },
                );
                match groups.iter_mut().find(|group| group.0 == verdict) {
                    Some((_, _, bodies)) if bodies.contains(&body) => {}
                    Some((_, _, bodies)) => bodies.push(body),
                    None => groups.push((verdict, retry_after, vec![body])),
                }
            }
            for (verdict, retry_after, bodies) in groups {
                let retry = if retry_after { " Retry-After" } else { "" };
                let bodies = if bodies.len() == BODIES.len() {
                    String::from("any")
                } else {
                    format!("{bodies:?}")
                };
                line(&mut table, &format!("{call:?} {status}{retry} {bodies}"), verdict);
            }
        }
        insta::assert_snapshot!(table);
    }

    /// Nothing is created, refused or settled by an answer that may hide what happened.
    #[test]
    fn only_a_clear_answer_settles_a_row() {
        for (status, body) in (0..700).flat_map(|status| BODIES.map(|body| (status, body))) {
            let retry_after = status % 2 == 0;
            let signal = Signal::Answer {
                status,
                body,
                retry_after,
            };
            let verdict = classify(Call::Create, signal);
            if verdict == Verdict::Created {
                assert!(matches!((status, body), (200 | 201, Body::Ours)), "{signal:?}");
            }
            if verdict == Verdict::Refused {
                assert!((400..500).contains(&status) && body != Body::Foreign, "{signal:?}");
            }
        }
    }
}
