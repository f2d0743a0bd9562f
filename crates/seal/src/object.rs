//! Sealing an object version: a fresh key, one stream a part, and in the end the key sealed together with what a reader will
//! rely on.
//!
//! Parts of a multipart upload come in any order, in requests of their own and perhaps to another process: between them the
//! object's key rests sealed, bound to the upload ([`ObjectSealer::suspend`], [`ObjectSealer::resume`]).

use std::sync::Arc;

use base::Secret;
use base::id::UploadId;
use base::object::{Part, SealedObject, WrappedKey};

use crate::binding::{self, Identity};
use crate::epoch::Epoch;
use crate::error::SealError;
use crate::ring::KeyRing;
use crate::stream::{DEFAULT_SEGMENT_SIZE, Parameters, StreamSealer};
use crate::wrap::{KEY_BYTES, fresh_key};

/// The most parts an object has, and the highest part number: S3's.
pub const MOST_PARTS: u32 = 10_000;

/// Seals one object version.
pub struct ObjectSealer {
    ring: Arc<KeyRing>,
    identity: Identity,
    parameters: Parameters,
    epoch: Arc<Epoch>,
    key: Secret<KEY_BYTES>,
}

impl ObjectSealer {
    /// Begins a version: its own key is fresh, and will be sealed under the epoch key of its dataset for `day` (days since
    /// 1970 UTC).
    ///
    /// # Errors
    /// As [`KeyRing::epoch_for`].
    pub fn begin(ring: &Arc<KeyRing>, identity: Identity, day: i64) -> Result<Self, SealError> {
        let epoch = ring.epoch(ring.epoch_for(identity.engagement, identity.dataset, day)?)?;
        let parameters = Parameters::new(DEFAULT_SEGMENT_SIZE)?;
        let key = fresh_key(ring.entropy());
        Ok(Self { ring: Arc::clone(ring), identity, parameters, epoch, key })
    }

    /// The stream of one part. Use it from its first byte to its last; a part that is sent again gets a new stream.
    ///
    /// # Errors
    /// [`SealError::Parts`] for a number outside 1 to 10,000.
    pub fn part(&self, number: u32) -> Result<StreamSealer, SealError> {
        if !(1..=MOST_PARTS).contains(&number) {
            return Err(SealError::Parts("a part number lies outside 1 to 10000"));
        }
        let associated = binding::part(&self.identity, number);
        StreamSealer::new(&self.parameters, &self.key, &associated, self.ring.entropy())
    }

    /// Bytes of a sealed segment; goes into the object's record.
    #[must_use]
    pub const fn segment_size(&self) -> u32 {
        self.parameters.segment_size()
    }

    /// Whose key this is.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Seals the key for the time until the next part comes.
    ///
    /// # Errors
    /// [`SealError::NoEpoch`] when the epoch key was destroyed meanwhile.
    pub fn suspend(&self, upload: UploadId) -> Result<WrappedKey, SealError> {
        self.wrap(&binding::upload(&self.identity, upload, self.segment_size()))
    }

    /// Goes on where [`Self::suspend`] stopped.
    ///
    /// LIMIT: the segment size is that of this program; an upload under way does not survive a change of it.
    ///
    /// # Errors
    /// [`SealError::Upload`] when key, upload and identity do not belong together; [`SealError::NoEpoch`] when the epoch key
    /// was destroyed meanwhile.
    pub fn resume(
        ring: &Arc<KeyRing>,
        identity: Identity,
        upload: UploadId,
        key: &WrappedKey,
    ) -> Result<Self, SealError> {
        let epoch = epoch_of(ring, &identity, key)?;
        let parameters = Parameters::new(DEFAULT_SEGMENT_SIZE)?;
        let binding = binding::upload(&identity, upload, parameters.segment_size());
        let key = epoch.unwrap(&key.bytes, &binding).map_err(|_| SealError::Upload(identity.version))?;
        Ok(Self { ring: Arc::clone(ring), identity, parameters, epoch, key })
    }

    /// Ends the version: the key, sealed together with identity, sizes and `parts`. Where their bodies lie does not matter.
    ///
    /// # Errors
    /// [`SealError::Parts`] for a list that cannot make an object; [`SealError::NoEpoch`] when the epoch key was destroyed
    /// meanwhile.
    pub fn finish(self, parts: &[Part]) -> Result<WrappedKey, SealError> {
        let size = total(parts).map_err(SealError::Parts)?;
        self.wrap(&binding::record(&self.identity, size, self.segment_size(), parts))
    }

    fn wrap(&self, binding: &[u8]) -> Result<WrappedKey, SealError> {
        let bytes = self.epoch.wrap(&self.key, binding, self.ring.entropy())?;
        Ok(WrappedKey { under: self.epoch.id(), bytes })
    }
}

/// Seals the key of a version anew under the epoch of `day`, so that its old epoch key can be destroyed. The data stays as it
/// is.
///
/// # Errors
/// [`SealError::Record`] when record and key do not belong together; otherwise as [`ObjectSealer::begin`].
pub fn rewrap(ring: &KeyRing, sealed: &SealedObject, day: i64) -> Result<WrappedKey, SealError> {
    let identity = Identity::of(sealed);
    let (_, key) = object_key(ring, sealed)?;
    let epoch = ring.epoch(ring.epoch_for(identity.engagement, identity.dataset, day)?)?;
    let binding = binding::record(&identity, sealed.size, sealed.segment_size, &sealed.parts);
    Ok(WrappedKey { under: epoch.id(), bytes: epoch.wrap(&key, &binding, ring.entropy())? })
}

/// The key of a version. Once this has succeeded, every word of the record is as it was sealed.
pub(crate) fn object_key(ring: &KeyRing, sealed: &SealedObject) -> Result<(Arc<Epoch>, Secret<KEY_BYTES>), SealError> {
    let identity = Identity::of(sealed);
    let epoch = epoch_of(ring, &identity, &sealed.key)?;
    let binding = binding::record(&identity, sealed.size, sealed.segment_size, &sealed.parts);
    let key = epoch.unwrap(&sealed.key.bytes, &binding).map_err(|_| SealError::Record(sealed.version))?;
    Ok((epoch, key))
}

fn epoch_of(ring: &KeyRing, identity: &Identity, key: &WrappedKey) -> Result<Arc<Epoch>, SealError> {
    let epoch = ring.epoch(key.under)?;
    if epoch.serves(identity) {
        Ok(epoch)
    } else {
        Err(SealError::OtherEpoch { version: identity.version, key: key.under })
    }
}

/// Plaintext bytes of all parts, if they can make an object: at least one, numbers rising within 1 to 10,000.
pub(crate) fn total(parts: &[Part]) -> Result<u64, &'static str> {
    if parts.is_empty() {
        return Err("there is none");
    }
    let mut before = 0;
    let mut size: u64 = 0;
    for part in parts {
        if part.number <= before || part.number > MOST_PARTS {
            return Err("their numbers do not rise within 1 to 10000");
        }
        before = part.number;
        size = size.checked_add(part.size).ok_or("their sizes have no sum")?;
    }
    Ok(size)
}

#[cfg(test)]
#[path = "object_tests.rs"]
mod tests;
