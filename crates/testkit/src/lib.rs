//! Worlds in memory, seeded chance, faulty disks, contract suites. Never shipped.
//!
//! Nothing here is a back door: a test that needs a receipt earns it from a real ledger on this memory storage.

pub mod certificates;
pub mod chance;
pub mod clock;
pub mod contract;
pub mod disk;
pub mod entries;
pub mod faults;
pub mod faulty_committer;
pub mod memory_committer;
pub mod memory_store;
pub mod sealer;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use chance::SeededEntropy;
pub use clock::ManualClock;
pub use disk::{FaultyDisk, Survives};
pub use entries::EntryMaker;
pub use faults::{Faults, Way};
pub use faulty_committer::FaultyCommitter;
pub use memory_committer::{Act, MemoryCommitter};
pub use memory_store::{MemoryBlobs, MemoryDocuments};
pub use sealer::PlainSealer;

/// Locks, whatever a failed test left behind.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
