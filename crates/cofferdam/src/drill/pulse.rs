//! The rate of bytes over time, by who received them: what the picture in the report is drawn from.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base::time::Tick;
use serde::Serialize;

/// How finely time is cut.
pub(super) const BEAT_MICROS: u64 = 50_000;

/// What kind of access a lane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// Work as on any day.
    Ordinary,
    /// The intruder's.
    Intruder,
}

/// The accesses of one session, or of several that belong together.
pub(super) struct Lane {
    /// What the picture calls it.
    pub(super) label: String,
    /// Of which engagement, by its place in the cast.
    pub(super) compartment: usize,
    pub(super) whose: Whose,
    began: Tick,
    beats: Mutex<BTreeMap<u64, u64>>,
}

impl Lane {
    /// A lane whose time begins at `began`.
    pub(super) fn new(label: &str, compartment: usize, whose: Whose, began: Tick) -> Self {
        Self { label: label.to_owned(), compartment, whose, began, beats: Mutex::default() }
    }

    /// Counts bytes that arrived.
    pub(super) fn count(&self, at: Tick, bytes: u64) {
        let beat = at.micros_since(self.began).div_euclid(BEAT_MICROS);
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        let total = beats.entry(beat).or_default();
        *total = total.saturating_add(bytes);
    }

    /// Bytes by beat; beats without any are left out.
    pub(super) fn beats(&self) -> Vec<(u64, u64)> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(beat, bytes)| (*beat, *bytes)).collect()
    }
}
