//! Intake: the one way in. Bytes are digested, scanned and sealed in one pass, and become visible with their ledger entry.
//!
//! # Order of writes
//! 1. policy, before the first byte is taken;
//! 2. for what does not fit a catalog row: an intent, durable before the first byte reaches the store;
//! 3. sealed bytes to the store under a random name, flushed;
//! 4. one transaction: the version visible, its facts, its entry. The intents must still be alive then.
//!
//! A crash before 4 leaves blobs that nobody names and an intent that says whose they were: the sweep collects both. A crash
//! after it loses nothing.

use std::sync::Arc;

use base::Timestamp;
use base::id::{BlobId, ObjectId, RequestId, VersionId};
use base::lock::Lock;
use base::object::Part;
use base::word::{ScanState, Verb};
use catalog::model::{Applied, Change, DatasetRow, MentionRow, Precondition, PutVersion, VersionRow};
use contract::Names;
use seal::{Identity as SealedIdentity, ObjectSealer};

use crate::custody::{Custody, Matter};
use crate::digests::{Algorithm, Digests};
use crate::directory::Engagement;
use crate::entries::{Put, kind};
use crate::error::{Clash, CustodyError};
use crate::facts::{Facts, Inspection};
use crate::findings::{FIRST_SCAN, ScanReport};
use crate::identity::Caller;
use crate::incoming::{Ended, Expected, Finished, Incoming};
use crate::jobs::LEASE_SECONDS;
use crate::meta::Meta;
use crate::settings::{Dataset, Versioning};
use crate::sink::Sink;
use crate::version::{self, ObjectName, VersionName};
use crate::worker::scanned_by;

/// The largest object that is put in one piece, or part of a multipart upload. SPEC: S3 limits.
pub const LARGEST_PUT_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// The longest key. SPEC: S3 object keys.
const LONGEST_KEY_BYTES: usize = 1024;

/// How many rows of facts move in one act: some two milliseconds, in which others wait.
const ROWS_AN_ACT: u64 = 64;

/// What a put says of the object, beside its bytes.
#[derive(Clone, Debug, Default)]
pub struct NewObject {
    /// Headers and user metadata; the digests are computed.
    pub meta: Meta,
    /// Checksums to compute and keep.
    pub algorithms: Vec<Algorithm>,
    /// Whether the payload's SHA-256 was signed.
    pub sha256: bool,
    /// `If-None-Match: *`.
    pub only_if_absent: bool,
    /// `If-Match`, without quotes.
    pub only_if_etag: Option<String>,
    /// Only if the key holds no object with this ETag.
    pub only_unless_etag: Option<String>,
    /// The version it is a copy of.
    pub copied_from: Option<VersionId>,
    /// What is to lock it. Without a retention, the bucket's default one does.
    pub lock: Lock,
}

/// What a put came to.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The version.
    pub version: VersionId,
    /// How S3 names it; nothing where versioning was never set.
    pub name: Option<VersionName>,
    /// Its metadata.
    pub meta: Meta,
    /// Its size.
    pub size: u64,
    /// When it became visible.
    pub modified: Timestamp,
}

/// What a put under way will become.
pub struct Whole {
    key: Vec<u8>,
    object: ObjectId,
    version: VersionId,
    new: NewObject,
    sealer: ObjectSealer,
}

