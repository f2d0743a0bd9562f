//! Object lock of versions: retention and legal hold, read and changed.
//!
//! A lock is part of the version's row, under its MAC. Whoever may write may retain, and retain longer; to shorten, lift or change
//! what is retained in governance mode takes the right to bypass it, and nobody shortens compliance. To lift a legal hold takes
//! the right to configure the dataset: a hold that every writer could lift would hold nothing.

use base::Timestamp;
use base::id::RequestId;
use base::lock::{Bar, Lock, Retention};
use base::word::{LegalHold, Verb};
use catalog::model::Change;

use crate::custody::{Custody, Matter};
use crate::entries::{Locked, kind};
use crate::error::{Clash, CustodyError};
use crate::identity::Caller;
use crate::removal::ATTEMPTS;
use crate::settings::{Dataset, DefaultRetention, Period};
use crate::version::{self, ObjectName};

const SECONDS_PER_DAY: i64 = 86_400;
const DAYS_PER_YEAR: i64 = 365;

/// A change of a version's lock.
#[derive(Clone, Copy, Debug)]
pub enum LockChange {
    /// Another retention, or none.
    Retention {
        /// The new one.
        retention: Option<Retention>,
        /// Whether the caller asks to shorten or lift one of governance mode.
        bypass_governance: bool,
    },
    /// The legal hold.
    LegalHold(LegalHold),
}

impl LockChange {
    const fn verb(self) -> Verb {
        match self {
            Self::Retention { .. } | Self::LegalHold(LegalHold::On) => Verb::Write,
            Self::LegalHold(LegalHold::Off) => Verb::ConfigureDataset,
        }
    }

    /// The lock it makes of another, and what stands against it.
    fn apply(self, lock: Lock, now: Timestamp) -> (Lock, Bar) {
        match self {
            Self::Retention { retention, .. } => (Lock { retention, ..lock }, lock.against_retention(retention, now)),
            Self::LegalHold(hold) => (Lock { legal_hold: Some(hold), ..lock }, Bar::Open),
        }
    }
}

impl DefaultRetention {
    /// The retention of a version that becomes visible at `now`.
    fn from(self, now: Timestamp) -> Retention {
        let days = match self.period {
            Period::Days(days) => i64::from(days),
            Period::Years(years) => i64::from(years).saturating_mul(DAYS_PER_YEAR),
        };
        Retention { mode: self.mode, until: now.plus_seconds(days.saturating_mul(SECONDS_PER_DAY)) }
    }
}

impl Dataset {
    /// Checks the lock that a new version is to bear.
    ///
    /// # Errors
    /// `Invalid` for a lock in a bucket without object lock; `Argument` for a retention that is over already.
    pub(crate) fn check_lock(&self, lock: &Lock, now: Timestamp) -> Result<(), CustodyError> {
        if *lock == Lock::default() {
            return Ok(());
        }
        self.has_lock()?;
        in_the_future(lock.retention, now)
    }

    /// The lock that a version bears which becomes visible at `now`.
    pub(crate) fn lock_at(&self, lock: Lock, now: Timestamp) -> Lock {
        let default = self.settings.lock.and_then(|lock| lock.default).map(|default| default.from(now));
        Lock { retention: lock.retention.or(default), ..lock }
    }

    // SPEC: S3: InvalidRequest.
    fn has_lock(&self) -> Result<(), CustodyError> {
        match self.settings.lock {
            Some(_) => Ok(()),
            None => Err(CustodyError::invalid("Bucket is missing Object Lock Configuration")),
        }
    }
}

fn in_the_future(retention: Option<Retention>, now: Timestamp) -> Result<(), CustodyError> {
    if retention.is_some_and(|retention| retention.until <= now) {
        return Err(CustodyError::Argument("the retain until date must be in the future".to_owned()));
    }
    Ok(())
}

impl Custody {
    /// What locks a version.
    ///
    /// # Errors
    /// `Invalid` in a bucket without object lock; as a read answers.
    pub async fn lock_of(
        &self,
        caller: &Caller,
        request: RequestId,
        object: ObjectName<'_>,
    ) -> Result<Lock, CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, object.bucket)?;
        let version = self.find(caller, request, &engagement, &dataset, object, Verb::Head).await?;
        self.reveal(caller, request, Verb::Head, &engagement, &dataset, &version).await?;
        dataset.has_lock()?;
        Ok(version.row.lock)
    }

    /// Changes what locks a version.
    ///
    /// # Errors
    /// `Invalid` in a bucket without object lock; `Argument` for a retention that is over already; `Locked`; as a write answers.
    pub async fn change_lock(
        &self,
        caller: &Caller,
        request: RequestId,
        object: ObjectName<'_>,
        change: LockChange,
    ) -> Result<(), CustodyError> {
        for _ in 0..ATTEMPTS {
            match self.try_change_lock(caller, request, object, change).await {
                Err(CustodyError::Conflict(Clash::Raced)) => {}
                done => return done,
            }
        }
        Err(CustodyError::Conflict(Clash::Raced))
    }

    async fn try_change_lock(
        &self,
        caller: &Caller,
        request: RequestId,
        object: ObjectName<'_>,
        change: LockChange,
    ) -> Result<(), CustodyError> {
        let engagement = self.compartment(caller)?;
        let dataset = self.dataset(caller, object.bucket)?;
        let verb = change.verb();
        let permit = self.judge(caller, Matter::names(request, verb, &engagement, Some(&dataset))).await?;
        let now = self.clock.now();
        let (retention, bypass) = match change {
            LockChange::Retention { retention, bypass_governance } => (retention, bypass_governance),
            LockChange::LegalHold(_) => (None, false),
        };
        if let Err(error) = dataset.has_lock().and_then(|()| in_the_future(retention, now)) {
            self.failed(caller, request, engagement.id, verb, Some(&dataset), error.kind().name()).await?;
            return Err(error);
        }
        let found = self.find(caller, request, &engagement, &dataset, object, verb).await?;
        // As it lies in the catalog: what the shelf holds may be about to change.
        let row = self.catalog.version(found.row.version)?.filter(|row| row.gone.is_none());
        let Some(mut row) = row else { return Err(CustodyError::Conflict(Clash::Raced)) };
        version::verify(&row, &engagement.fields)?;
        let (lock, bar) = change.apply(row.lock, now);
        self.pass(caller, request, &engagement, &dataset, verb, bar, bypass).await?;
        let was = row.mac;
        row.lock = lock;
        let mac = version::mac(&row, &engagement.fields);
        let what = Locked {
            dataset: dataset.id,
            version: row.version,
            retention: lock.retention,
            legal_hold: lock.legal_hold,
            bypassed_governance: bar == Bar::Governance,
            policies: permit.policies().clone(),
        };
        let draft = self.draft(caller, request, engagement.id.into(), kind::LOCK, what)?;
        let (version, scan, generation) = (row.version, row.scan, row.generation);
        let change = Change::Steer { version, was, scan, generation, lock, mac };
        let recorded = self.act(caller, permit, vec![change], draft).await;
        self.shelf.drop_name(dataset.id, object.key);
        recorded?;
        Ok(())
    }
}
