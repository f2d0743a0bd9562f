//! Object lock: of buckets and of versions.

use std::sync::Arc;

use base::lock::Retention;
use base::word::{LegalHold, RetentionMode};
use custody::locking::LockChange;
use custody::settings::{DefaultRetention, ObjectLock, Period};
use s3s::S3Response;
use s3s::dto::{
    self, GetObjectLegalHoldInput, GetObjectLegalHoldOutput, GetObjectLockConfigurationInput,
    GetObjectLockConfigurationOutput, GetObjectRetentionInput, GetObjectRetentionOutput, ObjectLockConfiguration,
    ObjectLockEnabled, ObjectLockLegalHold, ObjectLockLegalHoldStatus, ObjectLockMode, ObjectLockRetention,
    ObjectLockRetentionMode, ObjectLockRule, PutObjectLegalHoldInput, PutObjectLegalHoldOutput,
    PutObjectLockConfigurationInput, PutObjectLockConfigurationOutput, PutObjectRetentionInput,
    PutObjectRetentionOutput,
};

use super::buckets::know;
use super::read::unread;
use super::{Door, Refused, object, timestamp};
use crate::asked::Asked;
use s3wire::{Code, Refusal};

/// A mode as S3 writes it.
pub(crate) fn read_mode(text: &str) -> Option<RetentionMode> {
    match text {
        ObjectLockRetentionMode::GOVERNANCE => Some(RetentionMode::Governance),
        ObjectLockRetentionMode::COMPLIANCE => Some(RetentionMode::Compliance),
        _ => None,
    }
}

/// A legal hold as S3 writes it.
pub(crate) fn read_hold(text: &str) -> Option<LegalHold> {
    match text {
        ObjectLockLegalHoldStatus::ON => Some(LegalHold::On),
        ObjectLockLegalHoldStatus::OFF => Some(LegalHold::Off),
        _ => None,
    }
}

const fn mode_word(mode: RetentionMode) -> &'static str {
    match mode {
        RetentionMode::Governance => ObjectLockRetentionMode::GOVERNANCE,
        RetentionMode::Compliance => ObjectLockRetentionMode::COMPLIANCE,
    }
}

/// The mode in the headers of a read.
pub(super) fn mode(mode: RetentionMode) -> ObjectLockMode {
    ObjectLockMode::from_static(mode_word(mode))
}

/// The legal hold in the headers of a read.
pub(super) fn hold(hold: LegalHold) -> ObjectLockLegalHoldStatus {
    ObjectLockLegalHoldStatus::from_static(match hold {
        LegalHold::On => ObjectLockLegalHoldStatus::ON,
        LegalHold::Off => ObjectLockLegalHoldStatus::OFF,
    })
}

pub(super) async fn get_object_lock_configuration(
    door: &Door,
    asked: Arc<Asked>,
    input: GetObjectLockConfigurationInput,
) -> Result<S3Response<GetObjectLockConfigurationOutput>, Refused> {
    let dataset = know(door, &asked, &input.bucket).await?;
    let Some(lock) = dataset.settings.lock else {
        let why = "Object Lock configuration does not exist for this bucket";
        return Err(Refusal::new(Code::ObjectLockConfigurationNotFoundError, why).into());
    };
    let rule = lock.default.map(|default| {
        let (days, years) = match default.period {
            Period::Days(days) => (i32::try_from(days).ok(), None),
            Period::Years(years) => (None, i32::try_from(years).ok()),
        };
        let mode = Some(ObjectLockRetentionMode::from_static(mode_word(default.mode)));
        ObjectLockRule { default_retention: Some(dto::DefaultRetention { days, mode, years }) }
    });
    let enabled = Some(ObjectLockEnabled::from_static(ObjectLockEnabled::ENABLED));
    let object_lock_configuration = Some(ObjectLockConfiguration { object_lock_enabled: enabled, rule });
    Ok(S3Response::new(GetObjectLockConfigurationOutput { object_lock_configuration }))
}

pub(super) async fn put_object_lock_configuration(
    door: &Door,
    asked: Arc<Asked>,
    input: PutObjectLockConfigurationInput,
) -> Result<S3Response<PutObjectLockConfigurationOutput>, Refused> {
    let wanted = input.object_lock_configuration.ok_or_else(malformed)?;
    if wanted.object_lock_enabled.as_ref().map(ObjectLockEnabled::as_str) != Some(ObjectLockEnabled::ENABLED) {
        return Err(malformed().into());
    }
    let default = match wanted.rule {
        None => None,
        Some(rule) => Some(read_default(&rule.default_retention.ok_or_else(malformed)?)?),
    };
    let lock = ObjectLock { default };
    let (caller, request) = (&asked.caller, asked.request);
    let configured = door.custody.configure(caller, request, &input.bucket, "object-lock", |all| all.set_lock(lock));
    configured.await.map_err(|error| asked.refuse(error))?;
    Ok(S3Response::new(PutObjectLockConfigurationOutput::default()))
}

