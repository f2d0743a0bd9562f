//! A clock for entries: it follows the machine's, but never runs backwards.
//!
//! Verifiers refuse a chain whose times run backwards, since a moved clock is how a record is made to lie. A time server that
//! sets the clock back must not make every later pack fail: until real time has caught up, entries bear the latest time that
//! was seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base::time::Tick;
use base::{Clock, Timestamp};

/// Wall time that never runs backwards; monotonic time as it is.
pub struct SteadyClock {
    inner: Arc<dyn Clock>,
    latest: AtomicI64,
}

impl SteadyClock {
    /// Follows `inner`, from the time of the last entry on.
    #[must_use]
    pub fn after(inner: Arc<dyn Clock>, last_entry: Timestamp) -> Self {
        Self { inner, latest: AtomicI64::new(last_entry.0) }
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let now = self.inner.now().0;
        Timestamp(self.latest.fetch_max(now, Ordering::AcqRel).max(now))
    }

    fn tick(&self) -> Tick {
        self.inner.tick()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::ManualClock;

    #[test]
    fn it_never_runs_backwards() {
        let inner = Arc::new(ManualClock::at(Timestamp(100)));
        let steady = SteadyClock::after(Arc::clone(&inner) as Arc<dyn Clock>, Timestamp(50));
        assert_eq!(steady.now(), Timestamp(100));
        inner.set_wall(Timestamp(20));
        assert_eq!(steady.now(), Timestamp(100));
        inner.set_wall(Timestamp(120));
        assert_eq!(steady.now(), Timestamp(120));
        let later = SteadyClock::after(inner as Arc<dyn Clock>, Timestamp(500));
        assert_eq!(later.now(), Timestamp(500));
    }
}
