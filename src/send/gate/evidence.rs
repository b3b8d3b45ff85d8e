//! What failed probes say: an outage, or ids that are spoiled?
//!
//! When the last rows of a run all have spoiled ids, nothing but failures is heard, and that looks like an outage. Three
//! things tell the two apart. A row that was never sent has no spoiled id, so while one waits it probes, and its failure
//! speaks for an outage. Where only rows that were sent before probe, and in vain, one of them looks for its customer:
//! in an outage that fails as well. And where looks are answered and creates are not, each row that was set aside makes
//! room for one that was never sent; if that one fails too, twice as many failures are asked for before the next.
//!
//! So an outage of everything costs no row, one of creates alone a few (their number grows as the logarithm of its
//! length), and rows with spoiled ids are set aside one after another while the gate stays closed.

use std::time::Duration;

use tokio::time::Instant;

/// Probes in vain before a row is suspected: as many as make the same failure a series (`course::same`), and few enough to
/// be over before the shortest patience of a run is.
const VAIN_PROBES: u32 = 3;

/// What the request of a pass asks for, as far as its answer says something about the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::send) enum Asking {
    /// To create a customer of whom no attempt is known that may have been carried out.
    First,
    /// To create one after such an attempt.
    Again,
    /// The same, after a look that was answered while the gate was closed.
    AfterLook,
    /// For a customer, beside creating.
    Look,
    /// For a customer, in a run that creates nobody.
    OnlyLook,
}

impl Asking {
    /// Whether an answer says that the service does what the run wants of it.
    pub(super) fn is_the_work(self) -> bool {
        self != Self::Look
    }

    /// How long it leaves the next probe to others, where answers settle nothing. A row that was never sent goes first:
    /// its failure is not its own. A row that is suspected comes next, so that it is soon known.
    pub(super) fn stands_back(self) -> Duration {
        match self {
            Self::First | Self::OnlyLook => Duration::ZERO,
            Self::Look | Self::AfterLook => Duration::from_millis(50),
            Self::Again => Duration::from_millis(100),
        }
    }
}

/// What the probes of one closing said.
#[derive(Debug)]
pub(super) struct Evidence {
    /// Probes in vain, since the last one that spoke for an outage.
    vain: u32,
    needed: u32,
    /// Whether a row was set aside since a row that was never sent failed.
    set_aside: bool,
    /// Whether the latest failure was an answer that settles nothing, and not a service out of reach.
    pub(super) unclear: bool,
    /// When a look was answered, since the last probe that spoke for an outage.
    pub(super) alive: Option<Instant>,
}

impl Evidence {
    pub(super) fn new(unclear: bool) -> Self {
        Self {
            vain: 0,
            needed: VAIN_PROBES,
            set_aside: false,
            unclear,
            alive: None,
        }
    }

    /// The service is out of reach: that is about nobody's id.
    pub(super) fn out_of_reach(&mut self) {
        self.unclear = false;
        self.vain = 0;
        self.alive = None;
    }

    /// A look was answered.
    pub(super) fn looked(&mut self) {
        self.alive = Some(Instant::now());
    }

    /// A probe settled nothing. Returns whether its row may be what is wrong: it is looked for next, or, where it has
    /// been, set aside.
    pub(super) fn in_vain(&mut self, asking: Asking) -> bool {
        self.unclear = true;
        match asking {
            Asking::First => {
                self.vain = 0;
                self.alive = None;
                if std::mem::take(&mut self.set_aside) {
                    self.needed = self.needed.saturating_mul(2);
                }
                false
            }
            Asking::Look | Asking::OnlyLook => {
                self.vain = 0;
                self.alive = None;
                false
            }
            Asking::Again | Asking::AfterLook => {
                self.vain = self.vain.saturating_add(1);
                let suspect = self.vain >= self.needed;
                if suspect && asking == Asking::AfterLook {
                    self.vain = 0;
                    self.set_aside = true;
                }
                suspect
            }
        }
    }
}
