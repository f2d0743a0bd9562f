//! Deleting objects: a transaction and an entry; the blobs go later, with the sweep.
//!
//! What S3 calls a delete is one of three acts. Without versioning it deletes the version there is. With versioning it writes a
//! delete marker in front of the others, which stay. With a version's id it deletes that version for good, unless it is locked.

use base::Timestamp;
use base::id::{ObjectId, RequestId, VersionId};
use base::lock::{Bar, Lock};
use base::word::{ScanState, Verb};
use catalog::model::{Change, Precondition, PutVersion, VersionRow};

use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::entries::{Deleted, kind};
use crate::error::{Clash, CustodyError};
use crate::identity::Caller;
use crate::meta::Meta;
use crate::settings::{Dataset, Versioning};
use crate::version::{self, ObjectName, Version, VersionName};

/// How often an act on a version is decided anew, when the version was changed by others between look and act.
pub(crate) const ATTEMPTS: usize = 8;

/// How an object is to be deleted.
#[derive(Clone, Debug, Default)]
pub struct Removal {
    /// `If-Match`, without quotes; `*` matches anything.
    pub etag: Option<String>,
    /// `x-amz-if-match-last-modified-time`.
    pub modified: Option<Timestamp>,
    /// `x-amz-if-match-size`.
    pub size: Option<u64>,
    /// Whether the caller asks to delete past a retention of governance mode.
    pub bypass_governance: bool,
}

/// What a delete came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The delete marker that was written, or the version that was asked for. `None` where there are no versions.
    pub version: Option<VersionName>,
    /// Whether that is, or was, a delete marker.
    pub marker: bool,
}

/// A delete, decided.
enum Plan {
    /// Nothing is there.
    Nothing,
    /// Deletes this version for good.
    Retire(Box<VersionRow>, Bypassed),
    /// Writes a delete marker, which is perhaps a null version.
    Mark { null: bool },
}

/// Whether a retention was bypassed.
type Bypassed = bool;

impl Custody {
    /// Deletes an object, or one version of it. Deleting what is not there succeeds, as in S3, and is recorded.
    ///
    /// # Errors
    /// `Missing` bucket; `Conflict` when a condition does not hold; `Locked`; as policy answers.
    pub async fn delete(
        &self,
        caller: &Caller,
        request: RequestId,
        object: ObjectName<'_>,
        removal: &Removal,
    ) -> Result<Removed, CustodyError> {
        for _ in 0..ATTEMPTS {
            match self.try_delete(caller, request, object, removal).await {
                Err(CustodyError::Conflict(Clash::Raced)) => {}
                done => return done,
            }
        }
        Err(CustodyError::Conflict(Clash::Raced))
    }

