//! How long one row of the touch index is: an hour, and with age a day, then a month of the calendar.
//!
//! Which one it is follows from the newest indexed entry alone, never from the clock of whoever looks: an index that is built
//! anew from the ledger has the same rows.

use std::ops::Range;

/// Hours of a day.
const DAY: i64 = 24;

/// Rows stay hours for so many days. Windows that are asked for soon after something happened cut none of them.
const HOURS_KEPT_DAYS: i64 = 62;

/// Rows stay days for so many days: a window of weeks within the last year reads days, and folds the ledger for none.
const DAYS_KEPT_DAYS: i64 = 400;

/// How long a row is. Ordered by length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// An hour.
    Hour,
    /// A day of UTC.
    Day,
    /// A month of UTC.
    Month,
}

impl Span {
    /// Every span, the shortest first.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// The span of a row for this hour, when the newest indexed entry was made in the hour `newest`.
    #[must_use]
    pub fn of(hour: i64, newest: i64) -> Self {
        let months = newest.saturating_sub(DAYS_KEPT_DAYS.saturating_mul(DAY));
        let days = newest.saturating_sub(HOURS_KEPT_DAYS.saturating_mul(DAY));
        // A month goes over as a whole, once its last hour is old enough; so does a day.
        if Self::Month.around(hour).end <= months {
            Self::Month
        } else if Self::Day.around(hour).end <= days {
            Self::Day
        } else {
            Self::Hour
        }
    }

    /// Before which hour no row may be shorter than this.
    #[must_use]
    pub fn due(self, newest: i64) -> i64 {
        let kept = match self {
            Self::Hour => return i64::MIN,
            Self::Day => HOURS_KEPT_DAYS,
            Self::Month => DAYS_KEPT_DAYS,
        };
        let until = newest.saturating_sub(kept.saturating_mul(DAY));
        self.around(until).start
    }

    /// The hours of the row of this span that an hour lies in.
    #[must_use]
    pub fn around(self, hour: i64) -> Range<i64> {
        let day = hour.div_euclid(DAY);
        let days = match self {
            Self::Hour => return hour..hour.saturating_add(1),
            Self::Day => day..day.saturating_add(1),
            Self::Month => {
                let (year, month) = month_of(day);
                let (next_year, next) =
                    if month == 12 { (year.saturating_add(1), 1) } else { (year, month.saturating_add(1)) };
                first_day(year, month)..first_day(next_year, next)
            }
        };
        days.start.saturating_mul(DAY)..days.end.saturating_mul(DAY)
    }

    /// The number that is kept.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Hour => 0,
            Self::Day => 1,
            Self::Month => 2,
        }
    }

    /// The span of a number.
    #[must_use]
    pub fn of_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.code() == code)
    }
}

/// Days of 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;

/// From 1970 back to the first of March of the year 0, where leap days fall at the end of the year.
const TO_EPOCH_DAYS: i64 = 719_468;

/// Year and month of a day since 1970, in the Gregorian calendar. Days here are hours of a timestamp divided by 24: far from any
/// overflow.
fn month_of(day: i64) -> (i64, i64) {
    let shifted = day.saturating_add(TO_EPOCH_DAYS);
    let (era, of_era) = (shifted.div_euclid(ERA_DAYS), shifted.rem_euclid(ERA_DAYS));
    #[expect(clippy::arithmetic_side_effects, reason = "a day of an era lies below 146,097")]
    let (year_of_era, month) = {
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        (year, (5 * of_year + 2) / 153)
    };
    let year = era.saturating_mul(400).saturating_add(year_of_era);
    // March is month 0 here; January and February belong to the year after.
    if month < 10 { (year, month.saturating_add(3)) } else { (year.saturating_add(1), month.saturating_sub(9)) }
}

/// The first day of a month, in days since 1970.
fn first_day(year: i64, month: i64) -> i64 {
    let (year, month) =
        if month > 2 { (year, month.saturating_sub(3)) } else { (year.saturating_sub(1), month.saturating_add(9)) };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    #[expect(clippy::arithmetic_side_effects, reason = "a year of an era lies below 400, a month below 12")]
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * month + 2) / 5;
    era.saturating_mul(ERA_DAYS).saturating_add(of_era).saturating_sub(TO_EPOCH_DAYS)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use base::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn hour(text: &str) -> i64 {
        Timestamp::from_rfc3339(text).unwrap().hour()
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        for (inside, from, to) in [
            ("2024-02-29T13:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2026-12-31T23:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2000-03-01T00:00:00Z", "2000-03-01T00:00:00Z", "2000-04-01T00:00:00Z"),
            ("2100-02-28T23:00:00Z", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(Span::Month.around(hour(inside)), hour(from)..hour(to), "{inside}");
        }
    }

    proptest! {
        /// Every hour lies in exactly one row of each span, and rows of one span touch each other.
        #[test]
        fn spans_tile_time(at in -10_000_000i64..10_000_000) {
            for span in Span::ALL {
                let around = span.around(at);
                prop_assert!(around.contains(&at));
                prop_assert_eq!(span.around(around.end - 1), around.clone());
                prop_assert_eq!(span.around(around.end).start, around.end);
            }
        }

        /// As the newest entry moves on, a row only grows; all hours of one row grow together; and `due` says the same.
        #[test]
        fn rows_only_grow(at in 0i64..1_000_000, newest in 0i64..1_000_000, more in 0i64..20_000) {
            let now = Span::of(at, newest);
            prop_assert!(now <= Span::of(at, newest + more));
            for other in now.around(at) {
                prop_assert_eq!(Span::of(other, newest), now);
            }
            for span in [Span::Day, Span::Month] {
                prop_assert_eq!(now >= span, at < span.due(newest), "{:?}", span);
            }
        }
    }
}
