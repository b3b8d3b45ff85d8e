//! A run as events, a JSON object a line, for whoever starts it at night and reads what it does.
//!
//! Every line has `event` and `at`, in RFC 3339. The first ones say what is being done and which run it is, `progress`
//! comes every ten seconds and at the end of each phase, `paused` and `resumed` when the whole run waits for the service,
//! and the last line is the result. A reader that does not know an event passes over it.
//!
//! It deliberately shows counts and names of files and no value of a record, and decides nothing: it looks.

use serde_json::{Map, Value, json};

use crate::clock;
use crate::model::row_state::RowState;
use crate::pipeline::{Happening, Phase, Progress, Reached};

/// Between two lines of progress: a night has some 3,000 of them.
const PROGRESS_EVERY_MS: i64 = 10_000;

/// What can be seen of a run at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// What happened since the look before, each with its milliseconds since 1970.
    pub(super) happenings: Vec<(i64, Happening)>,
    pub(super) reached: Reached,
    pub(super) in_flight: u64,
    /// Times that the run paused or went on again: odd while it is paused.
    pub(super) turns: u64,
}

/// Tells what is new at each look.
#[derive(Debug, Default)]
pub(super) struct Teller {
    seen: usize,
    phase: Option<Phase>,
    since_ms: i64,
    told_ms: i64,
    turns: u64,
    latest_ms: i64,
}

impl Teller {
    /// Looks at a run.
    pub(super) fn look(&mut self, progress: &Progress, now_ms: i64) -> Vec<Value> {
        let live = progress.live();
        let view = View {
            happenings: progress.happenings(self.seen),
            reached: progress.reached(),
            in_flight: live.map_or(0, |live| live.in_flight),
            turns: live.map_or(0, |live| live.turns),
        };
        self.tell(&view, now_ms)
    }

    /// The events that follow from a view.
    pub(super) fn tell(&mut self, view: &View, now_ms: i64) -> Vec<Value> {
        let mut events = Vec::new();
        for (at_ms, happening) in &view.happenings {
            self.seen += 1;
            match happening {
                Happening::Entered(phase, reached) => {
                    events.extend(self.progress(reached, 0, *at_ms));
                    events.push(self.event("phase", *at_ms, json!({ "phase": phase.word() })));
                    (self.phase, self.since_ms, self.told_ms) = (Some(*phase), *at_ms, *at_ms);
                }
                Happening::Begun(begun) => {
                    let content = json!({
                        "run_id": begun.run_id,
                        "resumed": begun.resumed,
                        "files": begun.files,
                        "target": begun.target,
                        "tool_version": env!("CARGO_PKG_VERSION"),
                    });
                    events.push(self.event("begun", *at_ms, content));
                }
            }
        }
        while self.turns < view.turns {
            self.turns += 1;
            let name = if self.turns.is_multiple_of(2) {
                "resumed"
            } else {
                "paused"
            };
            events.push(self.event(name, now_ms, json!({})));
        }
        if now_ms - self.told_ms >= PROGRESS_EVERY_MS {
            events.extend(self.progress(&view.reached, view.in_flight, now_ms));
        }
        events
    }

    /// How far the phase is, where that can be counted.
    fn progress(&mut self, reached: &Reached, in_flight: u64, at_ms: i64) -> Option<Value> {
        let phase = self
            .phase
            .filter(|phase| matches!(phase, Phase::Checking | Phase::Sending))?;
        self.told_ms = at_ms;
        let done = if phase == Phase::Checking {
            reached.checked
        } else {
            reached.sent
        };
        let open = reached.totals.count(RowState::is_open);
        let elapsed_ms = u64::try_from(at_ms - self.since_ms).unwrap_or_default().max(1);
        let per_second = done.saturating_mul(1_000) / elapsed_ms;
        let left = (phase == Phase::Sending)
            .then(|| open.checked_div(per_second))
            .flatten();
        let rows: Map<String, Value> = RowState::ALL
            .into_iter()
            .map(|state| (state.word().to_owned(), reached.totals.of(state).into()))
            .collect();
        let content = json!({
            "phase": phase.word(),
            "checked": reached.checked,
            "sent": reached.sent,
            "open": open,
            "in_flight": in_flight,
            "per_second": per_second,
            "seconds_left": left,
            "rows": rows,
        });
        Some(self.event("progress", at_ms, content))
    }

