//! What is known of a version beside its bytes: ETag, checksums, content headers, the user's own metadata.
//!
//! All of it is sealed in the catalog: an ETag is a fingerprint of the plaintext, and metadata is whatever a client put there.

use std::collections::BTreeMap;

use base::id::{UploadId, VersionId};
use base::lock::Lock;
use seal::Fields;
use serde::{Deserialize, Serialize};

use crate::error::CustodyError;

/// What sealed metadata is bound to, beside the version.
const CONTEXT: &str = "meta";

/// Metadata of a version or of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// MD5 of the plaintext in hex, or of the parts' MD5s with `-N`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub etag: String,
    /// `Content-Type` and the other headers S3 keeps with an object, by lower-case name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// `x-amz-meta-*`, without the prefix.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub user: BTreeMap<String, String>,
    /// Checksums in base64 by algorithm (`CRC32`, `CRC32C`, `CRC64NVME`, `SHA1`, `SHA256`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checksums: BTreeMap<String, String>,
    /// Whether the checksums are of the whole object or composed of the parts'.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub composite: bool,
    /// The storage class its writer named, if it is not the standard one. All are stored alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// Tags. The one part of it that can be changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The checksums of the parts, in their order, by the algorithm of the whole's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// Of an upload: the lock that its version will bear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
    /// The multipart upload it came by: completing that once more finds what it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<UploadId>,
}

impl Meta {
    /// Seals it for a version.
    ///
    /// # Errors
    /// A key failure.
    pub(crate) fn seal(&self, fields: &Fields, version: VersionId) -> Result<Vec<u8>, CustodyError> {
        let plain = serde_json::to_vec(self)
            .map_err(|error| CustodyError::invalid(format!("metadata cannot be written: {error}")))?;
        Ok(fields.seal(CONTEXT, version.as_bytes(), &plain)?)
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// `Corrupt` if it does not verify.
    pub(crate) fn open(fields: &Fields, version: VersionId, sealed: &[u8]) -> Result<Self, CustodyError> {
        let plain = fields.open(CONTEXT, version.as_bytes(), sealed)?;
        plain
            .expose(|bytes| serde_json::from_slice(bytes))
            .map_err(|_| CustodyError::Corrupt(format!("metadata of version `{version}`")))
    }
}