impl Custody {
    /// Begins a put. Policy has allowed it when this returns; no byte of the body need have been read.
    ///
    /// # Errors
    /// `Missing` bucket, `Invalid` key, `Paused`, `Denied`, `Hidden`.
    pub async fn put(
        self: &Arc<Self>,
        caller: Arc<Caller>,
        request: RequestId,
        bucket: &str,
        key: &[u8],
        new: NewObject,
    ) -> Result<Incoming, CustodyError> {
        let engagement = self.compartment(&caller)?;
        let dataset = self.dataset(&caller, bucket)?;
        check_key(key)?;
        let _permit = self.judge(&caller, writing(request, &engagement, &dataset)).await?;
        dataset.check_lock(&new.lock, self.clock.now())?;
        let object = ObjectId::fresh(self.entropy.as_ref());
        let version = VersionId::fresh(self.entropy.as_ref());
        let identity = SealedIdentity { engagement: engagement.id, dataset: dataset.id, object, version };
        let sealer = ObjectSealer::begin(&self.ring, identity, self.clock.now().day())?;
        let digests = Digests::new(&new.algorithms, new.sha256);
        let content_type = new.meta.headers.get("content-type").map(String::as_str);
        // Looking for names takes ten times as long as receiving: where nobody may read before that is done, a worker does it.
        let inspection = (dataset.names() != Names::BeforeReading)
            .then(|| self.inspect(&engagement, &dataset, version, key, content_type))
            .transpose()?;
        let sink = Sink::new(Arc::clone(self), request, sealer.part(1)?, digests, inspection, true);
        let of = Whole { key: key.to_vec(), object, version, new, sealer };
        Ok(Incoming::begin(Arc::clone(self), caller, request, engagement, dataset, sink, of))
    }

    /// Makes a version visible with its facts and its entry, judged once more: the world may have moved while its bytes came.
    #[expect(clippy::too_many_arguments, reason = "what a version is made of, from two callers")]
    pub(crate) async fn reveal_version(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        dataset: &DatasetRow,
        mut put: PutVersion,
        mut facts: Facts,
        conditions: &NewObject,
    ) -> Result<Option<VersionName>, CustodyError> {
        let (dataset, _gate) = self.settled(dataset.id).await?;
        let dataset = dataset.as_ref();
        put.revision = dataset.revision;
        put.row.null = dataset.settings.versioning != Some(Versioning::Enabled);
        put.row.lock = dataset.lock_at(put.row.lock, put.row.modified);
        put.precondition = match self.precondition(engagement, &put.row, conditions) {
            Err(refused @ (CustodyError::Conflict(_) | CustodyError::Missing { .. })) => {
                self.reveal_name(caller, request, engagement, dataset, &put.row.key).await?;
                return Err(refused);
            }
            precondition => precondition?,
        };
        let permit = self.judge(caller, writing(request, engagement, dataset)).await?;
        let waiting = if facts.staged { self.catalog.staged_facts_of(put.row.version)? } else { 0 };
        let at_once = waiting <= ROWS_AN_ACT;
        let mut row = put.row.clone();
        row.scan = if at_once { facts.state } else { ScanState::Pending };
        row.mac = version::mac(&row, &engagement.fields);
        let name = dataset.settings.versioning.map(|_| VersionName::of(row.null, row.version));
        let entry = Put {
            dataset: row.dataset,
            object: row.object,
            version: row.version,
            copied_from: conditions.copied_from,
            size: row.size,
            parts: row.parts.len() as u64,
            null: row.null,
            lock: row.lock,
            scan: row.scan,
            facts: facts.digest.clone(),
            scanner: scanned_by(facts.report.as_ref(), FIRST_SCAN),
            policies: Arc::clone(permit.policies()),
        };
        let draft = self.draft(caller, request, engagement.id.into(), kind::PUT, entry)?;
        put.row = row.clone();
        // SPEC: standards §10.7: an ETag that matched a moment ago and no more is a race, and worth another try.
        let clash = match put.precondition {
            Precondition::Is(_) | Precondition::None => Clash::Raced,
            Precondition::Absent => Clash::Precondition,
        };
        // INVARIANT: a version becomes visible together with all of its facts, or is pending.
        let mut changes = vec![Change::Put(Box::new(put))];
        if at_once {
            if waiting > 0 {
                let (engagement, version) = (engagement.id, row.version);
                changes.push(Change::UnstageFacts { engagement, version, rows: ROWS_AN_ACT });
            }
            if !facts.mentions.is_empty() {
                changes.push(facts_of(engagement, row.version, std::mem::take(&mut facts.mentions)));
            }
            if let Some(report) = &facts.report {
                changes.push(self.reported(engagement, row.version, FIRST_SCAN, report)?);
            }
            if self.looks_for_names_later(&row) {
                changes.push(Change::QueueScan { version: row.version, at: row.modified });
            }
        } else {
            changes.push(self.hold(row.version));
        }
        let recorded = self.act(caller, permit, changes, draft).await;
        // Whatever the answer: a commit that reported failure may have taken effect.
        self.shelf.drop_name(row.dataset, &row.key);
        if facts.state == ScanState::Pending || dataset.names() == Names::After {
            self.scan_soon();
        }
        let recorded = match recorded {
            Err(ledger::LedgerError::Rejected(fault)) if fault.kind() == base::Kind::Conflict => {
                self.reveal_name(caller, request, engagement, dataset, &row.key).await?;
                return Err(CustodyError::Conflict(clash));
            }
            recorded => recorded?,
        };
        let Some(Applied::Version { ordinal, .. }) = recorded.applied.first() else {
            return Err(base::Fault::new(base::Kind::Bug, "a put was recorded without a version").into());
        };
        if !at_once {
            self.move_facts(engagement, row.version, *ordinal, facts).await?;
        }
        Ok(name)
    }

