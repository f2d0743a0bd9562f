//! An epoch key: wraps the keys of the objects written into one dataset on one day.
//!
//! Epochs bound what one key reaches, and make erasure possible: what survives is wrapped anew, then the epoch key is
//! destroyed with everything that was left under it.

use std::sync::atomic::{AtomicBool, Ordering};

use base::id::{ChainId, KeyId};
use base::{Entropy, Secret};

use crate::binding::{Identity, KeyPlace};
use crate::error::{SealError, Unauthentic};
use crate::wrap::{KEY_BYTES, WrappingKey};

/// An epoch key at work.
pub(crate) struct Epoch {
    place: KeyPlace,
    key: WrappingKey,
    ended: AtomicBool,
}

impl Epoch {
    pub(crate) fn new(place: KeyPlace, secret: &Secret<KEY_BYTES>) -> Result<Self, SealError> {
        Ok(Self { place, key: WrappingKey::new(secret)?, ended: AtomicBool::new(false) })
    }

    /// Its id.
    pub(crate) const fn id(&self) -> KeyId {
        self.place.own
    }

    /// Whose it is, and its id.
    pub(crate) const fn owner(&self) -> (ChainId, KeyId) {
        (self.place.chain, self.place.own)
    }

    /// Whether it was destroyed. Whoever still holds it must stop.
    pub(crate) fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// From now on it serves nobody.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Whether it is the key for the dataset that `identity` names.
    pub(crate) fn serves(&self, identity: &Identity) -> bool {
        let dataset = self.place.epoch.map(|(dataset, _)| dataset);
        self.place.chain == identity.engagement.into() && dataset == Some(identity.dataset)
    }

    /// Seals the key of an object.
    pub(crate) fn wrap(
        &self,
        key: &Secret<KEY_BYTES>,
        binding: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SealError> {
        if self.ended() { Err(SealError::NoEpoch(self.id())) } else { self.key.wrap(key, binding, entropy) }
    }

    /// Opens the key of an object.
    pub(crate) fn unwrap(&self, wrapped: &[u8], binding: &[u8]) -> Result<Secret<KEY_BYTES>, Unauthentic> {
        self.key.unwrap(wrapped, binding)
    }
}
