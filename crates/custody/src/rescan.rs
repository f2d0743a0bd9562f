//! Scanning a dataset anew, because the rules changed: queued here, done by the workers, and compared with what was known.
//!
//! What was known stays: a scan adds facts of its own generation, and they hold once it is over.

use std::collections::BTreeMap;

use base::Timestamp;
use base::id::{RequestId, VersionId};
use base::word::{DataType, ScanState, Verb};
use catalog::model::Change;
use serde::{Deserialize, Serialize};

use crate::custody::{Custody, Matter};
use crate::entries::{Rescan, kind};
use crate::error::CustodyError;
use crate::facts::facts_version;
use crate::findings::ScanReport;
use crate::identity::Caller;

/// The version of the answer's JSON.
pub const SCHEMA: &str = "cofferdam.rescan/1";

/// The generation of every scan but the first, as far as the scanner cares.
const AGAIN: u32 = 1;

/// How many ordinals one act queues: no caller waits behind more.
const RUN: u64 = 20_000;

/// How many versions are looked at between others' turns.
const PAGE: usize = 1_000;

/// How many objects an answer lists by name; the sums are of all.
const LISTED: usize = 10_000;

/// How far a dataset's scans are, and what the last ones changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RescanState {
    /// `cofferdam.rescan/1`.
    pub schema: String,
    /// The bucket.
    pub bucket: String,
    /// When it was asked.
    pub asked: Timestamp,
    /// The scanner that scans now.
    pub scanner: String,
    /// Versions that wait, or are being read.
    pub waiting: u64,
    /// Current objects that were scanned more than once.
    pub rescanned: u64,
    /// What is found more or less often than by the scan before, in all.
    pub changes: Vec<Difference>,
    /// The objects in which something changed.
    pub objects: Vec<ChangedObject>,
    /// How many of those are not listed.
    pub objects_omitted: u64,
}

/// What two scans found differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The type.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// The rule.
    pub rule: String,
    /// How often the scan before found it.
    pub before: u64,
    /// How often the last scan did.
    pub after: u64,
}

/// An object in which two scans found something differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedObject {
    /// Its key.
    pub key: String,
    /// The version.
    pub version: VersionId,
    /// The state the last scan came to.
    pub state: ScanState,
    /// The scanner of before.
    pub before: String,
    /// The last scanner.
    pub after: String,
    /// What changed.
    pub changes: Vec<Difference>,
}

/// Counts by type and rule.
type Counts = BTreeMap<(DataType, String), (u64, u64)>;

impl Custody {
    /// Queues another scan of every kept version of a dataset.
    ///
    /// # Errors
    /// `Missing`; as policy answers.
    pub async fn rescan(&self, caller: &Caller, request: RequestId, bucket: &str) -> Result<RescanState, CustodyError> {
        let (engagement, dataset) = self.collection(caller, bucket)?;
        let matter = Matter::names(request, Verb::ConfigureDataset, &engagement, Some(&dataset));
        let permit = self.judge(caller, matter).await?;
        let what = Rescan { dataset: dataset.id, scanner: facts_version(AGAIN).to_owned() };
        let draft = self.draft(caller, request, engagement.id.into(), kind::RESCAN, what)?;
        self.act(caller, permit, Vec::new(), draft).await?;
        let (newest, at) = (self.catalog.newest_ordinal()?, self.clock.now());
        let mut from = 1u64;
        // A crash in between leaves a part of the dataset queued; the same command queues the rest.
        while from <= newest {
            let to = from.saturating_add(RUN);
            let change = Change::QueueScans { dataset: dataset.id, ordinals: (from, to), at };
            self.queue.record(vec![change], Vec::new()).await?;
            from = to.saturating_add(1);
        }
        self.scan_soon();
        self.rescan_state_of(&engagement, &dataset).await
    }

