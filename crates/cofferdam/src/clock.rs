//! The machine's clock: the one place where time comes from.

use base::Timestamp;
use base::time::{Clock, Tick};
use rustix::time::{ClockId, clock_gettime};

/// Wall time from the system, monotonic time from the boot-time clock, which goes on while the machine is suspended.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let time = clock_gettime(ClockId::Realtime);
        Timestamp(micros(time.tv_sec, time.tv_nsec))
    }

    fn tick(&self) -> Tick {
        let time = clock_gettime(ClockId::Boottime);
        Tick(u64::try_from(micros(time.tv_sec, time.tv_nsec)).unwrap_or(0))
    }
}

fn micros(seconds: i64, nanoseconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000).saturating_add(nanoseconds.div_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on() {
        let clock = SystemClock;
        let (wall, tick) = (clock.now(), clock.tick());
        assert!(wall > Timestamp::from_seconds(1_700_000_000), "{wall}");
        assert!(clock.tick() >= tick);
    }
}
