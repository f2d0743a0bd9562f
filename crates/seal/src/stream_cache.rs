//! Derived stream keys, kept for a while.
//!
//! A ranged read of a Parquet file comes as dozens of small requests, a training job reads the same small objects again; each
//! would fetch a header and run HKDF once more. What is kept is bounded, erased when it leaves, and forgotten the moment the
//! key above it ends. It grants nothing: whoever reads must first have opened the object's record with the epoch key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base::id::{KeyId, VersionId};

use crate::epoch::Epoch;
use crate::segment::SegmentOpener;

/// Stream keys in each of two generations: with about 1 KiB each, at most 8 MiB in all.
const GENERATION: usize = 4096;

/// Which stream.
type Place = (VersionId, u32);

/// A bounded map that forgets what was not used lately.
///
/// Two generations approximate least-recently-used at constant cost: what is used moves to the young one; when that is full,
/// the old one is dropped and the young one becomes old.
#[derive(Default)]
pub(crate) struct StreamCache {
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Place, Kept>,
    old: HashMap<Place, Kept>,
}

#[derive(Clone)]
struct Kept {
    under: KeyId,
    opener: Arc<SegmentOpener>,
}

impl StreamCache {
    /// The key of a stream, if it is at hand.
    pub(crate) fn find(&self, version: VersionId, part: u32) -> Option<Arc<SegmentOpener>> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = generations.young.get(&(version, part)) {
            return Some(Arc::clone(&kept.opener));
        }
        let kept = generations.old.remove(&(version, part))?;
        let opener = Arc::clone(&kept.opener);
        let left = generations.add((version, part), kept);
        drop(generations);
        drop(left);
        Some(opener)
    }

    /// Keeps the key of a stream, unless the epoch key above it has ended.
    pub(crate) fn keep(&self, version: VersionId, part: u32, epoch: &Epoch, opener: &Arc<SegmentOpener>) {
        let kept = Kept { under: epoch.id(), opener: Arc::clone(opener) };
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        // INVARIANT: an epoch ends before `forget` takes this lock, so nothing is kept after it was to be forgotten.
        let left = if epoch.ended() { HashMap::new() } else { generations.add((version, part), kept) };
        drop(generations);
        drop(left);
    }

    /// Erases every key below the epoch keys that `ended` names.
    pub(crate) fn forget(&self, ended: impl Fn(KeyId) -> bool) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.retain(|_, kept| !ended(kept.under));
        generations.old.retain(|_, kept| !ended(kept.under));
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.len().saturating_add(generations.old.len())
    }
}

impl Generations {
    /// Adds to the young generation; answers the generation that was given up, to be dropped outside the lock.
    fn add(&mut self, place: Place, kept: Kept) -> HashMap<Place, Kept> {
        let full = self.young.len() >= GENERATION;
        let left =
            if full { std::mem::replace(&mut self.old, std::mem::take(&mut self.young)) } else { HashMap::new() };
        self.young.insert(place, kept);
        left
    }
}

#[cfg(test)]
mod tests {
    use base::Secret;

    use super::*;
    use crate::stream::{HEADER_BYTES, Parameters};
    use crate::testing::{DAY, World};

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let world = World::new(91);
        let id = world.ring.epoch_for(world.engagement, world.dataset, DAY).unwrap();
        let epoch = world.ring.epoch(id).unwrap();
        let (parameters, mut header) = (Parameters::new(64).unwrap(), [0; HEADER_BYTES]);
        header[0] = 40;
        let key = Secret::take(&mut [1; 32]);
        let opener = Arc::new(SegmentOpener::derive(&parameters, &key, b"", &header).ok().unwrap());
        let (cache, version) = (StreamCache::default(), VersionId::from_bytes([1; 16]));
        for part in 0..5 * u32::try_from(GENERATION).unwrap() {
            cache.keep(version, part, &epoch, &opener);
            assert!(cache.find(version, 0).is_some(), "{part}");
            assert!(cache.len() <= 2 * GENERATION);
        }
        assert!(cache.find(version, 1).is_none());
        epoch.end();
        cache.forget(|under| under == id);
        cache.keep(version, 1, &epoch, &opener);
        assert_eq!(cache.len(), 0);
    }
}
