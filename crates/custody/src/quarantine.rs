//! Quarantine: versions in which a scan is sure to have found what nobody may store here, until somebody decides.
//!
//! Such a version is opened by reviewers alone. Security decides, with a reason, whether it leaves; the decision is an entry,
//! and nobody decides about what they wrote themselves.
//!
//! # Threats
//! Whoever smuggled a secret in wants it read by others: the state is under the version's MAC, and only a recorded decision
//! changes it. A reviewer who is careless leaves a name and a reason.
//!
//! LIMIT: a copy of a version that was let out is scanned like any put, and lies in quarantine again.

use std::sync::Arc;

use attest::private::PrivateField;
use base::Timestamp;
use base::id::{RequestId, VersionId};
use base::word::{Decision, Form, ScanState, Verb};
use catalog::model::{Change, ReviewRow, VersionRow};
use policy::Window;
use serde::{Deserialize, Serialize};

use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::entries::{Reviewed, kind};
use crate::error::{Clash, CustodyError, Thing};
use crate::findings::ScanReport;
use crate::identity::Caller;
use crate::settings::Dataset;
use crate::version::{self, Version};

/// How many versions one answer lists.
const LISTED: usize = 1_000;

/// The longest reason, in bytes.
const LONGEST_REASON_BYTES: usize = 1_000;

/// What a sealed reason is bound to, beside the version.
const CONTEXT: &str = "review";

/// The private field of an entry that holds the reason.
const REASON: &str = "reason";

/// A version in quarantine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Quarantined {
    /// The version.
    pub version: VersionId,
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Its size.
    pub size: u64,
    /// When it became visible to its writer.
    pub modified: Timestamp,
    /// Who wrote it, by name.
    pub writer: String,
    /// What the scan said: what was found, and where what is forbidden.
    pub report: ScanReport,
    /// What was decided so far, the first decision first.
    pub reviews: Vec<Review>,
}

/// What a reviewer decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// When.
    pub at: Timestamp,
    /// Who, by name.
    pub reviewer: String,
    /// What.
    pub decision: Decision,
    /// Why.
    pub reason: String,
}

/// A version under review, with where it lies.
struct Case {
    engagement: Arc<Engagement>,
    dataset: Arc<Dataset>,
    version: Version,
}

impl Custody {
    /// What lies in quarantine: in one dataset, or in all engagements that the caller may review. Their names are released by
    /// receipt.
    ///
    /// # Errors
    /// `Missing` dataset; as policy answers where a dataset is named.
    pub async fn quarantined(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: Option<&str>,
    ) -> Result<Vec<Quarantined>, CustodyError> {
        let only = match bucket {
            Some(bucket) => {
                let (engagement, dataset) = self.collection(caller, bucket)?;
                let matter = Matter::names(request, Verb::Review, &engagement, Some(&dataset));
                let _permit = self.judge(caller, matter).await?;
                Some(dataset.id)
            }
            None => None,
        };
        let (mut listed, mut after) = (Vec::new(), 0);
        while listed.len() < LISTED {
            let rows = self.catalog.quarantined(after, LISTED)?;
            let Some(last) = rows.last() else { break };
            after = last.ordinal;
            for row in rows.into_iter().filter(|row| only.is_none_or(|only| only == row.dataset)) {
                let Ok(case) = self.case(caller, row) else { continue };
                let matter = Matter::names(request, Verb::Review, &case.engagement, Some(&case.dataset));
                if listed.len() < LISTED && self.would_allow(caller, matter) {
                    listed.push(self.present(caller, request, &case).await?);
                }
            }
        }
        Ok(listed)
    }

    /// One version that lies in quarantine.
    ///
    /// # Errors
    /// `Missing`; as policy answers.
    pub async fn quarantined_version(
        &self,
        caller: &Caller,
        request: RequestId,
        version: VersionId,
    ) -> Result<Quarantined, CustodyError> {
        let row = self.in_quarantine(version)?;
        let case = self.case(caller, row)?;
        self.present(caller, request, &case).await
    }

