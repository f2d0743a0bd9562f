//! The queue of scans that are to be made: of uploads that are complete, of what must be unpacked, of what was scanned before.
//!
//! The queue lies in the catalog and outlives the program. Workers take from it those that have waited longest; what one of
//! them is long about keeps nobody else waiting. An attempt is counted before it begins: a version that ends the program, or
//! cannot be read again and again, comes to its end as one that was not scanned, with the reason.
//!
//! # Threats
//! Whoever can write wants the scanner to be busy with theirs alone, or to fall over it at every start. Attempts are few and
//! counted durably, jobs are done by age, and memory is what [`WORKERS`] scans take.
//!
//! LIMIT: the workers are those of one program; several nodes would respect each other's leases, but none releases them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base::Kind;
use base::id::RequestId;
use catalog::model::{Change, JobRow, VersionRow};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::custody::Custody;
use crate::directory::Engagement;
use crate::entries::{Scanned, kind};
use crate::error::CustodyError;
use crate::facts::{Facts, facts_version};
use crate::findings::ScanReport;
use crate::identity::Caller;

/// How many scans are made at once. Each holds a window of the scanner and what is unpacked.
const WORKERS: usize = 2;

/// How often a version is tried.
const MOST_ATTEMPTS: u32 = 3;

/// How long after a worker's last word its job is due again: many times what reading [`crate::delivery::WINDOW`] takes.
pub(crate) const LEASE_SECONDS: i64 = 15 * 60;

/// How long a failed job waits before its second attempt; twice as long before the third.
const RETRY_SECONDS: i64 = 30;

/// How long a job of a paused engagement waits before it is looked at again. A resume does not wait.
const PAUSED_SECONDS: i64 = 5 * 60;

/// How long a job waits that could be neither done nor given up.
const STUCK_SECONDS: i64 = 24 * 3600;

/// How many jobs are fetched beyond those at work.
const ROUND: usize = 16;

/// How long the workers sleep when nothing is due.
const LOOK: Duration = Duration::from_secs(15);

/// What is noted of a version whose attempts never came back.
const ENDED: &str = "ended-the-program";

/// Wakes the workers.
#[derive(Default)]
pub(crate) struct Bell(Notify);

impl Custody {
    /// Lets the workers look for jobs.
    pub(crate) fn scan_soon(&self) {
        self.scans.0.notify_one();
    }