    /// How far a dataset's scans are, and what the last ones changed.
    ///
    /// # Errors
    /// `Missing`; as policy answers.
    pub async fn rescan_state(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
    ) -> Result<RescanState, CustodyError> {
        let (engagement, dataset) = self.collection(caller, bucket)?;
        let matter = Matter::names(request, Verb::Scope, &engagement, Some(&dataset));
        let permit = self.judge(caller, matter).await?;
        let _receipt = self.release(caller, permit).await?;
        self.rescan_state_of(&engagement, &dataset).await
    }

    async fn rescan_state_of(
        &self,
        engagement: &crate::directory::Engagement,
        dataset: &crate::settings::Dataset,
    ) -> Result<RescanState, CustodyError> {
        let mut state = RescanState {
            schema: SCHEMA.to_owned(),
            bucket: dataset.bucket.clone(),
            asked: self.clock.now(),
            scanner: facts_version(AGAIN).to_owned(),
            waiting: self.catalog.jobs_waiting(dataset.id)?,
            rescanned: 0,
            changes: Vec::new(),
            objects: Vec::new(),
            objects_omitted: 0,
        };
        let (mut sum, mut after) = (Counts::new(), None::<Vec<u8>>);
        loop {
            let page = self.catalog.list(dataset.id, b"", after.as_deref(), false, PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for row in &page {
                let scans = self.catalog.scans(row.ordinal)?;
                let [last, before, ..] = scans.as_slice() else { continue };
                state.rescanned = state.rescanned.saturating_add(1);
                let open = |scan: &catalog::model::ScanRow| {
                    ScanReport::open(&engagement.fields, row.version, scan.generation, &scan.report)
                };
                let (last, before) = (open(last)?, open(before)?);
                let changes = differences(&counts(&before, &last));
                for change in &changes {
                    let (was, is) = sum.entry((change.data_type, change.rule.clone())).or_default();
                    (*was, *is) = (was.saturating_add(change.before), is.saturating_add(change.after));
                }
                if changes.is_empty() {
                    continue;
                }
                if state.objects.len() >= LISTED {
                    state.objects_omitted = state.objects_omitted.saturating_add(1);
                    continue;
                }
                state.objects.push(ChangedObject {
                    key: String::from_utf8_lossy(&row.key).into_owned(),
                    version: row.version,
                    state: row.scan,
                    before: before.scanner,
                    after: last.scanner,
                    changes,
                });
            }
            tokio::task::yield_now().await;
        }
        state.changes = differences(&sum);
        Ok(state)
    }
}

/// How often two scans found each thing.
fn counts(before: &ScanReport, after: &ScanReport) -> Counts {
    let mut counts = Counts::new();
    for found in &before.found {
        let (was, _) = counts.entry((found.data_type, found.rule.clone())).or_default();
        *was = was.saturating_add(found.count);
    }
    for found in &after.found {
        let (_, is) = counts.entry((found.data_type, found.rule.clone())).or_default();
        *is = is.saturating_add(found.count);
    }
    counts
}

fn differences(counts: &Counts) -> Vec<Difference> {
    let differ = counts.iter().filter(|(_, (before, after))| before != after);
    differ
        .map(|((data_type, rule), (before, after))| Difference {
            data_type: *data_type,
            rule: rule.clone(),
            before: *before,
            after: *after,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Found;

    #[test]
    fn what_two_scans_found_alike_is_no_difference() {
        let found = |rule: &str, confidence: &str, count| Found {
            data_type: DataType::Email,
            rule: rule.to_owned(),
            confidence: confidence.to_owned(),
            count,
        };
        let report = |found| ScanReport { found, ..ScanReport::default() };
        let before = report(vec![found("email", "high", 3), found("old", "high", 1)]);
        let after = report(vec![found("email", "high", 2), found("email", "low", 1), found("new", "high", 4)]);
        let said: Vec<(String, u64, u64)> = differences(&counts(&before, &after))
            .into_iter()
            .map(|change| (change.rule, change.before, change.after))
            .collect();
        assert_eq!(said, [("new".to_owned(), 0, 4), ("old".to_owned(), 1, 0)]);
    }
}
