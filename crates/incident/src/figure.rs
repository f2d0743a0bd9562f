//! A number that cannot be quoted bare: what certainly was, what may have been, on what that rests, and as of when.

use std::fmt;

use base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::word::Basis;

/// The checkpoint of the ledger that a figure holds for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// How many entries the ledger had.
    pub size: u64,
    /// The root of its tree, in hexadecimal; empty while no checkpoint covers these entries.
    pub root: String,
    /// When.
    pub time: Timestamp,
}

/// A count between two bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// At least so many: proven by what the ledger says was sent.
    pub low: u64,
    /// At most so many: sent, or reachable, or in what nobody has scanned.
    pub high: u64,
}

/// A number of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What receipts allowed; it lies between the bounds. The one to quote where a form has room for one number is `high`.
    pub value: u64,
    /// At least.
    pub low: u64,
    /// At most.
    pub high: u64,
    /// On what it rests.
    pub basis: Basis,
    /// For which checkpoint it holds.
    pub as_of: AsOf,
}

impl Bounds {
    /// Exactly `count`.
    #[must_use]
    pub const fn exactly(count: u64) -> Self {
        Self { low: count, high: count }
    }

    /// Both bounds added.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { low: self.low.saturating_add(other.low), high: self.high.saturating_add(other.high) }
    }
}

impl Figure {
    /// A figure in order: the upper bound is never below the lower one, and the value lies between them.
    #[must_use]
    pub fn new(value: u64, bounds: Bounds, basis: Basis, as_of: &AsOf) -> Self {
        let high = bounds.high.max(bounds.low);
        Self { value: value.clamp(bounds.low, high), low: bounds.low, high, basis, as_of: as_of.clone() }
    }

    /// A figure whose value is its upper bound, because no third number is known.
    #[must_use]
    pub fn between(bounds: Bounds, basis: Basis, as_of: &AsOf) -> Self {
        Self::new(bounds.high, bounds, basis, as_of)
    }

    /// Its bounds.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        Bounds { low: self.low, high: self.high }
    }
}

impl fmt::Display for Bounds {
    /// `1,204`, or `1,204 to 1,310`: never the one without the other.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low == self.high {
            f.write_str(&grouped(self.low))
        } else {
            write!(f, "{} to {}", grouped(self.low), grouped(self.high))
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.bounds(), f)
    }
}

/// Digits in groups of three: `1,204,000`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len().saturating_add(digits.len().div_euclid(3)));
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_always_in_order() {
        let as_of = AsOf { size: 1, root: String::new(), time: Timestamp(0) };
        let figure = Figure::new(99, Bounds { low: 10, high: 5 }, Basis::Served, &as_of);
        assert_eq!((figure.value, figure.low, figure.high), (10, 10, 10));
        assert_eq!(Figure::new(7, Bounds { low: 5, high: 1204 }, Basis::Served, &as_of).to_string(), "5 to 1,204");
    }

    #[test]
    fn digits_stand_in_groups() {
        for (count, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(count), text);
        }
    }
}
