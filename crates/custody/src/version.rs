//! Versions as custody names them, and reads them back: every row that steers policy or scope is checked against its MAC
//! before use.
//!
//! # Threats
//! A writer of the database can change any row. What is bound to the wrapped key (sizes, parts, identity) makes the key fail
//! to open; what is not (the name it lies under, who wrote it, how far the scanner got, what locks it, its ordinal's meaning)
//! carries a MAC under the engagement's record key.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use base::id::VersionId;
use base::lock::Lock;
use base::object::SealedObject;
use catalog::model::VersionRow;
use seal::Fields;

use crate::error::CustodyError;
use crate::meta::Meta;

/// What the MAC of a version is bound to.
const CONTEXT: &str = "version";

/// What the MAC is bound to of a version that stands beside others, hides them, or is locked.
const CONTEXT_KEPT: &str = "version.kept";

/// What the MAC is bound to of a version that was scanned anew.
const CONTEXT_RESCANNED: &str = "version.rescanned";

/// What S3 calls the null version.
const NULL: &str = "null";

/// How S3 names a version of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionName {
    /// The one that was written while versioning was unset or suspended.
    Null,
    /// One with an id of its own.
    Id(VersionId),
}

impl VersionName {
    pub(crate) const fn of(null: bool, version: VersionId) -> Self {
        if null { Self::Null } else { Self::Id(version) }
    }
}

impl fmt::Display for VersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.pad(NULL),
            Self::Id(version) => fmt::Display::fmt(version, f),
        }
    }
}

impl FromStr for VersionName {
    type Err = <VersionId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == NULL { Ok(Self::Null) } else { text.parse().map(Self::Id) }
    }
}

/// An object as a request names it.
#[derive(Clone, Copy, Debug)]
pub struct ObjectName<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key.
    pub key: &'a [u8],
    /// Which version; `None` means the current one.
    pub version: Option<VersionName>,
}

impl<'a> ObjectName<'a> {
    /// The current version of a key.
    #[must_use]
    pub const fn current(bucket: &'a str, key: &'a [u8]) -> Self {
        Self { bucket, key, version: None }
    }
}

/// A version that was checked.
pub(crate) struct Version {
    pub(crate) row: VersionRow,
    pub(crate) meta: Arc<Meta>,
    pub(crate) sealed: Arc<SealedObject>,
    /// Who stands where in it, once that was looked up, if it is small.
    pub(crate) content: OnceLock<Arc<budget::Content>>,
}

impl Version {
    /// Checks a row and opens its metadata.
    ///
    /// # Errors
    /// `Corrupt` if the row is not what custody wrote, or a delete marker.
    pub(crate) fn check(row: VersionRow, fields: &Fields) -> Result<Self, CustodyError> {
        verify(&row, fields)?;
        let key = row.wrapped.clone().ok_or_else(|| corrupt(&row))?;
        let meta = Arc::new(Meta::open(fields, row.version, &row.meta)?);
        let sealed = Arc::new(SealedObject {
            engagement: row.engagement,
            dataset: row.dataset,
            object: row.object,
            version: row.version,
            ordinal: row.ordinal,
            size: row.size,
            segment_size: row.segment_size,
            parts: row.parts.clone(),
            key,
        });
        Ok(Self { row, meta, sealed, content: OnceLock::new() })
    }

    pub(crate) const fn name(&self) -> VersionName {
        VersionName::of(self.row.null, self.row.version)
    }
}

/// Holds a row, of a version or of a delete marker, against its MAC.
///
/// # Errors
/// `Corrupt` if the row is not what custody wrote.
pub(crate) fn verify(row: &VersionRow, fields: &Fields) -> Result<(), CustodyError> {
    let (context, message) = steering(row);
    fields.check(context, &message, &row.mac).map_err(|_| corrupt(row))
}

/// The MAC of a version's row.
///
/// The ordinal is assigned by the catalog after the MAC is made; what ties it to the version is the ledger, where every
/// release names both.
pub(crate) fn mac(row: &VersionRow, fields: &Fields) -> [u8; 32] {
    let (context, message) = steering(row);
    fields.mac(context, &message)
}

fn corrupt(row: &VersionRow) -> CustodyError {
    CustodyError::Corrupt(format!("the row of version `{}`", row.version))
}

/// What of a row steers policy and scope and is not bound to the wrapped key.
///
/// A null version that is neither a marker nor locked is stated as all versions were before there were others, under a context
/// of its own: rows of that time still verify. So is one whose first scan holds.
fn steering(row: &VersionRow) -> (&'static str, Vec<u8>) {
    let mut message = Vec::with_capacity(160);
    let rescanned = row.generation > 0;
    let plain = row.null && !row.marker && row.lock == Lock::default() && !rescanned;
    if rescanned {
        message.extend_from_slice(&row.generation.to_be_bytes());
    }
    if !plain {
        message.extend_from_slice(&[u8::from(row.null), u8::from(row.marker)]);
        let (mode, until) = row.lock.retention.map_or(("", 0), |retention| (retention.mode.word(), retention.until.0));
        for word in [mode, row.lock.legal_hold.map_or("", base::word::LegalHold::word)] {
            message.extend_from_slice(word.as_bytes());
            message.push(0);
        }
        message.extend_from_slice(&until.to_be_bytes());
    }
    for id in [row.engagement.as_bytes(), row.dataset.as_bytes(), row.object.as_bytes(), row.version.as_bytes()] {
        message.extend_from_slice(id);
    }
    message.extend_from_slice(row.writer.as_bytes());
    message.extend_from_slice(&row.size.to_be_bytes());
    message.extend_from_slice(&row.modified.0.to_be_bytes());
    message.extend_from_slice(row.scan.word().as_bytes());
    message.push(0);
    message.extend_from_slice(&row.key);
    let context = match (plain, rescanned) {
        (true, _) => CONTEXT,
        (_, true) => CONTEXT_RESCANNED,
        _ => CONTEXT_KEPT,
    };
    (context, message)
}
