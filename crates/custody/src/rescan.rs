//! Scanning what is already in custody: multipart uploads, once they are complete.
//!
//! The scanner reads as everybody reads: judged, recorded, opened by receipt. A version stays pending until its facts are in.

use std::sync::Arc;

use base::word::Verb;
use catalog::model::{Change, VersionRow};
use policy::Window;
use tokio::sync::Notify;

use crate::custody::Custody;
use crate::delivery::{Delivery, Step};
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::meta::Meta;
use crate::version::Version;

/// How many records' facts one act carries.
const MENTIONS_AN_ACT: usize = 2_000;

/// How many pending versions are fetched at a time.
const ROUND: usize = 16;

/// Wakes the scanner.
#[derive(Default)]
pub(crate) struct Bell(Notify);

impl Custody {
    /// Lets the scanner look for pending versions.
    pub(crate) fn scan_soon(&self) {
        self.scans.0.notify_one();
    }

    /// Scans pending versions as they come; runs until the program stops.
    pub async fn scan_forever(self: &Arc<Self>) {
        self.scan_soon();
        loop {
            self.scans.0.notified().await;
            if let Err(error) = self.scan_pending().await {
                tracing::warn!(error = base::error::chain(&error), "pending versions were not scanned");
            }
        }
    }

    /// Scans every pending version, oldest first. One that cannot be read (its engagement is paused, its bytes are damaged)
    /// stays pending and does not keep the others waiting.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn scan_pending(self: &Arc<Self>) -> Result<usize, CustodyError> {
        let mut scanned = 0usize;
        let mut failed = Vec::new();
        loop {
            let fetch = ROUND.saturating_add(failed.len());
            let pending = self.catalog.pending_scans(fetch)?;
            let left: Vec<VersionRow> = pending.into_iter().filter(|row| !failed.contains(&row.version)).collect();
            if left.is_empty() {
                return Ok(scanned);
            }
            for row in left {
                let version = row.version;
                match self.scan_version(row).await {
                    Ok(()) => scanned = scanned.saturating_add(1),
                    Err(error) => {
                        tracing::warn!(%version, error = base::error::chain(&error), "a version stays pending");
                        failed.push(version);
                    }
                }
            }
        }
    }

    async fn scan_version(self: &Arc<Self>, row: VersionRow) -> Result<(), CustodyError> {
        let engagement = self.directory.engagement(row.engagement).ok_or(CustodyError::Hidden)?;
        let dataset = self.directory.dataset(row.dataset).ok_or(CustodyError::Hidden)?;
        let version = Version::check(row.clone(), &engagement.fields)?;
        let content_type = content_type(&version.meta);
        let mut inspection = self.inspect(&engagement, &row.key, content_type.as_deref())?;
        let window = Window { from: 0, to: row.size };
        let mut delivery = Delivery::new(
            Arc::clone(self),
            Arc::new(Caller::scanner(self.scanner)),
            self.request(),
            Arc::clone(&engagement),
            dataset,
            Arc::new(version),
            window,
            Verb::Scan,
        );
        delivery.earn().await?;
        loop {
            match delivery.step() {
                Step::Segment(plain) => plain.expose(|bytes| inspection.push(bytes)),
                Step::Earn => delivery.earn().await?,
                Step::End => break,
                Step::Broken(error) => return Err(error),
            }
            // Scanning is work; others' requests get their turn between segments.
            tokio::task::yield_now().await;
        }
        let facts = inspection.finish();
        for some in facts.mentions.chunks(MENTIONS_AN_ACT) {
            let change = Change::Facts { engagement: engagement.id, version: row.version, mentions: some.to_vec() };
            self.queue.record(vec![change], Vec::new()).await?;
        }
        self.scanned(&engagement, row.version, facts.state).await
    }
}

fn content_type(meta: &Meta) -> Option<String> {
    meta.headers.get("content-type").cloned()
}
