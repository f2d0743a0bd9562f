//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use base::time::Tick;
use base::{Clock, Timestamp};

/// Wall and monotonic time under a test's hand.
#[derive(Debug)]
pub struct ManualClock {
    wall: AtomicI64,
    tick: AtomicU64,
}

impl ManualClock {
    /// A clock whose wall shows `now` and whose monotonic side starts at zero.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self { wall: AtomicI64::new(now.0), tick: AtomicU64::new(0) }
    }

    /// Lets time pass on both sides.
    pub fn advance_micros(&self, micros: u64) {
        self.wall.fetch_add(i64::try_from(micros).unwrap_or(i64::MAX), Ordering::AcqRel);
        self.tick.fetch_add(micros, Ordering::AcqRel);
    }

    /// Lets whole seconds pass on both sides.
    pub fn advance_seconds(&self, seconds: u32) {
        self.advance_micros(u64::from(seconds).saturating_mul(1_000_000));
    }

    /// Sets the wall alone, as an administrator or a time server would.
    pub fn set_wall(&self, now: Timestamp) {
        self.wall.store(now.0, Ordering::Release);
    }

    /// Sets the monotonic side alone.
    pub fn set_tick(&self, tick: Tick) {
        self.tick.store(tick.0, Ordering::Release);
    }
}

impl Default for ManualClock {
    /// 2026-11-24 00:00 UTC.
    fn default() -> Self {
        Self::at(Timestamp::from_seconds(1_795_478_400))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.wall.load(Ordering::Acquire))
    }

    fn tick(&self) -> Tick {
        Tick(self.tick.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_when_told() {
        let clock = ManualClock::default();
        assert_eq!(clock.now().to_string(), "2026-11-24T00:00:00.000000Z");
        clock.advance_seconds(2);
        assert_eq!(clock.now().to_string(), "2026-11-24T00:00:02.000000Z");
        assert_eq!(clock.tick(), Tick(2_000_000));
        clock.set_wall(Timestamp(5));
        assert_eq!((clock.now(), clock.tick()), (Timestamp(5), Tick(2_000_000)));
    }
}
