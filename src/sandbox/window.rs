//! The times of the last second: how many requests came in it, and whether one more is let in.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The length of the window, which the rate limit and the peak have in common.
const LENGTH: Duration = Duration::from_secs(1);

/// A window of one second that slides: it holds the times later than a second ago, so at most as many as came in one
/// second.
#[derive(Debug, Default)]
pub(super) struct Window {
    times: VecDeque<Instant>,
}

impl Window {
    /// Adds a time, not earlier than those before it, and says how many the second up to it holds, itself included.
    pub(super) fn add(&mut self, now: Instant) -> usize {
        self.slide(now);
        self.times.push_back(now);
        self.times.len()
    }

    /// Adds a time if the second up to it then holds no more than `limit`, and says whether it did.
    pub(super) fn admit(&mut self, now: Instant, limit: usize) -> bool {
        self.slide(now);
        let admitted = self.times.len() < limit;
        if admitted {
            self.times.push_back(now);
        }
        admitted
    }

    fn slide(&mut self, now: Instant) {
        while self
            .times
            .front()
            .is_some_and(|&time| now.duration_since(time) >= LENGTH)
        {
            self.times.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_second_slides() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut window = Window::default();
        assert_eq!(window.add(at(0)), 1);
        assert_eq!(window.add(at(500)), 2);
        assert_eq!(window.add(at(999)), 3);
        assert_eq!(
            window.add(at(1000)),
            3,
            "a second later to the millisecond is another second"
        );
        assert_eq!(window.add(at(1998)), 3);
        assert_eq!(window.add(at(9000)), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn those_not_admitted_do_not_count() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut window = Window::default();
        assert!(window.admit(at(0), 2));
        assert!(window.admit(at(900), 2));
        assert!(!window.admit(at(950), 2));
        assert!(!window.admit(at(999), 2));
        assert!(window.admit(at(1000), 2), "the first has left the window");
        assert!(!window.admit(at(1899), 2));
        assert!(window.admit(at(1900), 2));
    }
}
