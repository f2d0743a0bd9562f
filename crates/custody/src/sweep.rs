//! The sweep: collects blobs that no version names.
//!
//! It kills an intent in a transaction before it deletes the intent's blob; a put whose intent was killed cannot become
//! visible. A delete is the transaction; its blobs come here later.

use base::id::BlobId;
use catalog::model::Change;

use crate::custody::Custody;
use crate::error::CustodyError;

/// How old an intent is before it counts as left behind: longer than any upload of one part may take.
const LEFT_BEHIND_SECONDS: i64 = 24 * 3600;

/// How many blobs one round deletes.
const ROUND: usize = 256;

impl Custody {
    /// Deletes garbage. Returns how many blobs went.
    ///
    /// # Errors
    /// The catalog or the store does not answer; what was deleted stays deleted, the rest waits for the next sweep.
    pub async fn sweep(&self) -> Result<usize, CustodyError> {
        let oldest = self.clock.now().plus_seconds(LEFT_BEHIND_SECONDS.saturating_neg());
        let left: Vec<BlobId> = self.catalog.intents(oldest)?.into_iter().map(|(blob, _, _)| blob).collect();
        if !left.is_empty() {
            self.queue.record(vec![Change::KillIntents(left)], Vec::new()).await?;
        }
        // INVARIANT: after the intents. A put whose facts are swept here has an older intent, which is dead by now.
        self.queue.record(vec![Change::DropStagedFactsBefore(oldest)], Vec::new()).await?;
        let mut swept = 0usize;
        loop {
            let garbage = self.catalog.garbage(ROUND)?;
            if garbage.is_empty() {
                return Ok(swept);
            }
            for blob in &garbage {
                self.blobs.delete(*blob)?;
            }
            swept = swept.saturating_add(garbage.len());
            // DURABLE: the blobs are gone before they are forgotten; a crash between deletes them once more.
            self.queue.record(vec![Change::Swept(garbage)], Vec::new()).await?;
        }
    }
}
