//! Settlement: what was written to the socket, batched per engagement and second.
//!
//! A receipt says what was *authorised*; a settlement says what was *sent*. An unsettled receipt counts zero in the minimum
//! and whole in the authorised figure, so losing settlements in a crash widens the answer and never narrows it wrongly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base::id::{ChainId, EngagementId};
use ledger::Draft;
use tokio::sync::Notify;

use crate::budgets::{Charged, lock};
use crate::custody::Custody;
use crate::entries::{Settled, kind};
use crate::error::CustodyError;

/// How long settlements gather before they are entered. SPEC: design §4, "batched per engagement and second".
const GATHER: Duration = Duration::from_secs(1);

/// How many cut receipts one entry lists: each takes at most 42 characters, and as many
/// again where bytes of it were not opened, so that an entry stays within its limit.
const PARTS_AN_ENTRY: usize = 600;

/// How many whole receipts one entry lists: written as runs of at most 42 characters each, they stay within the limit.
const WHOLE_AN_ENTRY: usize = 1000;

/// Settlements that wait to be entered.
#[derive(Default)]
pub(crate) struct Settler {
    waiting: Mutex<HashMap<EngagementId, Waiting>>,
    some: Notify,
}

#[derive(Default)]
struct Waiting {
    whole: Vec<u64>,
    part: Vec<Note>,
}

/// What became of a receipt.
pub(crate) struct Note {
    pub(crate) seq: u64,
    /// Bytes that were written to the socket.
    pub(crate) sent: u64,
    /// Bytes it was for.
    pub(crate) authorised: u64,
    /// Bytes that were never opened, and whom they were charged to.
    pub(crate) returned: Option<(Charged, u64)>,
}

impl Settler {
    /// Notes what became of a receipt.
    pub(crate) fn note(&self, engagement: EngagementId, note: Note) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = waiting.entry(engagement).or_default();
        if note.sent >= note.authorised {
            mine.whole.push(note.seq);
        } else {
            mine.part.push(note);
        }
        drop(waiting);
        self.some.notify_one();
    }

    fn take(&self) -> HashMap<EngagementId, Waiting> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Custody {
    /// Enters settlements as they gather; runs until the program stops.
    pub async fn settle_forever(&self) {
        loop {
            self.settler.some.notified().await;
            tokio::time::sleep(GATHER).await;
            if let Err(error) = self.settle_now().await {
                tracing::warn!(
                    error = base::error::chain(&error),
                    "settlements were not entered; they count as unsent"
                );
            }
        }
    }

    /// Enters every settlement that waits.
    ///
    /// # Errors
    /// The ledger did not record them; they count as unsent.
    pub async fn settle_now(&self) -> Result<(), CustodyError> {
        for (engagement, mut waiting) in self.settler.take() {
            waiting.whole.sort_unstable();
            let mut drafts = Vec::new();
            for whole in waiting.whole.chunks(WHOLE_AN_ENTRY) {
                drafts.push(self.settlement(engagement, ledger::runs(whole), &[])?);
            }
            for part in waiting.part.chunks(PARTS_AN_ENTRY) {
                drafts.push(self.settlement(engagement, String::new(), part)?);
            }
            self.queue.record(Vec::new(), drafts).await?;
            // DURABLE: the record gives the bytes back first. A crash before this line gives them back at the next start.
            for (charged, bytes) in waiting.part.iter().filter_map(|note| note.returned) {
                lock(&self.budgets.book(engagement)).book.give_back(charged.who, charged.at, bytes);
            }
        }
        Ok(())
    }

    fn settlement(&self, engagement: EngagementId, whole: String, notes: &[Note]) -> Result<Draft, CustodyError> {
        let part = notes.iter().map(|note| (note.seq, note.sent)).collect();
        let returned = notes.iter().filter_map(|note| note.returned.map(|(_, bytes)| (note.seq, bytes))).collect();
        let fields = Settled { whole, part, returned };
        Ok(Draft::new(ChainId::from(engagement), kind::SETTLEMENT, self.clock.now(), &fields, self.entropy.as_ref())?)
    }
}
