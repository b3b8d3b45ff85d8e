//! How much the service can do, as an entry of a plan has it: places at the same time, or requests in a second.
//!
//! A request that waits is let in when a place is free, in the order of arrival. Waiting is on Tokio's clock. What a
//! refusal looks like is `service`'s.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::plan::{CapacityStep, Over};
use super::window::Window;

/// Where requests find a place or are turned away.
#[derive(Debug)]
pub(super) struct Gate {
    step: CapacityStep,
    places: Arc<Semaphore>,
    /// The moment from which the next request is let in, when they come evenly one after the other.
    next: Mutex<Option<Instant>>,
    admitted: Mutex<Window>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Gate {
    pub(super) fn new(step: CapacityStep) -> Gate {
        let places = step.concurrent.map_or(Semaphore::MAX_PERMITS, |places| {
            usize::try_from(places).unwrap_or(Semaphore::MAX_PERMITS)
        });
        Gate {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            next: Mutex::default(),
            admitted: Mutex::default(),
            step,
        }
    }

    /// Gives a place, now or when one is free, and the time that the work takes; or says how it turns the request away.
    pub(super) async fn enter(&self) -> Result<Place, &CapacityStep> {
        let permit = match self.step.over {
            Over::Wait => {
                self.turn().await;
                Arc::clone(&self.places).acquire_owned().await.ok()
            }
            Over::TooMany | Over::Unavailable => {
                let permit = Arc::clone(&self.places).try_acquire_owned();
                let permit = permit.map_err(|_| &self.step)?;
                if !self.admit() {
                    return Err(&self.step);
                }
                Some(permit)
            }
        };
        if self.step.work > 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(self.step.work)).await;
        }
        Ok(Place { _permit: permit })
    }

    fn admit(&self) -> bool {
        self.step.per_second.is_none_or(|limit| {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
            admitted.admit(Instant::now(), limit)
        })
    }

    async fn turn(&self) {
        let Some(per_second) = self.step.per_second else {
            return;
        };
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let turn = next.map_or(now, |next| next.max(now));
            *next = Some(turn + Duration::from_secs(1) / per_second);
            turn
        };
        tokio::time::sleep_until(turn).await;
    }
}
