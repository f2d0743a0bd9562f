//! Time, injected.
//!
//! Pure functions take `now: Timestamp`; services hold a [`Clock`]. Wall time says when something happened; the monotonic
//! clock measures spans and must go on counting while the machine is suspended (boot time), because leases depend on it.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

/// An instant of wall time, in microseconds since 1970 UTC. This is also how the catalog stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A reading of the monotonic clock, in microseconds since an arbitrary start. Never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(pub u64);

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// Wall time now.
    fn now(&self) -> Timestamp;
    /// Monotonic time now; goes on counting while the machine is suspended.
    fn tick(&self) -> Tick;
}

const RFC3339: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
const AMZ: &[FormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
const HTTP: &[FormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

const MICROS_PER_SECOND: i64 = 1_000_000;

impl Timestamp {
    /// From whole seconds since 1970 UTC.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Whole seconds since 1970 UTC, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// Hours since 1970 UTC, rounded down: the bucket of the touch index.
    #[must_use]
    pub const fn hour(self) -> i64 {
        self.seconds().div_euclid(3600)
    }

    /// Days since 1970 UTC, rounded down: the bucket of epoch keys.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.seconds().div_euclid(86_400)
    }

    /// This instant moved by `seconds` (negative: earlier), stopping at the ends of time.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(MICROS_PER_SECOND)))
    }

    /// Microseconds from `earlier` to this instant; zero when `earlier` is later.
    #[must_use]
    pub fn micros_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// As the S3 signature writes it: `20261124T054200Z`.
    #[must_use]
    pub fn to_amz(self) -> String {
        self.render(AMZ)
    }

    /// As HTTP headers write it: `Tue, 24 Nov 2026 05:42:00 GMT`.
    #[must_use]
    pub fn to_http(self) -> String {
        self.render(HTTP)
    }

    /// Reads `20261124T054200Z`.
    #[must_use]
    pub fn from_amz(text: &str) -> Option<Self> {
        Self::read(text, AMZ)
    }

    /// Reads `Tue, 24 Nov 2026 05:42:00 GMT`.
    #[must_use]
    pub fn from_http(text: &str) -> Option<Self> {
        Self::read(text, HTTP)
    }

    /// Reads RFC 3339 in UTC or with an offset.
    #[must_use]
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let read = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
        i64::try_from(read.unix_timestamp_nanos().wrapping_div(1000)).ok().map(Self)
    }

    fn civil(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0).wrapping_mul(1000)).ok()
    }

    fn render(self, format: &[FormatItem<'_>]) -> String {
        // Instants outside years 1..=9999 have no civil form; they can only come from a broken clock.
        self.civil().and_then(|civil| civil.format(format).ok()).unwrap_or_else(|| format!("@{}us", self.0))
    }

    fn read(text: &str, format: &[FormatItem<'_>]) -> Option<Self> {
        let civil = time::PrimitiveDateTime::parse(text, format).ok()?;
        Some(Self::from_seconds(civil.assume_utc().unix_timestamp()))
    }
}

impl Tick {
    /// Microseconds from `earlier` to this reading; zero when `earlier` is later.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with microseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(RFC3339))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("expected an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_700_000_000_123_456);

    #[test]
    fn every_form_reads_back() {
        assert_eq!(AT.to_string(), "2023-11-14T22:13:20.123456Z");
        assert_eq!(Timestamp::from_rfc3339(&AT.to_string()), Some(AT));
        assert_eq!(Timestamp::from_amz(&AT.to_amz()), Some(Timestamp::from_seconds(1_700_000_000)));
        assert_eq!(Timestamp::from_http(&AT.to_http()), Some(Timestamp::from_seconds(1_700_000_000)));
        assert_eq!(AT.to_http(), "Tue, 14 Nov 2023 22:13:20 GMT");
    }

    #[test]
    fn nonsense_is_not_a_time() {
        for text in ["", "20261324T000000Z", "yesterday", "2026-11-24"] {
            assert_eq!(Timestamp::from_amz(text), None);
            assert_eq!(Timestamp::from_rfc3339(text), None);
        }
    }
}
