//! One row: one request that the store answered.

use std::net::IpAddr;
use std::ops::Range;

use base::Timestamp;
use base::id::BlobId;
use serde::{Deserialize, Serialize};

/// A request that the store answered or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// When it was received, to the second.
    pub at: Timestamp,
    /// The store's own id of the request: the same in both kinds of log.
    pub request: String,
    /// What was done.
    pub act: Act,
    /// Its words in the log, for example `REST.GET.OBJECT`.
    pub operation: String,
    /// To what.
    pub thing: Thing,
    /// Who, as the store knows them; empty when nobody signed.
    pub requester: String,
    /// From where; nothing when a service of the store did it.
    pub address: Option<IpAddr>,
    /// Whether the store did it.
    pub done: bool,
    /// Bytes of the body that the store says it sent. Nothing when it does not say, as for copies.
    pub sent: Option<u64>,
    /// The range that was asked for, where the log says so.
    pub range: Option<Range<u64>>,
}

/// What a request does to what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Bytes left, or were copied elsewhere within the store.
    Read,
    /// Only that something exists, or facts about it.
    Names,
    /// Something was written or overwritten.
    Write,
    /// Something was deleted.
    Delete,
}

/// What a request was about, by the names of our own layout.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// A sealed blob.
    Blob(BlobId),
    /// Anything else that we store or do not know: wrapped keys, tiles, checkpoints.
    Other(String),
    /// No single object: a listing, or a setting of the bucket.
    Bucket,
}

/// The longest key that is kept of what is not a blob: S3 allows 1024 bytes.
const KEY_BYTES: usize = 1024;

impl Thing {
    /// What a key names. Only the last segment counts: a bucket may hold the store under any prefix, and logs write the
    /// separators as they like.
    pub(crate) fn of_key(key: &str) -> Self {
        if key.is_empty() || key == "-" {
            return Self::Bucket;
        }
        let plain = key.replace("%252F", "/").replace("%2F", "/").replace("%2f", "/");
        let last = plain.rsplit('/').next().unwrap_or_default();
        match last.parse() {
            Ok(blob) => Self::Blob(blob),
            Err(_) => Self::Other(plain.chars().take(KEY_BYTES).collect()),
        }
    }
}

impl Act {
    /// The word used in entries and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Names => "names",
            Self::Write => "write",
            Self::Delete => "delete",
        }
    }

    /// What an operation of S3's API does, by its name (`GetObject`). One that is not known counts as a read: a report may
    /// say too much, never too little.
    pub(crate) fn of_call(name: &str) -> Self {
        const READS: [&str; 4] = ["GetObject", "CopyObject", "UploadPartCopy", "SelectObjectContent"];
        if READS.contains(&name) || name == "GetObjectTorrent" {
            return Self::Read;
        }
        if name.starts_with("Head") || name.starts_with("List") || name.starts_with("Get") {
            return Self::Names;
        }
        if name.starts_with("Delete") || name.starts_with("Abort") {
            return Self::Delete;
        }
        let writes = ["Put", "Create", "Complete", "UploadPart", "Restore", "Post", "Write", "Rename"];
        if writes.iter().any(|start| name.starts_with(start)) { Self::Write } else { Self::Read }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_known_by_the_last_segment_of_its_key() {
        let blob = BlobId::from_bytes([7; 16]);
        for key in [format!("blobs/3v/{blob}"), format!("mirror%2Fblobs%2F3v%2F{blob}"), blob.to_string()] {
            assert_eq!(Thing::of_key(&key), Thing::Blob(blob), "{key}");
        }
        assert_eq!(Thing::of_key("documents/keys/root"), Thing::Other("documents/keys/root".to_owned()));
        assert_eq!(Thing::of_key("-"), Thing::Bucket);
    }

    #[test]
    fn a_call_that_nobody_knows_is_a_read() {
        assert_eq!(Act::of_call("GetObject"), Act::Read);
        assert_eq!(Act::of_call("GetObjectTagging"), Act::Names);
        assert_eq!(Act::of_call("DeleteObjects"), Act::Delete);
        assert_eq!(Act::of_call("UploadPart"), Act::Write);
        assert_eq!(Act::of_call("UploadPartCopy"), Act::Read);
        assert_eq!(Act::of_call("TeleportObject"), Act::Read);
    }
}
