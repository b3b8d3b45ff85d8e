//! A row that probes for the whole run, and may itself be what is wrong: the course from probes in vain to a row set aside.
//!
//! The gate says when its probes no longer speak for an outage. Then the row looks for its customer; if the look is
//! answered and nobody is there, it tries to create once more; and if that settles nothing either, its id is spoiled. A
//! look that settles nothing, or a service out of reach in between, and all begins anew.

use super::{Course, Heard, Look, Next, PROBE_EVERY, Reason, RequestId, Said, said};
use crate::send::gate::Asking;

impl Course {
    /// What the next request asks for.
    pub(in crate::send) fn asking(&self) -> Asking {
        match self.look {
            Some(Look::Only) => Asking::OnlyLook,
            Some(_) => Asking::Look,
            None if self.looked => Asking::AfterLook,
            None if self.had_doubt => Asking::Again,
            None => Asking::First,
        }
    }

    /// A probe of the whole run had no clear answer, and the gate does or does not suspect the row. If not, it is not the
    /// row's fault, and somebody else may probe next.
    pub(in crate::send) fn probed_in_vain(
        &mut self,
        suspect: bool,
        reason: Reason,
        heard: Heard,
        request_id: RequestId,
    ) -> Next {
        self.doubt();
        let looked = std::mem::take(&mut self.looked);
        match self.look {
            None if suspect && looked => {
                // What a service says under a spoiled id, it says; a connection that ends may have another reason.
                let reason = heard.status.map_or(reason, |_| Reason::PoisonedId);
                return self.unresolved(said(heard, request_id, Some(reason)));
            }
            None if suspect => {
                self.look = Some(Look::Suspect);
                return Next::Again;
            }
            Some(Look::Suspect) => self.look = None,
            None | Some(Look::Refusal { .. } | Look::Last(_) | Look::Only) => {}
        }
        Next::After(self.waits.next().unwrap_or_default().min(PROBE_EVERY))
    }

    /// The look at a suspected row's customer was answered, and he is not there or nobody may know: it creates once more.
    pub(super) fn looked_in_vain(&mut self) -> Next {
        self.looked = true;
        Next::Again
    }

    /// The service is out of reach: nothing is suspected of the row any more.
    pub(super) fn not_reached(&mut self) -> Next {
        self.looked = false;
        self.look.take_if(|look| matches!(look, Look::Suspect));
        Next::Again
    }

    /// The row's time is over: it ends as if its attempts had run out.
    pub(in crate::send) fn over(&mut self) -> Next {
        let said = Said {
            reason: Some(Reason::RowDeadline),
            ..self.last.clone()
        };
        match self.look {
            None | Some(Look::Suspect) => {
                self.look = Some(Look::Last(said));
                Next::Again
            }
            Some(Look::Refusal { .. } | Look::Last(_) | Look::Only) => self.unresolved(said),
        }
    }
}