    async fn try_delete(
        &self,
        caller: &Caller,
        request: RequestId,
        object: ObjectName<'_>,
        removal: &Removal,
    ) -> Result<Removed, CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, object.bucket)?;
        let matter = Matter::names(request, Verb::Delete, &engagement, Some(&dataset));
        let permit = self.judge(caller, matter).await?;
        let (dataset, _gate) = self.settled(dataset.id).await?;
        let found = match object.version {
            Some(name) => self.kept(&dataset, object.key, name)?,
            None => self.catalog.current(dataset.id, object.key)?,
        };
        // What is deleted already is still there for a condition: its delete marker.
        let marker = match &found {
            None if object.version.is_none() && removal.is_conditional() => {
                self.catalog.latest(dataset.id, object.key)?
            }
            _ => None,
        };
        if let Some(row) = found.as_ref().or(marker.as_ref()) {
            version::verify(row, &engagement.fields)?;
            if !removal.fits(row, &engagement)? {
                self.reveal_row(caller, request, &engagement, &dataset, row).await?;
                return Err(CustodyError::Conflict(Clash::Precondition));
            }
        }
        let plan = self.plan(caller, request, &engagement, &dataset, object, found.clone(), removal).await?;
        let now = self.clock.now();
        let policies = permit.policies().clone();
        let mut what = Deleted {
            dataset: dataset.id,
            version: None,
            was_marker: false,
            bypassed_governance: false,
            marker: None,
            null: false,
            policies,
        };
        let mut removed = Removed { version: object.version, marker: false };
        let changes = match plan {
            Plan::Nothing => Vec::new(),
            Plan::Retire(row, bypassed) => {
                (what.version, what.was_marker, what.bypassed_governance) = (Some(row.version), row.marker, bypassed);
                removed.marker = row.marker;
                let revision = dataset.revision;
                vec![Change::Retire { version: row.version, was: row.mac, revision, at: now }]
            }
            Plan::Mark { null } => {
                let row = self.marker(caller, &engagement, &dataset, object.key, null, now);
                (what.marker, what.null) = (Some(row.version), null);
                removed = Removed { version: Some(VersionName::of(null, row.version)), marker: true };
                let precondition = match &found {
                    _ if !removal.is_conditional() => Precondition::None,
                    Some(row) => Precondition::Is(row.version),
                    None => Precondition::Absent,
                };
                let (revision, intents, upload) = (dataset.revision, Vec::new(), None);
                vec![Change::Put(Box::new(PutVersion { row, revision, precondition, intents, upload }))]
            }
        };
        let draft = self.draft(caller, request, engagement.id.into(), kind::DELETE, what)?;
        let recorded = self.act(caller, permit, changes, draft).await;
        // Whatever the answer: a commit that reported failure may have taken effect.
        self.shelf.drop_name(dataset.id, object.key);
        recorded?;
        Ok(removed)
    }

    #[expect(clippy::too_many_arguments, reason = "what a delete is decided by")]
    async fn plan(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        dataset: &Dataset,
        object: ObjectName<'_>,
        found: Option<VersionRow>,
        removal: &Removal,
    ) -> Result<Plan, CustodyError> {
        // SPEC: S3 DeleteObject: without an id, versioning decides.
        if let (None, Some(versioning)) = (object.version, dataset.settings.versioning) {
            return Ok(Plan::Mark { null: versioning == Versioning::Suspended });
        }
        let Some(row) = found else { return Ok(Plan::Nothing) };
        let bar = row.lock.against_deletion(self.clock.now());
        self.pass(caller, request, engagement, dataset, Verb::Delete, bar, removal.bypass_governance).await?;
        Ok(Plan::Retire(Box::new(row), bar == Bar::Governance))
    }

    /// Passes what a lock sets against an act, or records that it does not.
    #[expect(clippy::too_many_arguments, reason = "who asks for what, and what stands against it")]
    pub(crate) async fn pass(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        dataset: &Dataset,
        verb: Verb,
        bar: Bar,
        bypass: bool,
    ) -> Result<(), CustodyError> {
        match bar {
            Bar::Open => Ok(()),
            Bar::Governance if bypass => {
                let matter = Matter::names(request, Verb::BypassGovernance, engagement, Some(dataset));
                let _permit = self.judge(caller, matter).await?;
                Ok(())
            }
            Bar::Governance | Bar::Absolute => {
                self.failed(caller, request, engagement.id, verb, Some(dataset), "locked").await?;
                Err(CustodyError::Locked)
            }
        }
    }

    /// Pays for saying something of what lies under a key.
    async fn reveal_row(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        dataset: &Dataset,
        row: &VersionRow,
    ) -> Result<(), CustodyError> {
        if row.marker {
            return self.reveal_marker(caller, request, Verb::Head, engagement, dataset, row).await;
        }
        let version = Version::check(row.clone(), &engagement.fields)?;
        self.reveal(caller, request, Verb::Head, engagement, dataset, &version).await
    }

    /// The version or marker of a name that is kept under a key.
    pub(crate) fn kept(
        &self,
        dataset: &Dataset,
        key: &[u8],
        name: VersionName,
    ) -> Result<Option<VersionRow>, CustodyError> {
        let row = match name {
            VersionName::Null => self.catalog.null_version(dataset.id, key)?,
            VersionName::Id(id) => self.catalog.version(id)?.filter(|row| !row.null && row.gone.is_none()),
        };
        Ok(row.filter(|row| row.dataset == dataset.id && row.key == key))
    }

    fn marker(
        &self,
        caller: &Caller,
        engagement: &Engagement,
        dataset: &Dataset,
        key: &[u8],
        null: bool,
        modified: Timestamp,
    ) -> VersionRow {
        let mut row = VersionRow {
            engagement: engagement.id,
            dataset: dataset.id,
            key: key.to_vec(),
            object: ObjectId::fresh(self.entropy.as_ref()),
            version: VersionId::fresh(self.entropy.as_ref()),
            ordinal: 0,
            size: 0,
            modified,
            segment_size: 0,
            parts: Vec::new(),
            wrapped: None,
            meta: Vec::new(),
            // There is nothing to scan.
            scan: ScanState::Scanned,
            generation: 0,
            writer: caller.who().principal,
            mac: [0; 32],
            gone: None,
            null,
            marker: true,
            lock: Lock::default(),
        };
        row.mac = version::mac(&row, &engagement.fields);
        row
    }
}

impl Removal {
    const fn is_conditional(&self) -> bool {
        self.etag.is_some() || self.modified.is_some() || self.size.is_some()
    }

    /// Whether the conditions hold of what is there. Where nothing is, they hold.
    // SPEC: S3 DeleteObject: If-Match and its companions.
    fn fits(&self, row: &VersionRow, engagement: &Engagement) -> Result<bool, CustodyError> {
        if !self.is_conditional() {
            return Ok(true);
        }
        let etag = match &self.etag {
            // A delete marker has no ETag to match.
            Some(etag) if etag != "*" => {
                !row.marker && *etag == Meta::open(&engagement.fields, row.version, &row.meta)?.etag
            }
            _ => true,
        };
        Ok(etag
            && self.modified.is_none_or(|modified| modified.seconds() == row.modified.seconds())
            && self.size.is_none_or(|size| size == row.size))
    }
}
