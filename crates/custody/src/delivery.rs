//! A delivery: bytes on their way to one caller, window by window.
//!
//! A receipt covers one window of at most [`WINDOW`] bytes. The next one is earned (judged, recorded, opened) before its
//! first byte is sent, so that a stream which outlives its session, its grant or its budget ends at the window's edge; a
//! pause ends it at the next segment. When the delivery ends, it settles: it says how many bytes were written to the socket.

use std::sync::Arc;

use base::fence::Ticket;
use base::id::{EngagementId, RequestId};
use base::word::Verb;
use base::{Bytes, Plain};
use policy::Window;
use seal::Opened;

use crate::budgets::{Asked, Charged, Earned};
use crate::custody::Custody;
use crate::directory::Engagement;
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::settings::Dataset;
use crate::settle::Note;
use crate::version::Version;

/// How many bytes one receipt covers at most. SPEC: design §4.
pub const WINDOW: Bytes = Bytes(64 * 1024 * 1024);

/// What a delivery has to give next.
pub enum Step {
    /// The next bytes.
    Segment(Plain),
    /// The next window must be earned first.
    Earn,
    /// Everything was given.
    End,
    /// It ends here: paused, refused, or unreadable. Nothing more is given.
    Broken(CustodyError),
}

/// Bytes on their way. See the module's description.
pub struct Delivery {
    plan: Option<Plan>,
    engagement: Arc<Engagement>,
    pause: Ticket,
    opened: Option<Opened>,
    next: u64,
    end: u64,
    paid: Vec<Paid>,
    /// How many bytes were opened and given.
    given: u64,
    broken: bool,
}

/// What is needed to earn the next window.
struct Plan {
    custody: Arc<Custody>,
    caller: Arc<Caller>,
    request: RequestId,
    dataset: Arc<Dataset>,
    version: Arc<Version>,
    verb: Verb,
}

/// A receipt that was spent: its place in the chain and how many bytes it allowed.
struct Paid {
    seq: u64,
    bytes: u64,
    charged: Option<Charged>,
}

impl Delivery {
    #[expect(clippy::too_many_arguments, reason = "one caller, and each argument is a different type")]
    pub(crate) fn new(
        custody: Arc<Custody>,
        caller: Arc<Caller>,
        request: RequestId,
        engagement: Arc<Engagement>,
        dataset: Arc<Dataset>,
        version: Arc<Version>,
        window: Window,
        verb: Verb,
    ) -> Self {
        Self {
            pause: engagement.fence.ticket(),
            engagement,
            plan: Some(Plan { custody, caller, request, dataset, version, verb }),
            opened: None,
            next: window.from,
            end: window.to,
            paid: Vec::new(),
            given: 0,
            broken: false,
        }
    }

    /// A delivery of no bytes, for answers without a body.
    pub(crate) fn nothing(engagement: Arc<Engagement>) -> Self {
        Self {
            pause: engagement.fence.ticket(),
            engagement,
            plan: None,
            opened: None,
            next: 0,
            end: 0,
            paid: Vec::new(),
            given: 0,
            broken: false,
        }
    }

    /// The compartment whose bytes these are: where the wire must register before it takes the first segment.
    #[must_use]
    pub fn engagement(&self) -> EngagementId {
        self.engagement.id
    }

    /// Judges, records and opens the next window.
    ///
    /// # Errors
    /// As a read answers. The delivery is over then.
    pub async fn earn(&mut self) -> Result<(), CustodyError> {
        let outcome = self.earn_next().await;
        self.broken |= outcome.is_err();
        outcome
    }

    async fn earn_next(&mut self) -> Result<(), CustodyError> {
        let Some(plan) = &self.plan else { return Ok(()) };
        let window = Window { from: self.next, to: self.end.min(self.next.saturating_add(WINDOW.0)) };
        let asked = Asked {
            caller: &plan.caller,
            request: plan.request,
            engagement: &self.engagement,
            dataset: &plan.dataset,
            version: &plan.version,
            verb: plan.verb,
        };
        // The window may come back shorter: as far as the budgets reach.
        let Earned { receipt, window, charged } = plan.custody.earn(&asked, window).await?;
        self.paid.push(Paid { seq: receipt.seq(), bytes: window.len(), charged });
        self.opened = Some(plan.custody.opener.open(receipt)?);
        self.next = window.to;
        Ok(())
    }

    /// The next step. Decrypts at most one segment; does not wait.
    pub fn step(&mut self) -> Step {
        if self.broken {
            return Step::Broken(CustodyError::Paused);
        }
        // INVARIANT: checked before every segment, after the wire has registered. A pause that does not find the connection
        // in the wire's register is found here.
        if !self.pause.holds() {
            self.broken = true;
            return Step::Broken(CustodyError::Paused);
        }
        match self.opened.as_mut().and_then(Opened::next) {
            Some(Ok(plain)) => {
                self.given = self.given.saturating_add(plain.expose(<[u8]>::len) as u64);
                Step::Segment(plain)
            }
            Some(Err(error)) => {
                self.broken = true;
                Step::Broken(error.into())
            }
            None if self.next < self.end => Step::Earn,
            None => Step::End,
        }
    }

    /// Says how many plaintext bytes are known to have been written to the socket, and ends the delivery.
    ///
    /// Never more than was: a body that was cut says what certainly left. One that is dropped without this counts as unsent
    /// in the minimum and whole in the authorised figure.
    pub fn settle(&mut self, sent: u64) {
        let Some(plan) = self.plan.take() else { return };
        let (mut left, mut opened) = (sent, self.given);
        for Paid { seq, bytes, charged } in self.paid.drain(..) {
            let sent = bytes.min(left);
            left = left.saturating_sub(sent);
            let opened_of_this = bytes.min(opened);
            opened = opened.saturating_sub(opened_of_this);
            // INVARIANT: what was opened counts in the budgets, whatever the wire says of it: a reader who resets its connections
            // would have read for nothing.
            let unopened = bytes.saturating_sub(opened_of_this);
            let returned = charged.filter(|_| unopened > 0).map(|charged| (charged, unopened));
            plan.custody.settler.note(self.engagement.id, Note { seq, sent, authorised: bytes, returned });
        }
    }
}
