//! Versions as custody reads them back: every row that steers policy or scope is checked against its MAC before use.
//!
//! # Threats
//! A writer of the database can change any row. What is bound to the wrapped key (sizes, parts, identity) makes the key fail
//! to open; what is not (the name it lies under, who wrote it, how far the scanner got, its ordinal's meaning) carries a MAC
//! under the engagement's record key.

use std::sync::Arc;

use base::object::SealedObject;
use base::word::ScanState;
use catalog::model::VersionRow;
use seal::Fields;

use crate::error::CustodyError;
use crate::meta::Meta;

/// What the MAC of a version is bound to.
const CONTEXT: &str = "version";

/// A version that was checked.
pub(crate) struct Version {
    pub(crate) row: VersionRow,
    pub(crate) meta: Arc<Meta>,
    pub(crate) sealed: Arc<SealedObject>,
}

impl Version {
    /// Checks a row and opens its metadata.
    ///
    /// # Errors
    /// `Corrupt` if the row is not what custody wrote.
    pub(crate) fn check(row: VersionRow, fields: &Fields) -> Result<Self, CustodyError> {
        let corrupt = || CustodyError::Corrupt(format!("the row of version `{}`", row.version));
        fields.check(CONTEXT, &steering(&row, row.scan), &row.mac).map_err(|_| corrupt())?;
        let key = row.wrapped.clone().ok_or_else(corrupt)?;
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
        Ok(Self { row, meta, sealed })
    }
}

/// The MAC of a version's row in scan state `scan`.
///
/// The ordinal is assigned by the catalog after the MAC is made; what ties it to the version is the ledger, where every
/// release names both.
pub(crate) fn mac(row: &VersionRow, scan: ScanState, fields: &Fields) -> [u8; 32] {
    fields.mac(CONTEXT, &steering(row, scan))
}

/// What of a row steers policy and scope and is not bound to the wrapped key.
fn steering(row: &VersionRow, scan: ScanState) -> Vec<u8> {
    let mut message = Vec::with_capacity(128);
    for id in [row.engagement.as_bytes(), row.dataset.as_bytes(), row.object.as_bytes(), row.version.as_bytes()] {
        message.extend_from_slice(id);
    }
    message.extend_from_slice(row.writer.as_bytes());
    message.extend_from_slice(&row.size.to_be_bytes());
    message.extend_from_slice(&row.modified.0.to_be_bytes());
    message.extend_from_slice(scan.word().as_bytes());
    message.push(0);
    message.extend_from_slice(&row.key);
    message
}
