//! One scan of what is already in custody.
//!
//! The scanner reads as everybody reads: judged, recorded, opened by receipt. What it finds goes to the catalog as it comes, and
//! holds when the scan is over: the last of the facts, the state, what the scan said and the entry are one act.

use std::sync::Arc;

use base::id::VersionId;
use base::word::{Decision, ScanState, Verb};
use catalog::model::{Change, JobRow, VersionRow};
use policy::Window;

use crate::custody::Custody;
use crate::delivery::{Delivery, Step};
use crate::directory::Engagement;
use crate::entries::{Scanned, kind};
use crate::error::{Clash, CustodyError};
use crate::facts::{Facts, facts_version};
use crate::findings::ScanReport;
use crate::identity::Caller;
use crate::jobs::LEASE_SECONDS;
use crate::removal::ATTEMPTS;
use crate::version::{self, Version};

impl Custody {
    /// Scans a version whose job was begun.
    pub(crate) async fn scan_version(
        self: &Arc<Self>,
        engagement: &Arc<Engagement>,
        row: &VersionRow,
        job: &JobRow,
    ) -> Result<(), CustodyError> {
        let dataset = self.directory.dataset(row.dataset).ok_or(CustodyError::Hidden)?;
        let version = Version::check(row.clone(), &engagement.fields)?;
        let content_type = version.meta.headers.get("content-type").cloned();
        let mut inspection = self.inspect(engagement, &dataset, row.version, &row.key, content_type.as_deref())?;
        let window = Window { from: 0, to: row.size };
        let mut delivery = Delivery::new(
            Arc::clone(self),
            Arc::new(Caller::scanner(self.scanner)),
            self.request(),
            Arc::clone(engagement),
            dataset,
            Arc::new(version),
            window,
            Verb::Scan,
        );
        let mut done = 0u64;
        delivery.earn().await?;
        loop {
            match delivery.step() {
                Step::Segment(plain) => {
                    plain.expose(|bytes| {
                        inspection.push(bytes);
                        done = done.saturating_add(bytes.len() as u64);
                    });
                    self.add_facts(&mut inspection, job.generation).await?;
                }
                Step::Earn => {
                    self.progress(job, done).await?;
                    delivery.earn().await?;
                }
                Step::End => break,
                Step::Broken(error) => return Err(error),
            }
            // Scanning is work; others' requests get their turn between segments.
            tokio::task::yield_now().await;
        }
        self.conclude(engagement, row.version, job, inspection.finish()).await
    }

    /// The state that a scan comes to. What a reviewer let out stays out, as long as no more is found than was decided about.
    fn state_of(&self, engagement: &Engagement, row: &VersionRow, facts: &Facts) -> Result<ScanState, CustodyError> {
        let released = facts.state == ScanState::Quarantined
            && row.scan == ScanState::Scanned
            && self.catalog.reviews(row.ordinal)?.last().is_some_and(|last| last.decision == Decision::Release);
        if !released {
            return Ok(facts.state);
        }
        let count = |report: Option<&ScanReport>| report.map_or(0, |report| report.forbidden_count);
        let known = self.report_of(engagement, row)?;
        let more = count(facts.report.as_ref()) > count(known.as_ref());
        Ok(if more { ScanState::Quarantined } else { ScanState::Scanned })
    }

    /// Says how far a scan came, and that its worker lives.
    pub(crate) async fn progress(&self, job: &JobRow, done: u64) -> Result<(), CustodyError> {
        let due = self.clock.now().plus_seconds(LEASE_SECONDS);
        self.queue.record(vec![Change::JobProgress { ordinal: job.ordinal, done, due }], Vec::new()).await?;
        Ok(())
    }

    /// Ends a scan, whatever else was changed of the version meanwhile.
    pub(crate) async fn conclude(
        &self,
        engagement: &Engagement,
        version: VersionId,
        job: &JobRow,
        facts: Facts,
    ) -> Result<(), CustodyError> {
        let (scanner, generation) = (Caller::scanner(self.scanner), job.generation);
        for _ in 0..ATTEMPTS {
            let row = self.catalog.version(version)?;
            let mut row = row.ok_or_else(|| CustodyError::Corrupt(format!("the row of version `{version}`")))?;
            if row.gone.is_some() {
                // Its job went with it.
                return Ok(());
            }
            version::verify(&row, &engagement.fields)?;
            let was = row.mac;
            row.scan = self.state_of(engagement, &row, &facts)?;
            row.generation = generation;
            let mac = version::mac(&row, &engagement.fields);
            let mut changes = vec![
                Change::EndJob { ordinal: job.ordinal, generation },
                Change::Steer { version, was, scan: row.scan, generation, lock: row.lock, mac },
            ];
            if !facts.mentions.is_empty() {
                let (engagement, mentions) = (engagement.id, facts.mentions.clone());
                changes.push(Change::Facts { engagement, version, generation, mentions });
            }
            if let Some(report) = &facts.report {
                changes.push(self.reported(engagement, version, generation, report)?);
            }
            let what = Scanned {
                dataset: row.dataset,
                version,
                generation,
                scan: row.scan,
                facts: &facts.digest,
                scanner: facts_version(),
                failure: None,
            };
            let draft = self.draft(&scanner, self.request(), engagement.id.into(), kind::SCAN, what)?;
            match self.queue.record(changes, vec![draft]).await {
                Err(ledger::LedgerError::Rejected(fault)) if fault.kind() == base::Kind::Conflict => {}
                recorded => {
                    recorded?;
                    self.shelf.drop_name(row.dataset, &row.key);
                    return Ok(());
                }
            }
        }
        Err(CustodyError::Conflict(Clash::Raced))
    }
}
