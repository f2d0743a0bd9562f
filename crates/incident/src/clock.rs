//! The clocks of an incident. Setting one is a deliberate act by a named person, with a reason.
//!
//! A clock that is set cannot be moved. A second entry, with its own reason, stands beside the first; deadlines run from
//! whichever is earlier, so that no entry can win time.

use base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::IncidentError;
use crate::word::ClockName;

/// One entry of one clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockEntry {
    /// When it was.
    pub time: Timestamp,
    /// Who says so: a principal's name, or `ledger` for what the record itself shows.
    pub set_by: String,
    /// Why.
    pub why: String,
    /// When it was entered.
    pub set_at: Timestamp,
    /// The ledger's entry that holds it.
    pub index: Option<u64>,
}

/// Whether a clock may be set that is set already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It is meant as the first entry.
    First,
    /// It is meant as one more, beside those there are.
    Second,
}

/// All clocks of one incident, each with its entries in the order they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks(Vec<(ClockName, ClockEntry)>);

/// The shortest reason that is one.
const SHORTEST_REASON: usize = 8;

impl Clocks {
    /// Adds an entry.
    ///
    /// # Errors
    /// `Clock` when the time lies in the future or before the first activity, when nobody is named or no reason is given, and
    /// when the clock is set already and `again` does not say that a second entry is meant.
    pub fn set(
        &mut self,
        clock: ClockName,
        entry: ClockEntry,
        again: Again,
        now: Timestamp,
    ) -> Result<(), IncidentError> {
        let wrong = |problem: String, remedy| Err(IncidentError::Clock { clock, problem, remedy });
        if entry.set_by.trim().is_empty() {
            return wrong("nobody is named who says so".to_owned(), "a clock is set by a named person");
        }
        if entry.why.trim().len() < SHORTEST_REASON {
            return wrong("it has no reason".to_owned(), "say why, in a sentence: `--why \"…\"`");
        }
        if entry.time > now {
            return wrong(
                format!("{} lies in the future", entry.time),
                "set it once it has happened; times are in UTC",
            );
        }
        if let Some(first) = self.at(ClockName::FirstActivity)
            && clock != ClockName::FirstActivity
            && entry.time < first
        {
            return wrong(
                format!("{} lies before the first activity, {first}", entry.time),
                "if the intruder was there earlier, enter an earlier `first_activity` first",
            );
        }
        if clock == ClockName::FirstActivity
            && let Some((other, before)) = self.0.iter().find(|(of, set)| *of != clock && set.time < entry.time)
            && self.at(clock).is_none()
        {
            return wrong(
                format!("{} lies after `{other}`, {}", entry.time, before.time),
                "the first activity is the earliest of all clocks",
            );
        }
        if let Some(set) = self.entries(clock).next()
            && again == Again::First
        {
            return wrong(
                format!("it was set to {} by {}, and a clock cannot be moved", set.time, set.set_by),
                "a second entry may stand beside the first, with its own reason: `--again`",
            );
        }
        self.0.push((clock, entry));
        Ok(())
    }

    /// The time deadlines run from: the earliest entry, or the latest of a clock that ends something.
    #[must_use]
    pub fn at(&self, clock: ClockName) -> Option<Timestamp> {
        let times = self.entries(clock).map(|entry| entry.time);
        if clock.ends_something() { times.max() } else { times.min() }
    }

    /// The entries of a clock, in the order they were made.
    pub fn entries(&self, clock: ClockName) -> impl Iterator<Item = &ClockEntry> {
        self.0.iter().filter(move |(of, _)| *of == clock).map(|(_, entry)| entry)
    }

    /// The earliest of these clocks that is set.
    #[must_use]
    pub fn earliest(&self, of: &[ClockName]) -> Option<(ClockName, Timestamp)> {
        of.iter().filter_map(|clock| Some((*clock, self.at(*clock)?))).min_by_key(|(_, at)| *at)
    }

    /// Every clock that is set, with its entries.
    pub fn all(&self) -> impl Iterator<Item = (ClockName, Vec<&ClockEntry>)> {
        ClockName::ALL.iter().filter_map(|clock| {
            let entries: Vec<_> = self.entries(*clock).collect();
            (!entries.is_empty()).then_some((*clock, entries))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn entry(seconds: i64) -> ClockEntry {
        ClockEntry {
            time: Timestamp::from_seconds(seconds),
            set_by: "ada".to_owned(),
            why: "the log says so".to_owned(),
            set_at: NOW,
            index: None,
        }
    }

    #[test]
    fn a_clock_is_never_moved_and_a_second_entry_wins_no_time() {
        let mut clocks = Clocks::default();
        clocks.set(ClockName::Aware, entry(500), Again::First, NOW).unwrap();
        let refused = clocks.set(ClockName::Aware, entry(600), Again::First, NOW).unwrap_err().to_string();
        assert!(refused.contains("cannot be moved") && refused.contains("--again"), "{refused}");
        clocks.set(ClockName::Aware, entry(600), Again::Second, NOW).unwrap();
        assert_eq!(clocks.at(ClockName::Aware), Some(Timestamp::from_seconds(500)), "later does not count");
        clocks.set(ClockName::Aware, entry(400), Again::Second, NOW).unwrap();
        assert_eq!(clocks.at(ClockName::Aware), Some(Timestamp::from_seconds(400)), "earlier does");
        assert_eq!(clocks.entries(ClockName::Aware).count(), 3, "all are kept");
    }

    #[test]
    fn what_ends_something_ends_when_it_was_last_seen() {
        let mut clocks = Clocks::default();
        clocks.set(ClockName::Contained, entry(500), Again::First, NOW).unwrap();
        clocks.set(ClockName::Contained, entry(700), Again::Second, NOW).unwrap();
        assert_eq!(clocks.at(ClockName::Contained), Some(Timestamp::from_seconds(700)));
    }

    #[test]
    fn a_clock_in_the_future_before_the_beginning_or_without_a_reason_is_refused() {
        let mut clocks = Clocks::default();
        clocks.set(ClockName::FirstActivity, entry(100), Again::First, NOW).unwrap();
        for (wrong, word) in [
            (entry(1_000_001), "future"),
            (entry(99), "before the first activity"),
            (ClockEntry { why: "  ".to_owned(), ..entry(200) }, "no reason"),
            (ClockEntry { set_by: String::new(), ..entry(200) }, "nobody"),
        ] {
            let refused = clocks.set(ClockName::Aware, wrong, Again::First, NOW).unwrap_err().to_string();
            assert!(refused.contains(word) && refused.lines().count() == 2, "{refused}");
        }
        assert_eq!(clocks.at(ClockName::Aware), None);
    }

    #[test]
    fn the_first_activity_is_the_earliest() {
        let mut clocks = Clocks::default();
        clocks.set(ClockName::Aware, entry(100), Again::First, NOW).unwrap();
        assert!(clocks.set(ClockName::FirstActivity, entry(200), Again::First, NOW).is_err());
        clocks.set(ClockName::FirstActivity, entry(50), Again::First, NOW).unwrap();
    }
}