    /// Moves the facts that wait for a version, act by act, and ends its scan. It is pending meanwhile; after a crash a worker
    /// scans it.
    async fn move_facts(
        &self,
        engagement: &Engagement,
        version: VersionId,
        ordinal: u64,
        facts: Facts,
    ) -> Result<(), CustodyError> {
        while self.catalog.staged_facts_of(version)? > 0 {
            let unstage = Change::UnstageFacts { engagement: engagement.id, version, rows: ROWS_AN_ACT };
            self.queue.record(vec![unstage, self.hold(version)], Vec::new()).await?;
        }
        self.conclude(engagement, version, (ordinal, FIRST_SCAN), facts).await
    }

    /// Keeps workers from a version whose facts its put is moving.
    fn hold(&self, version: VersionId) -> Change {
        Change::HoldJob { version, due: self.clock.now().plus_seconds(LEASE_SECONDS) }
    }

    /// What a scan said of a version, on its way to the catalog.
    pub(crate) fn reported(
        &self,
        engagement: &Engagement,
        version: VersionId,
        generation: u32,
        report: &ScanReport,
    ) -> Result<Change, CustodyError> {
        let report = report.seal(&engagement.fields, version, generation)?;
        Ok(Change::Scanned { version, generation, at: self.clock.now(), report })
    }

