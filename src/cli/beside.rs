//! A thread beside the work that tells people how it goes, until it is dropped. What it tells is its caller's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// The thread. Where none can be started, nothing is told and the work goes on.
pub(super) struct Beside {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    /// Starts it. `tell` returns soon after the flag is set; it is woken from `park_timeout` for that.
    pub(super) fn start(name: &str, tell: impl FnOnce(&AtomicBool) + Send + 'static) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&done);
        let thread = std::thread::Builder::new().name(name.to_owned());
        Self {
            done,
            thread: thread.spawn(move || tell(&ended)).ok(),
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // One that panicked has nothing to say any more.
            drop(thread.join());
        }
    }
}
