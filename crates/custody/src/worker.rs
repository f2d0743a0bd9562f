//! One scan of what is already in custody: a text, or something that must be unpacked first.
//!
//! The scanner reads as everybody reads: judged, recorded, opened by receipt. What it finds goes to the catalog as it comes, and
//! holds when the scan is over: the last of the facts, the state, what the scan said and the entry are one act.
//!
//! A version of which any member was not read is unscannable: the rest of it is known, and its facts are kept, but nobody can
//! say what is in that member.

use std::sync::Arc;

use base::id::VersionId;
use base::word::{Decision, ScanState};
use catalog::model::{Change, JobRow, VersionRow};
use contract::Names;
use scan::{Finding, Hint, Sink as _};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use unpack::{Entry, Outcome, Place, Unpacker};

use crate::custody::Custody;
use crate::directory::Engagement;
use crate::entries::{Scanned, kind};
use crate::error::{Clash, CustodyError};
use crate::facts::{Facts, Gathered, Instrument, facts_version};
use crate::findings::{FIRST_SCAN, ScanReport};
use crate::identity::Caller;
use crate::intake::joined;
use crate::jobs::LEASE_SECONDS;
use crate::reading::{Reading, failure};
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
        let version = Arc::new(Version::check(row.clone(), &engagement.fields)?);
        let instrument = Instrument::of(&dataset, &row.key, job.generation);
        let gathered = Gathered::new(engagement, &dataset, row.version, &instrument);
        let unpacker = Unpacker::new(instrument.scanner, self.digester(engagement)?);
        let handle = Handle::current();
        let reading = Reading::new(Arc::clone(self), engagement, dataset, version, job, handle.clone());
        let (custody, generation) = (Arc::clone(self), job.generation);
        // Unpacking is work, and waits where it reads: not on a thread that others' requests run on.
        let examined = spawn_blocking(move || {
            let mut found =
                Finds { custody, handle, generation, gathered, report: ScanReport::default(), failed: None };
            let name = String::from_utf8_lossy(reading.key()).into_owned();
            let hint = Hint { content_type: reading.content_type(), name: &name };
            let said = unpacker.examine(&reading, &hint, &mut found).map_err(failure)?;
            found.end(&said)
        });
        let facts = examined.await.map_err(joined)??;
        self.conclude(engagement, row.version, (job.ordinal, job.generation), facts).await
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

    /// Whether another scan is to look for names in a version that its first one is over with.
    pub(crate) fn looks_for_names_later(&self, row: &VersionRow) -> bool {
        let read = matches!(row.scan, ScanState::Scanned | ScanState::Quarantined);
        let dataset = self.directory.dataset(row.dataset);
        read && dataset.is_some_and(|dataset| dataset.names() == Names::After)
    }

    /// Says how far a scan came, and that its worker lives.
    pub(crate) async fn progress(&self, job: &JobRow, done: u64) -> Result<(), CustodyError> {
        let due = self.clock.now().plus_seconds(LEASE_SECONDS);
        self.queue.record(vec![Change::JobProgress { ordinal: job.ordinal, done, due }], Vec::new()).await?;
        Ok(())
    }

    /// Ends a scan, by the version's ordinal and which scan it was, whatever else was changed of the version meanwhile.
    pub(crate) async fn conclude(
        &self,
        engagement: &Engagement,
        version: VersionId,
        (ordinal, generation): (u64, u32),
        facts: Facts,
    ) -> Result<(), CustodyError> {
        let caller = Caller::scanner(self.scanner);
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
                Change::EndJob { ordinal, generation },
                Change::Steer { version, was, scan: row.scan, generation, lock: row.lock, mac },
            ];
            if !facts.mentions.is_empty() {
                let (engagement, mentions) = (engagement.id, facts.mentions.clone());
                changes.push(Change::Facts { engagement, version, generation, mentions });
            }
            if let Some(report) = &facts.report {
                changes.push(self.reported(engagement, version, generation, report)?);
            }
            if generation == FIRST_SCAN && self.looks_for_names_later(&row) {
                changes.push(Change::QueueScan { version, at: self.clock.now() });
            }
            let what = Scanned {
                dataset: row.dataset,
                version,
                generation,
                scan: row.scan,
                facts: &facts.digest,
                scanner: scanned_by(facts.report.as_ref(), generation),
                failure: None,
            };
            let draft = self.draft(&caller, self.request(), engagement.id.into(), kind::SCAN, what)?;
            match self.queue.record(changes, vec![draft]).await {
                Err(ledger::LedgerError::Rejected(fault)) if fault.kind() == base::Kind::Conflict => {}
                recorded => {
                    recorded?;
                    self.shelf.drop_name(row.dataset, &row.key);
                    self.scan_soon();
                    return Ok(());
                }
            }
        }
        Err(CustodyError::Conflict(Clash::Raced))
    }
}

/// Which scanner made a version's facts.
pub(crate) fn scanned_by(report: Option<&ScanReport>, generation: u32) -> String {
    report.map_or_else(|| facts_version(generation).to_owned(), |report| report.scanner.clone())
}

/// Where a worker puts what is found: into the catalog, as it comes.
struct Finds {
    custody: Arc<Custody>,
    handle: Handle,
    generation: u32,
    gathered: Gathered,
    report: ScanReport,
    /// Why nothing more is added; the scan fails by it in the end.
    failed: Option<CustodyError>,
}

impl Finds {
    fn end(mut self, said: &unpack::Report) -> Result<Facts, CustodyError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.report.records = said.records;
        let unread = self.report.unread_count;
        let outcome = if unread == 0 { ScanState::Scanned } else { ScanState::Unscannable };
        if unread > 0 && said.entries > 1 {
            let reasons: Vec<String> =
                said.not_scanned.iter().map(|(why, count)| format!("{count} {}", why.word())).collect();
            self.report.reason = Some(format!("{unread} of {} members: {}", said.entries, reasons.join(", ")));
        }
        Ok(self.gathered.finish(outcome, self.report))
    }
}

impl unpack::Sink for Finds {
    fn take(&mut self, place: &Place<'_>, mut finding: Finding) {
        // The bytes of the object that hold it: whoever reads others is not shown it.
        (finding.from, finding.to) = (place.outer.start, place.outer.end);
        self.gathered.tally.take(finding);
        if self.failed.is_none() && self.gathered.is_full() {
            let Self { custody, handle, generation, gathered, failed, .. } = self;
            *failed = handle.block_on(custody.add_facts(gathered, *generation)).err();
        }
    }

    fn read(&mut self, entry: &Entry) {
        entry.limits.iter().for_each(|limit| self.report.limit(limit));
        for import in entry.unsafe_imports() {
            self.report.program(&entry.path, import);
        }
        if let Outcome::Partly(why) | Outcome::NotScanned(why) = entry.outcome {
            self.report.unread(&entry.path, why.to_string());
        }
        if entry.depth == 0 {
            self.report.format = Some(entry.format.map_or(entry.kind.word(), |format| format.word()).to_owned());
            if let Outcome::Partly(why) | Outcome::NotScanned(why) = entry.outcome {
                self.report.reason = Some(why.to_string());
            }
        }
    }
}
