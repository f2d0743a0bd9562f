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

use crate::custody::Custody;
use crate::entries::{Settled, kind};
use crate::error::CustodyError;

/// How long settlements gather before they are entered. SPEC: design §4, "batched per engagement and second".
const GATHER: Duration = Duration::from_secs(1);

/// How many cut receipts one entry lists: each takes at most 42 characters, so that an entry stays within its limit.
const PARTS_AN_ENTRY: usize = 1000;

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
    part: Vec<(u64, u64)>,
}

impl Settler {
    /// Notes that `sent` of the `authorised` bytes of the receipt at `seq` were written to the socket.
    pub(crate) fn note(&self, engagement: EngagementId, seq: u64, sent: u64, authorised: u64) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = waiting.entry(engagement).or_default();
        if sent >= authorised {
            mine.whole.push(seq);
        } else {
            mine.part.push((seq, sent));
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
                drafts.push(self.settlement(engagement, ledger::runs(whole), Vec::new())?);
            }
            for part in waiting.part.chunks(PARTS_AN_ENTRY) {
                drafts.push(self.settlement(engagement, String::new(), part.to_vec())?);
            }
            self.queue.record(Vec::new(), drafts).await?;
        }
        Ok(())
    }

    fn settlement(
        &self,
        engagement: EngagementId,
        whole: String,
        part: Vec<(u64, u64)>,
    ) -> Result<Draft, CustodyError> {
        let fields = Settled { whole, part };
        Ok(Draft::new(ChainId::from(engagement), kind::SETTLEMENT, self.clock.now(), &fields, self.entropy.as_ref())?)
    }
}