    /// Lets a version out of quarantine, or records that it stays.
    ///
    /// # Errors
    /// `Missing`; `Invalid` without a reason; `Conflict` if it was decided meanwhile; as policy answers.
    pub async fn decide_quarantined(
        &self,
        caller: &Caller,
        request: RequestId,
        version: VersionId,
        decision: Decision,
        reason: &str,
    ) -> Result<Quarantined, CustodyError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > LONGEST_REASON_BYTES {
            return Err(CustodyError::invalid(format!(
                "a decision needs a reason of 1 to {LONGEST_REASON_BYTES} bytes\ngive one with `--reason`"
            )));
        }
        let case = self.case(caller, self.in_quarantine(version)?)?;
        let permit = self.judge(caller, case.matter(request, Verb::ReleaseQuarantined)).await?;
        let Case { engagement, dataset, version: Version { row, .. } } = &case;
        let private = PrivateField { salt: self.entropy.bytes(), value: reason.to_owned() };
        let what = Reviewed {
            dataset: dataset.id,
            version,
            writer: row.writer,
            reason: private.commitment(),
            policies: permit.policies().clone(),
        };
        let kind = match decision {
            Decision::Release => kind::QUARANTINE_RELEASE,
            Decision::Keep => kind::QUARANTINE_KEEP,
        };
        let draft = self.draft(caller, request, engagement.id.into(), kind, what)?.with(REASON, private);
        let review = ReviewRow {
            at: self.clock.now(),
            reviewer: caller.who().principal,
            decision,
            reason: engagement.fields.seal(CONTEXT, version.as_bytes(), reason.as_bytes())?,
        };
        let mut now = row.clone();
        now.scan = match decision {
            Decision::Release => ScanState::Scanned,
            Decision::Keep => ScanState::Quarantined,
        };
        let (was, scan, generation, lock) = (row.mac, now.scan, row.generation, row.lock);
        let mac = version::mac(&now, &engagement.fields);
        // The state is changed, or held to be what it was, in the act that records the decision.
        let steer = Change::Steer { version, was, scan, generation, lock, mac };
        let recorded = self.act(caller, permit, vec![steer, Change::Review { version, review }], draft).await;
        // Whatever the answer: a commit that reported failure may have taken effect.
        self.shelf.drop_name(row.dataset, &row.key);
        match recorded {
            Err(ledger::LedgerError::Rejected(fault)) if fault.kind() == base::Kind::Conflict => {
                return Err(CustodyError::Conflict(Clash::Raced));
            }
            recorded => recorded?,
        };
        self.described(&case)
    }

    fn in_quarantine(&self, version: VersionId) -> Result<VersionRow, CustodyError> {
        let row = self.catalog.version(version)?;
        let lies = |row: &VersionRow| row.gone.is_none() && row.scan == ScanState::Quarantined;
        row.filter(lies).ok_or_else(|| CustodyError::missing(Thing::Quarantined, version))
    }

    /// A version with where it lies, if the caller may know of that.
    fn case(&self, caller: &Caller, row: VersionRow) -> Result<Case, CustodyError> {
        let missing = || CustodyError::missing(Thing::Quarantined, row.version);
        let dataset = self.directory.dataset(row.dataset).ok_or_else(missing)?;
        let engagement = self.directory.engagement(row.engagement).ok_or_else(missing)?;
        let theirs = caller.who().partner.is_none_or(|partner| partner == engagement.partner);
        if !theirs || caller.engagement().is_some_and(|own| own != engagement.id) {
            return Err(missing());
        }
        let version = Version::check(row, &engagement.fields)?;
        Ok(Case { engagement, dataset, version })
    }

    /// Describes a version once a receipt has paid for it.
    async fn present(&self, caller: &Caller, request: RequestId, case: &Case) -> Result<Quarantined, CustodyError> {
        let permit = self.judge(caller, case.matter(request, Verb::Review)).await?;
        let _receipt = self.release(caller, permit).await?;
        self.described(case)
    }

    fn described(&self, case: &Case) -> Result<Quarantined, CustodyError> {
        let Case { engagement, dataset, version: Version { row, .. } } = case;
        let name = |id| self.directory.principal(id).map(|principal| principal.name.clone());
        let mut reviews = Vec::new();
        for review in self.catalog.reviews(row.ordinal)? {
            let reason = engagement.fields.open(CONTEXT, row.version.as_bytes(), &review.reason)?;
            reviews.push(Review {
                at: review.at,
                reviewer: name(review.reviewer).unwrap_or_else(|| review.reviewer.to_string()),
                decision: review.decision,
                reason: reason.expose(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            });
        }
        Ok(Quarantined {
            version: row.version,
            bucket: dataset.bucket.clone(),
            key: String::from_utf8_lossy(&row.key).into_owned(),
            size: row.size,
            modified: row.modified,
            writer: name(row.writer).unwrap_or_else(|| row.writer.to_string()),
            report: self.report_of(engagement, row)?.unwrap_or_default(),
            reviews,
        })
    }

    /// What the scan said whose facts hold of a version; nothing before there was one.
    pub(crate) fn report_of(
        &self,
        engagement: &Engagement,
        row: &VersionRow,
    ) -> Result<Option<ScanReport>, CustodyError> {
        let scans = self.catalog.scans(row.ordinal)?;
        let held = scans.into_iter().find(|scan| scan.generation == row.generation);
        held.map(|scan| ScanReport::open(&engagement.fields, row.version, scan.generation, &scan.report)).transpose()
    }
}

impl Case {
    /// A verb on the version, which opens none of its bytes.
    fn matter(&self, request: RequestId, verb: Verb) -> Matter<'_> {
        Matter {
            request,
            verb,
            form: Form::Names,
            engagement: &self.engagement,
            dataset: Some(&self.dataset),
            bytes: Some((&self.version.row, Arc::clone(&self.version.sealed), Window { from: 0, to: 0 })),
            approvers: Vec::new(),
            budget: None,
        }
    }
}
