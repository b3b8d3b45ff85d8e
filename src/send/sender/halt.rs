//! Why no attempt can be made, so that the whole run must stop.

use crate::send::course::Course;
use crate::send::gate::GaveUp;
use crate::send::stop::{RunStop, StopReason};

/// Why no attempt can be made.
pub(super) enum Halt {
    GaveUp,
    TokenRefused(u16),
    NotTrusted(&'static str),
}

impl From<GaveUp> for Halt {
    fn from(_: GaveUp) -> Self {
        Self::GaveUp
    }
}

impl Halt {
    pub(super) fn stop(self, course: &Course) -> RunStop {
        match self {
            Self::GaveUp => course.stopped(StopReason::GaveUp, None, None),
            Self::TokenRefused(status) => course.stopped(StopReason::TokenRefused, Some(status), None),
            Self::NotTrusted(why) => course.stopped(StopReason::NotTrusted, None, Some(why.to_owned())),
        }
    }
}