    /// Does jobs as they come; runs until the program stops.
    pub async fn scan_forever(self: &Arc<Self>) {
        // Whoever was at work on one before is no more.
        let release = vec![Change::ReleaseJobs(self.clock.now())];
        if let Err(error) = self.queue.record(release, Vec::new()).await {
            tracing::warn!(error = base::error::chain(&error), "jobs of before wait for their lease to end");
        }
        loop {
            if let Err(error) = self.scan_pending().await {
                tracing::warn!(error = base::error::chain(&error), "the queue of scans was not worked off");
            }
            tokio::select! {
                () = self.scans.0.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Does every job that is due, and answers how many versions were scanned. One that fails is put back and does not keep the
    /// others waiting.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn scan_pending(self: &Arc<Self>) -> Result<usize, CustodyError> {
        let (mut at_work, mut busy, mut scanned) = (JoinSet::new(), BTreeSet::new(), 0usize);
        loop {
            let fetch = ROUND.saturating_add(busy.len());
            let mut due = self.catalog.jobs_due(self.clock.now(), fetch)?;
            due.retain(|job| !busy.contains(&job.ordinal));
            due.truncate(WORKERS.saturating_sub(busy.len()));
            for job in due {
                busy.insert(job.ordinal);
                let custody = Arc::clone(self);
                at_work.spawn(async move { (job.ordinal, custody.do_job(job).await) });
            }
            match at_work.join_next().await {
                None => return Ok(scanned),
                Some(Ok((ordinal, done))) => {
                    busy.remove(&ordinal);
                    scanned = scanned.saturating_add(usize::from(done));
                }
                // A scan that panicked: which one is told by its lease alone.
                Some(Err(error)) => tracing::error!(%error, "a scan ended early"),
            }
        }
    }

    /// Does one job, or puts it back. Whether a version was scanned.
    async fn do_job(self: &Arc<Self>, job: JobRow) -> bool {
        let ordinal = job.ordinal;
        let error = match self.try_job(job).await {
            Ok(scanned) => return scanned,
            Err(error) => error,
        };
        tracing::warn!(ordinal, error = base::error::chain(&error), "a version was not scanned");
        let due = self.clock.now().plus_seconds(STUCK_SECONDS);
        let failure = error.kind().name().to_owned();
        let attempts = MOST_ATTEMPTS;
        let back = Change::PutJobBack { ordinal, attempts, due, failure };
        if let Err(error) = self.queue.record(vec![back], Vec::new()).await {
            tracing::warn!(ordinal, error = base::error::chain(&error), "its job waits for the lease to end");
        }
        false
    }

    async fn try_job(self: &Arc<Self>, job: JobRow) -> Result<bool, CustodyError> {
        let corrupt = || CustodyError::Corrupt(format!("the row of version {}", job.ordinal));
        let row = self.catalog.version_by_ordinal(job.ordinal)?.ok_or_else(corrupt)?;
        let engagement = self.directory.engagement(row.engagement).ok_or(CustodyError::Hidden)?;
        if !Self::is_open(&engagement) {
            return self.put_back(&job, job.attempts, PAUSED_SECONDS, Kind::Paused.name()).await;
        }
        if job.attempts >= MOST_ATTEMPTS {
            return self.give_up(&engagement, &row, &job, ENDED).await;
        }
        let (version, generation) = (row.version, job.generation);
        let begin = Change::BeginJob { job: job.clone(), due: self.clock.now().plus_seconds(LEASE_SECONDS) };
        // An attempt before this one may have left facts, perhaps of another scanner.
        let clear = Change::ClearFacts { engagement: engagement.id, version, generation };
        // DURABLE: the attempt counts from here on, whatever it does to the program.
        self.queue.record(vec![begin, clear], Vec::new()).await?;
        let error = match self.scan_version(&engagement, &row, &job).await {
            Ok(()) => return Ok(true),
            Err(error) => error,
        };
        let failure = error.kind();
        if failure == Kind::Paused {
            tracing::debug!(%version, "a scan waits for its engagement's resume");
        } else {
            tracing::warn!(%version, attempt = job.attempts, error = base::error::chain(&error), "a scan failed");
        }
        // What says nothing of the version does not count against it.
        let attempts = match failure {
            Kind::Paused | Kind::Unavailable | Kind::Conflict => job.attempts,
            _ => job.attempts.saturating_add(1),
        };
        if attempts >= MOST_ATTEMPTS {
            return self.give_up(&engagement, &row, &job, failure.name()).await;
        }
        let wait = if failure == Kind::Paused { PAUSED_SECONDS } else { RETRY_SECONDS };
        self.put_back(&job, attempts, wait.saturating_mul(i64::from(attempts.max(1))), failure.name()).await
    }

    async fn put_back(
        &self,
        job: &JobRow,
        attempts: u32,
        wait_seconds: i64,
        failure: &str,
    ) -> Result<bool, CustodyError> {
        let due = self.clock.now().plus_seconds(wait_seconds);
        let back = Change::PutJobBack { ordinal: job.ordinal, attempts, due, failure: failure.to_owned() };
        self.queue.record(vec![back], Vec::new()).await?;
        Ok(false)
    }

    /// Ends a job without a scan: a version that was never scanned is not scannable, for this reason; one that was keeps what
    /// is known of it.
    async fn give_up(
        &self,
        engagement: &Engagement,
        row: &VersionRow,
        job: &JobRow,
        why: &str,
    ) -> Result<bool, CustodyError> {
        let reason = format!("gave-up: {why}");
        tracing::warn!(version = %row.version, reason, "a version is not scanned");
        if job.generation == row.generation {
            let report = ScanReport {
                scanner: facts_version(job.generation).to_owned(),
                reason: Some(reason),
                ..ScanReport::default()
            };
            self.conclude(engagement, row.version, (job.ordinal, job.generation), Facts::unscannable(report)).await?;
            return Ok(false);
        }
        let scanner = Caller::scanner(self.scanner);
        let what = Scanned {
            dataset: row.dataset,
            version: row.version,
            generation: job.generation,
            scan: row.scan,
            facts: "",
            scanner: facts_version(job.generation).to_owned(),
            failure: Some(&reason),
        };
        let request: RequestId = self.request();
        let draft = self.draft(&scanner, request, engagement.id.into(), kind::SCAN, what)?;
        let clear = Change::ClearFacts { engagement: engagement.id, version: row.version, generation: job.generation };
        let end = Change::EndJob { ordinal: job.ordinal, generation: job.generation };
        self.queue.record(vec![end, clear], vec![draft]).await?;
        Ok(false)
    }
}