    /// Pays for saying that a condition of a write does not hold: that says what lies under the key. Who may not look is told
    /// that instead.
    async fn reveal_name(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        dataset: &Dataset,
        key: &[u8],
    ) -> Result<(), CustodyError> {
        let object = ObjectName::current(&dataset.bucket, key);
        match self.find(caller, request, engagement, dataset, object, Verb::Head).await {
            Ok(version) => self.reveal(caller, request, Verb::Head, engagement, dataset, &version).await,
            // Nothing is there; `find` has recorded that it was asked.
            Err(CustodyError::Missing { .. } | CustodyError::Deleted(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What must hold for the version to become visible; decided again by the catalog, in the transaction.
    fn precondition(
        &self,
        engagement: &Engagement,
        row: &VersionRow,
        new: &NewObject,
    ) -> Result<Precondition, CustodyError> {
        if new.only_if_absent {
            return Ok(Precondition::Absent);
        }
        let (wanted, unwanted) = (new.only_if_etag.as_deref(), new.only_unless_etag.as_deref());
        if wanted.is_none() && unwanted.is_none() {
            return Ok(Precondition::None);
        }
        let Some(current) = self.catalog.current(row.dataset, &row.key)? else {
            let missing = || CustodyError::missing(crate::error::Thing::Object, String::from_utf8_lossy(&row.key));
            return if wanted.is_some() { Err(missing()) } else { Ok(Precondition::Absent) };
        };
        let meta = Meta::open(&engagement.fields, current.version, &current.meta)?;
        if wanted.is_none_or(|etag| etag == "*" || etag == meta.etag) && unwanted != Some(meta.etag.as_str()) {
            Ok(Precondition::Is(current.version))
        } else {
            Err(CustodyError::Conflict(Clash::Precondition))
        }
    }
}

impl Incoming {
    /// Ends the body, checks it against what the client said, and makes the version visible.
    ///
    /// # Errors
    /// As [`Custody::put`]; `Conflict` when a condition does not hold. Nothing is visible then.
    pub async fn finish(self, expected: &Expected) -> Result<Finished<Stored>, CustodyError> {
        let ended = match self.end(expected).await? {
            Ok(ended) => ended,
            Err(mismatch) => return Ok(Finished::Mismatch(mismatch)),
        };
        let Ended { custody, caller, request, engagement, dataset, sunk, of } = ended;
        let Whole { key, object, version, mut new, sealer } = of;
        // Nobody looked as it came: a worker does, before others read it.
        let facts = sunk.inspection.map_or_else(Facts::pending, Inspection::finish);
        let staged = facts.staged;
        let size = sunk.digested.length;
        let mut meta = std::mem::take(&mut new.meta);
        meta.etag = data_encoding::HEXLOWER.encode(&sunk.digested.md5);
        meta.checksums.clone_from(&sunk.digested.checksums);
        let parts = vec![Part { number: 1, size, body: sunk.body }];
        let segment_size = sealer.segment_size();
        let wrapped = sealer.finish(&parts)?;
        let row = VersionRow {
            engagement: engagement.id,
            dataset: dataset.id,
            key,
            object,
            version,
            ordinal: 0,
            size,
            modified: custody.clock.now(),
            segment_size,
            parts,
            wrapped: Some(wrapped),
            meta: meta.seal(&engagement.fields, version)?,
            scan: ScanState::Pending,
            generation: 0,
            writer: caller.who().principal,
            mac: [0; 32],
            gone: None,
            null: true,
            marker: false,
            lock: new.lock,
        };
        let modified = row.modified;
        let intents = sunk.intents.clone();
        let put =
            PutVersion { row, revision: 0, precondition: Precondition::None, intents: sunk.intents, upload: None };
        let done = custody.reveal_version(&caller, request, &engagement, &dataset, put, facts, &new).await;
        let name = match done {
            Ok(name) => name,
            Err(error) => {
                custody.forget(intents).await;
                if staged {
                    custody.forget_staged(version).await;
                }
                let failure = error.kind().name();
                custody.failed(&caller, request, engagement.id, Verb::Write, Some(&dataset), failure).await?;
                return Err(error);
            }
        };
        Ok(Finished::Stored(Stored { version, name, meta, size, modified }))
    }
}

impl Custody {
    /// Lets intents die whose blobs nobody will name.
    pub(crate) async fn forget(&self, intents: Vec<BlobId>) {
        if !intents.is_empty() {
            // Failing leaves them to the sweep, which kills what is old.
            let _ = self.queue.record(vec![Change::KillIntents(intents)], Vec::new()).await;
        }
    }
}

pub(crate) fn writing<'a>(request: RequestId, engagement: &'a Engagement, dataset: &'a DatasetRow) -> Matter<'a> {
    Matter::names(request, Verb::Write, engagement, Some(dataset))
}

pub(crate) fn check_key(key: &[u8]) -> Result<(), CustodyError> {
    if key.is_empty() || key.len() > LONGEST_KEY_BYTES {
        return Err(CustodyError::invalid(format!("a key has 1 to {LONGEST_KEY_BYTES} bytes, this one {}", key.len())));
    }
    Ok(())
}

fn facts_of(engagement: &Engagement, version: VersionId, mentions: Vec<MentionRow>) -> Change {
    Change::Facts { engagement: engagement.id, version, generation: FIRST_SCAN, mentions }
}

pub(crate) fn joined(error: tokio::task::JoinError) -> CustodyError {
    CustodyError::Part(base::Fault::new(base::Kind::Bug, "a task that writes to the store ended early").because(error))
}