    /// An event; the time of a line is never before that of the line above.
    fn event(&mut self, name: &str, at_ms: i64, content: Value) -> Value {
        self.latest_ms = self.latest_ms.max(at_ms);
        event(name, self.latest_ms, content)
    }
}

/// An event with these keys beside its own.
pub(super) fn event(name: &str, at_ms: i64, content: Value) -> Value {
    let mut keys = Map::new();
    keys.insert("event".to_owned(), name.into());
    keys.insert("at".to_owned(), clock::rfc3339(at_ms).into());
    if let Value::Object(content) = content {
        keys.extend(content);
    }
    Value::Object(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::totals::Totals;
    use crate::pipeline::Begun;

    fn names(events: &[Value]) -> Vec<&str> {
        events.iter().map(|event| event["event"].as_str().unwrap()).collect()
    }

    fn reached(sent: u64) -> Reached {
        let mut totals = Totals::default();
        totals.change(RowState::Created, sent);
        totals.change(RowState::Pending, 100 - sent);
        Reached {
            checked: 100,
            sent,
            totals,
        }
    }

    /// A phase that was entered with so many rows sent.
    fn entered(phase: Phase, sent: u64) -> Happening {
        Happening::Entered(phase, reached(sent))
    }

    fn view(happenings: &[(i64, Happening)], sent: u64, turns: u64) -> View {
        View {
            happenings: happenings.to_vec(),
            reached: reached(sent),
            in_flight: 3,
            turns,
        }
    }

    #[test]
    fn progress_comes_every_ten_seconds_and_at_the_end_of_each_phase() {
        let mut teller = Teller::default();
        let begun = Happening::Begun(Begun {
            run_id: 7,
            resumed: true,
            files: vec!["a.csv".to_owned()],
            target: "https://api.example".to_owned(),
        });
        let start = [
            (0, entered(Phase::Identifying, 0)),
            (5, begun),
            (10, entered(Phase::Checking, 0)),
        ];
        let told = teller.tell(&view(&start, 0, 0), 100);
        assert_eq!(names(&told), ["phase", "begun", "phase"]);
        assert_eq!(told[1]["run_id"], 7);
        let told = teller.tell(&view(&[(1_010, entered(Phase::Sending, 0))], 0, 0), 1_100);
        assert_eq!(names(&told), ["progress", "phase"]);
        assert_eq!(
            (&told[0]["phase"], &told[0]["per_second"]),
            (&json!("checking"), &json!(100))
        );
        assert_eq!(names(&teller.tell(&view(&[], 10, 0), 11_009)), [""; 0]);
        let told = teller.tell(&view(&[], 20, 0), 11_010);
        assert_eq!(names(&told), ["progress"]);
        assert_eq!(
            (&told[0]["per_second"], &told[0]["seconds_left"]),
            (&json!(2), &json!(40))
        );
        assert_eq!(told[0]["rows"]["created"], 20);
        assert_eq!(names(&teller.tell(&view(&[], 30, 0), 21_009)), [""; 0]);
        let told = teller.tell(&view(&[(22_000, entered(Phase::Balancing, 90))], 100, 0), 22_100);
        assert_eq!(names(&told), ["progress", "phase"]);
        // As it was when the phase ended, not as it is now.
        assert_eq!((&told[0]["sent"], &told[0]["open"]), (&json!(90), &json!(10)));
        // Adding up has nothing to count.
        assert_eq!(names(&teller.tell(&view(&[], 100, 0), 99_000)), [""; 0]);
    }

    #[test]
    fn a_pause_between_two_looks_is_told_and_time_never_goes_back() {
        let mut teller = Teller::default();
        let sending = [(50_000, entered(Phase::Sending, 0))];
        teller.tell(&view(&sending, 0, 0), 50_000);
        let told = teller.tell(&view(&[], 0, 3), 51_000);
        assert_eq!(names(&told), ["paused", "resumed", "paused"]);
        let told = teller.tell(&view(&[], 0, 4), 40_000);
        assert_eq!(names(&told), ["resumed"]);
        assert_eq!(told[0]["at"], "1970-01-01T00:00:51Z");
    }
}
