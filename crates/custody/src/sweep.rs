//! The sweep: collects blobs that no version names.
//!
//! It kills an intent in a transaction before it deletes the intent's blob; a put whose intent was killed cannot become
//! visible. A delete is the transaction; its blobs come here later.
//!
//! While the program serves, a blob is deleted a pause after it was first seen to be garbage: whoever asked for it before it
//! was has opened it by then, and reads on.

use std::sync::Arc;
use std::time::Duration;

use base::id::BlobId;
use catalog::model::Change;

use crate::custody::Custody;
use crate::error::CustodyError;
use crate::intake::joined;

/// How old an intent is before it counts as left behind: longer than any upload of one part may take.
const LEFT_BEHIND_SECONDS: i64 = 24 * 3600;

/// How many blobs one round deletes.
const ROUND: usize = 256;

/// How long garbage is left alone while the program serves: longer than a release takes to open what it reads.
const PAUSE: Duration = Duration::from_secs(300);

/// How much garbage one look takes note of: a megabyte of names. What is beyond it waits for the next.
const LOOK: usize = 65_536;

impl Custody {
    /// Deletes garbage, before the program serves. Returns how many blobs went.
    ///
    /// # Errors
    /// The catalog or the store does not answer; what was deleted stays deleted, the rest waits for the next sweep.
    pub async fn sweep(&self) -> Result<usize, CustodyError> {
        self.kill_left_behind().await?;
        let mut swept = 0usize;
        loop {
            let garbage = self.catalog.garbage(ROUND)?;
            if garbage.is_empty() {
                return Ok(swept);
            }
            swept = swept.saturating_add(garbage.len());
            self.delete_blobs(garbage).await?;
        }
    }

    /// Sweeps as long as the program serves.
    pub async fn sweep_forever(&self) {
        let mut seen = Vec::new();
        loop {
            tokio::time::sleep(PAUSE).await;
            seen = match self.sweep_seen(seen).await {
                Ok(garbage) => garbage,
                Err(error) => {
                    tracing::warn!(error = base::error::chain(&error), "the sweep did not finish; the next goes on");
                    Vec::new()
                }
            };
        }
    }

    /// Deletes what was `seen` to be garbage a while ago. Returns what is garbage now.
    ///
    /// # Errors
    /// As for [`Self::sweep`].
    pub async fn sweep_seen(&self, seen: Vec<BlobId>) -> Result<Vec<BlobId>, CustodyError> {
        self.kill_left_behind().await?;
        for round in seen.chunks(ROUND) {
            self.delete_blobs(round.to_vec()).await?;
        }
        Ok(self.catalog.garbage(LOOK)?)
    }

    async fn kill_left_behind(&self) -> Result<(), CustodyError> {
        let oldest = self.clock.now().plus_seconds(LEFT_BEHIND_SECONDS.saturating_neg());
        let left: Vec<BlobId> = self.catalog.intents(oldest)?.into_iter().map(|(blob, _, _)| blob).collect();
        if !left.is_empty() {
            self.queue.record(vec![Change::KillIntents(left)], Vec::new()).await?;
        }
        // INVARIANT: after the intents. A put whose facts are swept here has an older intent, which is dead by now.
        self.queue.record(vec![Change::DropStagedFactsBefore(oldest)], Vec::new()).await?;
        Ok(())
    }

    async fn delete_blobs(&self, garbage: Vec<BlobId>) -> Result<(), CustodyError> {
        let blobs = Arc::clone(&self.blobs);
        let deleting = tokio::task::spawn_blocking(move || {
            garbage.iter().try_for_each(|blob| blobs.delete(*blob))?;
            Ok::<_, base::Fault>(garbage)
        });
        let gone = deleting.await.map_err(joined)??;
        // DURABLE: the blobs are gone before they are forgotten; a crash between deletes them once more.
        self.queue.record(vec![Change::Swept(gone)], Vec::new()).await?;
        Ok(())
    }
}
