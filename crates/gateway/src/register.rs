//! Which connections have served which engagement, so that a pause can cut them.
//!
//! A connection is entered when its caller was authenticated, before any answer, and stays until it ends: bytes of an earlier
//! answer may still be in the kernel while the next one is made. So a pause resets every connection that ever served the
//! engagement, idle ones too; clients open a new one and are told why.
//!
//! LIMIT: a proxy that sends several engagements' requests over one connection sees an unrelated answer cut, and repeats it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use base::id::EngagementId;

use crate::wire::Wire;

/// The open connections of this process, by engagement.
#[derive(Default)]
pub struct Register {
    wires: Mutex<HashMap<EngagementId, HashMap<u64, Weak<Wire>>>>,
    serial: AtomicU64,
}

impl Register {
    /// Enters a connection under the engagement it is about to serve.
    // INVARIANT: entered before the first byte of an answer. Whoever pauses moves the fence first and cuts then, so a
    // connection that is entered after the cut finds the fence moved.
    pub fn enter(&self, wire: &Arc<Wire>, engagement: EngagementId) {
        if wire.tag(engagement) {
            self.lock().entry(engagement).or_default().insert(wire.serial(), Arc::downgrade(wire));
        }
    }

    /// Resets every connection that has served `engagement`, discarding what the kernel still holds for it. When this
    /// returns, none of them sends another byte. Returns how many there were.
    pub fn cut(&self, engagement: EngagementId) -> u64 {
        let wires = self.lock().remove(&engagement).unwrap_or_default();
        let mut cut = 0u64;
        for wire in wires.values().filter_map(Weak::upgrade) {
            wire.cut();
            cut = cut.saturating_add(1);
        }
        cut
    }

    /// A number for a new connection.
    pub(crate) fn next_serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }

    /// Forgets a connection that has ended.
    pub(crate) fn leave(&self, wire: &Wire) {
        let tags = wire.tags();
        if tags.is_empty() {
            return;
        }
        let mut wires = self.lock();
        for engagement in tags {
            if let Some(of_engagement) = wires.get_mut(&engagement) {
                of_engagement.remove(&wire.serial());
                if of_engagement.is_empty() {
                    wires.remove(&engagement);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EngagementId, HashMap<u64, Weak<Wire>>>> {
        self.wires.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl custody::Wire for Register {
    fn cut(&self, engagement: EngagementId) -> u64 {
        Self::cut(self, engagement)
    }
}
