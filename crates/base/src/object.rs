//! A sealed object version as the catalog knows it: what a permit points at and what `seal` needs to open it.

use bytes::Bytes;

use crate::id::{BlobId, DatasetId, EngagementId, KeyId, ObjectId, VersionId};

/// Where the sealed bytes of one part lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// In the catalog row itself (small objects).
    Inline(Bytes),
    /// In the store.
    Blob(BlobId),
}

/// One part: a Tink stream of its own. An object that was put whole is one part, number 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Part number, 1 to 10,000; bound into the stream's associated data.
    pub number: u32,
    /// Plaintext bytes.
    pub size: u64,
    /// Where the sealed bytes lie.
    pub body: Body,
}

/// A key sealed under another key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// The key that wraps it.
    pub under: KeyId,
    /// Nonce, sealed key and tag.
    pub bytes: Vec<u8>,
}

/// One immutable version: identity, sizes, parts, wrapped key.
///
/// Everything here but `ordinal` and the place of each body is bound as associated data of the wrapped key, so that a writer
/// of the database cannot change a size, reorder parts or swap bodies between versions without the key failing to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedObject {
    /// The compartment.
    pub engagement: EngagementId,
    /// The dataset it was written into.
    pub dataset: DatasetId,
    /// The object.
    pub object: ObjectId,
    /// The version.
    pub version: VersionId,
    /// Its place in the deployment's sequence of versions; the bit that stands for it in scope bitmaps.
    pub ordinal: u64,
    /// Plaintext bytes of all parts.
    pub size: u64,
    /// Bytes of a sealed segment.
    pub segment_size: u32,
    /// The parts, in order.
    pub parts: Vec<Part>,
    /// The object's own key, sealed.
    pub key: WrappedKey,
}
