//! Counts of findings, by rule and confidence.

use std::collections::BTreeMap;

use scan::{Confidence, RuleId};

/// Findings of each confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Of low confidence.
    pub low: u64,
    /// Of medium confidence.
    pub medium: u64,
    /// Of high confidence.
    pub high: u64,
}

impl Row {
    /// All of them.
    #[must_use]
    pub const fn all(self) -> u64 {
        self.low.saturating_add(self.medium).saturating_add(self.high)
    }

    /// Adds another row.
    pub fn add(&mut self, other: Self) {
        self.low = self.low.saturating_add(other.low);
        self.medium = self.medium.saturating_add(other.medium);
        self.high = self.high.saturating_add(other.high);
    }

    fn count(&mut self, confidence: Confidence) {
        let count = match confidence {
            Confidence::Low => &mut self.low,
            Confidence::Medium => &mut self.medium,
            Confidence::High => &mut self.high,
        };
        *count = count.saturating_add(1);
    }
}

/// How often each rule found something. Exact, however many findings are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<RuleId, Row>);

impl Tally {
    /// Nothing was found.
    pub(crate) const EMPTY: Self = Self(BTreeMap::new());

    /// Counts one finding.
    pub(crate) fn count(&mut self, rule: RuleId, confidence: Confidence) {
        self.0.entry(rule).or_default().count(confidence);
    }

    /// The rules that found something, in the order of rules.
    pub fn rows(&self) -> impl Iterator<Item = (RuleId, Row)> {
        self.0.iter().map(|(rule, row)| (*rule, *row))
    }

    /// All findings.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.0.values().fold(0, |all, row| all.saturating_add(row.all()))
    }
}

/// The word for a confidence in reports.
pub(crate) const fn word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}
