//! The shelf: versions that were read lately, checked and opened, so that a hot object costs no query and no MAC.
//!
//! Versions are immutable; what changes is which one is current under a name, and its scan state. Whoever changes either takes
//! the name off the shelf after the change is durable and before it is acknowledged, so that nobody who has an answer reads an
//! older one. A reader that looked in the catalog while a change was made puts nothing on the shelf.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base::id::DatasetId;

use crate::version::Version;

/// How many versions are kept. Small objects carry their bodies, sealed, of at most 16 KiB: 32 MiB at the most.
const KEPT: usize = 2048;

type Name = (DatasetId, Vec<u8>);

/// Versions by name.
#[derive(Default)]
pub(crate) struct Shelf {
    kept: Mutex<HashMap<Name, Arc<Version>>>,
    /// Counts changes of names.
    changes: AtomicU64,
}

impl Shelf {
    /// The current version under a name: from the shelf, or as `look` finds it.
    pub(crate) fn find<E>(
        &self,
        dataset: DatasetId,
        key: &[u8],
        look: impl FnOnce() -> Result<Option<Version>, E>,
    ) -> Result<Option<Arc<Version>>, E> {
        let name = (dataset, key.to_vec());
        if let Some(version) = self.kept().get(&name) {
            return Ok(Some(Arc::clone(version)));
        }
        let before = self.changes.load(Ordering::Acquire);
        let Some(version) = look()?.map(Arc::new) else { return Ok(None) };
        let mut kept = self.kept();
        // INVARIANT: checked under the lock that `drop_name` takes after it has counted.
        if self.changes.load(Ordering::Acquire) == before {
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(name, Arc::clone(&version));
        }
        Ok(Some(version))
    }

    /// Takes a name off the shelf.
    pub(crate) fn drop_name(&self, dataset: DatasetId, key: &[u8]) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.kept().remove(&(dataset, key.to_vec()));
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<Name, Arc<Version>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
