//! Sealing of ledger entries before they rest in the catalog.
//!
//! Each is sealed under its chain's record key and bound to chain and place, so that a writer of the catalog can neither read
//! an entry nor move it.

use std::sync::Arc;

use base::Fault;
use base::id::ChainId;
use base::ports::EntrySealer;

use crate::binding;
use crate::error::SealError;
use crate::ring::KeyRing;

/// Seals and opens ledger entries with the keys of the ring.
pub struct RecordSealer {
    ring: Arc<KeyRing>,
}

impl RecordSealer {
    /// A sealer over `ring`.
    #[must_use]
    pub const fn new(ring: Arc<KeyRing>) -> Self {
        Self { ring }
    }
}

impl EntrySealer for RecordSealer {
    fn seal(&self, chain: ChainId, seq: u64, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let keys = self.ring.chain(chain)?;
        Ok(keys.entries.seal(&binding::entry(chain, seq), plain, self.ring.entropy())?)
    }

    fn open(&self, chain: ChainId, seq: u64, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let keys = self.ring.chain(chain)?;
        let opened = keys.entries.open(&binding::entry(chain, seq), sealed);
        Ok(opened.map_err(|_| SealError::Entry { chain, seq })?)
    }
}

#[cfg(test)]
mod tests {
    use base::Kind;
    use base::id::EngagementId;

    use super::*;
    use crate::testing::World;

    #[test]
    fn an_entry_opens_in_its_place_alone() {
        let world = World::new(21);
        let sealer = RecordSealer::new(Arc::clone(&world.ring));
        let chain = ChainId::from(world.engagement);
        let sealed = sealer.seal(chain, 7, b"entry").unwrap();
        assert_eq!(sealer.open(chain, 7, &sealed).unwrap(), b"entry");
        let other = world.another_engagement();
        for (chain, seq) in [(chain, 8), (ChainId::SYSTEM, 7), (other.into(), 7)] {
            assert_eq!(sealer.open(chain, seq, &sealed).unwrap_err().kind(), Kind::Corrupt);
        }
        let unknown = ChainId::from(EngagementId::from_bytes([9; 16]));
        assert_eq!(sealer.seal(unknown, 0, b"entry").unwrap_err().kind(), Kind::Missing);
    }

    #[test]
    fn entries_open_after_the_data_keys_are_destroyed() {
        let world = World::new(22);
        let sealer = RecordSealer::new(Arc::clone(&world.ring));
        let sealed = sealer.seal(world.engagement.into(), 0, b"entry").unwrap();
        world.ring.destroy_engagement_data(world.engagement).unwrap();
        let reopened = RecordSealer::new(Arc::new(world.reopen()));
        assert_eq!(reopened.open(world.engagement.into(), 0, &sealed).unwrap(), b"entry");
    }
}
