//! Failures to order: the n-th durable call fails, in one of the two ways in which calls fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{Fault, Kind};

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing happened.
    Without,
    /// It took effect, and the caller is told that it failed.
    After,
}

/// Both ways, for loops.
pub const BOTH_WAYS: [Way; 2] = [Way::Without, Way::After];

/// Counts calls and fails one of them. Cloning shares the count.
#[derive(Clone, Debug)]
pub struct Faults {
    calls: Arc<AtomicU64>,
    fails: Option<(u64, Way)>,
}

impl Faults {
    /// Fails nothing and counts.
    #[must_use]
    pub fn none() -> Self {
        Self { calls: Arc::default(), fails: None }
    }

    /// Fails call number `call`, from 0.
    #[must_use]
    pub fn at(call: u64, way: Way) -> Self {
        Self { calls: Arc::default(), fails: Some((call, way)) }
    }

    /// How many calls were made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Acquire)
    }

    /// Whether the failure was met.
    #[must_use]
    pub fn struck(&self) -> bool {
        self.fails.is_some_and(|(call, _)| call < self.calls())
    }

    /// Counts a call; answers how it is to fail, if it is.
    #[must_use]
    pub fn next(&self) -> Option<Way> {
        let call = self.calls.fetch_add(1, Ordering::AcqRel);
        self.fails.and_then(|(fails, way)| (fails == call).then_some(way))
    }

    /// Runs one call under the order.
    ///
    /// # Errors
    /// The ordered one, made by `failure`, or the call's own.
    pub fn run<T, E>(&self, failure: impl FnOnce() -> E, call: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        match self.next() {
            None => call(),
            Some(Way::Without) => Err(failure()),
            Some(Way::After) => call().and_then(|_| Err(failure())),
        }
    }
}

/// The failure as a port reports it.
#[must_use]
pub fn ordered(attempt: &str) -> Fault {
    Fault::new(Kind::Unavailable, attempt).because("failure ordered by the test")
}
