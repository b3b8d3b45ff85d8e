//! A plan out of a seed: a few faults, each with a share, a time or a number of tries, drawn at random.
//!
//! Every entry of such a plan ends, or leaves most requests alone, so that a patient client gets through. An answer that
//! is saved for ever, which nobody gets past, is one of the faults and says so by `save = true`.

use super::{
    AnswerBody, CapacityStep, DuplicateStyle, Fault, FaultAnswer, FaultEntry, FaultPlan, HeaderStyle, Over,
    RateLimitHeaders,
};
use crate::sandbox::tally::RequestKind;

/// How many faults a plan mixes at most: with more of them hardly a request would pass.
const ENTRIES_MAX: usize = 5;

/// By when every fault of a plan with a time is over, in hundredths of a second: ten minutes.
const LAST_END: u32 = 60_000;

impl FaultPlan {
    /// Draws a plan: the same for the same seed, whatever the machine.
    pub fn from_seed(seed: u64) -> FaultPlan {
        let mut rng = fastrand::Rng::with_seed(seed);
        let count = rng.usize(1..=ENTRIES_MAX);
        FaultPlan {
            entries: (0..count).map(|_| entry(&mut rng)).collect(),
        }
    }
}

fn entry(rng: &mut fastrand::Rng) -> FaultEntry {
    let (fault, on) = fault(rng);
    let entry = FaultEntry::new(fault).on(&on);
    match (&entry.fault, rng.u8(0..3)) {
        (Fault::Answer(answer), _) if answer.save == Some(true) => entry.share(0.02),
        (Fault::Duplicate(_) | Fault::RateLimit(_), _) => entry,
        (_, 0) => entry.share(hundredths(rng, 1, 30)),
        (Fault::Capacity(_) | Fault::Refuse {}, _) | (_, 1) => {
            let from = rng.u32(0..LAST_END / 2);
            let until = from + rng.u32(10..LAST_END / 2);
            entry.between(f64::from(from) / 100.0, f64::from(until) / 100.0)
        }
        (_, _) => {
            let tries = rng.u64(1..=3);
            entry.tries(tries).share(hundredths(rng, 10, 90))
        }
    }
}

fn hundredths(rng: &mut fastrand::Rng, least: u32, most: u32) -> f64 {
    f64::from(rng.u32(least..=most)) / 100.0
}

fn fault(rng: &mut fastrand::Rng) -> (Fault, Vec<RequestKind>) {
    use RequestKind::{Create, List, Read, Token};
    let some = [&[][..], &[Create], &[Read], &[Create, Read, List]];
    let on = rng.choice(some).unwrap_or_default().to_vec();
    let after_effect = rng.bool();
    match rng.u8(0..16) {
        0 => (Fault::Refuse {}, Vec::new()),
        1 | 2 => (Fault::Reset { after_effect }, on),
        3 => (Fault::Half {}, on),
        4 => {
            let interval = hundredths(rng, 1, 100);
            (Fault::Slow { interval }, on)
        }
        5 => {
            let seconds = hundredths(rng, 1, 9_000);
            (Fault::Stall { seconds, after_effect }, on)
        }
        6 => (Fault::HugeBody { bytes: 8 << 20 }, on),
        7 | 8 => (Fault::Answer(answer(rng, after_effect)), on),
        9 => (
            Fault::Answer(FaultAnswer {
                after_effect,
                save: Some(true),
                ..FaultAnswer::default()
            }),
            vec![Create],
        ),
        10 => (
            Fault::Redirect {
                status: rng.choice([301, 302, 303, 307, 308]).unwrap_or(307),
                location: super::parts::elsewhere(),
            },
            on,
        ),
        11 => (Fault::RevokeToken {}, vec![Create, Read, List]),
        12 => {
            let absurd = [Some(0), Some(-1), Some(1), Some(i64::MAX), None];
            let value = rng.choice(absurd).flatten().map(toml::Value::Integer);
            (Fault::ExpiresIn { value }, vec![Token])
        }
        13 => (Fault::Duplicate(duplicate(rng)), vec![Create]),
        14 => (Fault::Capacity(capacity(rng)), Vec::new()),
        _ => (Fault::RateLimit(headers(rng)), Vec::new()),
    }
}

fn answer(rng: &mut fastrand::Rng, after_effect: bool) -> FaultAnswer {
    let status = rng.choice([429, 500, 502, 503, 504]).unwrap_or(500);
    let seconds = Some(rng.u64(0..=30));
    let (retry_after, retry_after_date) = rng
        .choice([(seconds, None), (None, seconds), (None, None)])
        .unwrap_or_default();
    let bodies = [
        AnswerBody::Errors,
        AnswerBody::Html,
        AnswerBody::Text,
        AnswerBody::Echo,
        AnswerBody::Empty,
    ];
    FaultAnswer {
        status,
        // A 429 says that nothing happened; a server that says so after an effect would be beyond help.
        after_effect: after_effect && status != 429,
        retry_after,
        retry_after_date,
        body: rng.choice(bodies).unwrap_or_default(),
        save: Some(false),
    }
}

fn duplicate(rng: &mut fastrand::Rng) -> DuplicateStyle {
    let codes = [None, Some("duplicate"), Some("customer_already_exists")];
    DuplicateStyle {
        status: rng.choice([400, 409, 422]).unwrap_or(409),
        code: rng.choice(codes).flatten().map(str::to_owned),
        html: rng.u8(0..4) == 0,
        ..DuplicateStyle::default()
    }
}

fn capacity(rng: &mut fastrand::Rng) -> CapacityStep {
    let amount = rng.u32(1..=20);
    let concurrent = rng.bool();
    CapacityStep {
        concurrent: concurrent.then_some(amount),
        per_second: (!concurrent).then_some(amount),
        work: hundredths(rng, 0, 50),
        over: rng
            .choice([Over::Wait, Over::TooMany, Over::Unavailable])
            .unwrap_or_default(),
        retry_after: rng.bool().then_some(1),
    }
}

fn headers(rng: &mut fastrand::Rng) -> RateLimitHeaders {
    let styles = [
        HeaderStyle::Draft03,
        HeaderStyle::Draft10,
        HeaderStyle::XSeconds,
        HeaderStyle::XUnix,
    ];
    RateLimitHeaders {
        style: rng.choice(styles).unwrap_or_default(),
        limit: rng.u64(1..=1_000),
        window: rng.u64(1..=60),
        remaining: None,
        reset: None,
    }
}