// SPEC: S3 DefaultRetention: a mode, and days or years, not both.
fn read_default(default: &dto::DefaultRetention) -> Result<DefaultRetention, Refusal> {
    let mode = default.mode.as_ref().and_then(|mode| read_mode(mode.as_str())).ok_or_else(malformed)?;
    let positive = |count: i32| {
        let count = u32::try_from(count).ok().filter(|count| *count > 0);
        let why = "the default retention period must be a positive integer value";
        count.ok_or_else(|| Refusal::new(Code::InvalidRetentionPeriod, why))
    };
    let period = match (default.days, default.years) {
        (Some(days), None) => Period::Days(positive(days)?),
        (None, Some(years)) => Period::Years(positive(years)?),
        _ => return Err(malformed()),
    };
    Ok(DefaultRetention { mode, period })
}

pub(super) async fn get_object_retention(
    door: &Door,
    asked: Arc<Asked>,
    input: GetObjectRetentionInput,
) -> Result<S3Response<GetObjectRetentionOutput>, Refused> {
    let object = object(&input.bucket, &input.key, input.version_id.as_deref())?;
    let lock = door.custody.lock_of(&asked.caller, asked.request, object).await;
    let retention = lock.map_err(|error| unread(&asked, error))?.retention.ok_or_else(not_locked)?;
    let retention = ObjectLockRetention {
        mode: Some(ObjectLockRetentionMode::from_static(mode_word(retention.mode))),
        retain_until_date: Some(timestamp(retention.until)),
    };
    Ok(S3Response::new(GetObjectRetentionOutput { retention: Some(retention) }))
}

pub(super) async fn put_object_retention(
    door: &Door,
    asked: Arc<Asked>,
    input: PutObjectRetentionInput,
) -> Result<S3Response<PutObjectRetentionOutput>, Refused> {
    let object = object(&input.bucket, &input.key, input.version_id.as_deref())?;
    let wanted = input.retention.ok_or_else(malformed)?;
    // SPEC: S3 PutObjectRetention: an empty document lifts the retention.
    let retention = match (wanted.mode, wanted.retain_until_date) {
        (None, None) => None,
        (Some(mode), Some(until)) => {
            let mode = read_mode(mode.as_str()).ok_or_else(malformed)?;
            Some(Retention { mode, until: super::read_timestamp(until) })
        }
        _ => return Err(malformed().into()),
    };
    let bypass_governance = input.bypass_governance_retention == Some(true);
    let change = LockChange::Retention { retention, bypass_governance };
    let changed = door.custody.change_lock(&asked.caller, asked.request, object, change).await;
    changed.map_err(|error| unread(&asked, error))?;
    Ok(S3Response::new(PutObjectRetentionOutput::default()))
}

pub(super) async fn get_object_legal_hold(
    door: &Door,
    asked: Arc<Asked>,
    input: GetObjectLegalHoldInput,
) -> Result<S3Response<GetObjectLegalHoldOutput>, Refused> {
    let object = object(&input.bucket, &input.key, input.version_id.as_deref())?;
    let lock = door.custody.lock_of(&asked.caller, asked.request, object).await;
    let status = lock.map_err(|error| unread(&asked, error))?.legal_hold.ok_or_else(not_locked)?;
    let legal_hold = Some(ObjectLockLegalHold { status: Some(hold(status)) });
    Ok(S3Response::new(GetObjectLegalHoldOutput { legal_hold }))
}

pub(super) async fn put_object_legal_hold(
    door: &Door,
    asked: Arc<Asked>,
    input: PutObjectLegalHoldInput,
) -> Result<S3Response<PutObjectLegalHoldOutput>, Refused> {
    let object = object(&input.bucket, &input.key, input.version_id.as_deref())?;
    let status = input.legal_hold.and_then(|hold| hold.status).and_then(|status| read_hold(status.as_str()));
    let change = LockChange::LegalHold(status.ok_or_else(malformed)?);
    let changed = door.custody.change_lock(&asked.caller, asked.request, object, change).await;
    changed.map_err(|error| unread(&asked, error))?;
    Ok(S3Response::new(PutObjectLegalHoldOutput::default()))
}

fn malformed() -> Refusal {
    Refusal::new(
        Code::MalformedXML,
        "the XML you provided was not well-formed or did not validate against our published schema",
    )
}

fn not_locked() -> Refusal {
    Refusal::new(Code::NoSuchObjectLockConfiguration, "the specified object does not have an ObjectLock configuration")
}
