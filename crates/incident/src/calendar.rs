//! Days. All arithmetic is in UTC, so no clock change moves a deadline.
//!
//! A deadline in calendar days ends at the same time of day as it began: the plain, earlier reading, since every statute that
//! counts days lets the last one run to its end. LIMIT: where a state's clocks change between the two, the last hour before
//! midnight there may count to the next day; whoever sends in the last hour of the last day should not.
//!
//! Business days leave out Saturdays, Sundays and the federal holidays of the United States (5 U.S.C. 6103: eleven days, on
//! the Friday before when on a Saturday, on the Monday after when on a Sunday), computed for any year. They are counted in
//! New York's days at its winter offset, and end no later than the Commission's system takes filings for that day.

use base::Timestamp;
use time::{Date, Month, Weekday};

/// Days from the first Julian day to 1970-01-01.
const EPOCH_JULIAN_DAY: i64 = 2_440_588;

const DAY_SECONDS: i64 = 86_400;

/// New York in winter. In summer its days begin an hour earlier in UTC; for anchors in that hour this gives the earlier day.
const NEW_YORK_SECONDS: i64 = -5 * 3600;

/// EDGAR takes filings until 17:30 in New York: 21:30 UTC in summer, an hour later in winter. The earlier holds all year.
const FILING_CLOSES_SECONDS: i64 = 21 * 3600 + 1800;

/// The day of an instant, in UTC.
#[must_use]
pub fn day(at: Timestamp) -> Option<Date> {
    let julian = at.day().checked_add(EPOCH_JULIAN_DAY)?;
    Date::from_julian_day(i32::try_from(julian).ok()?).ok()
}

/// Midnight UTC at the beginning of a day.
#[must_use]
pub fn midnight(day: Date) -> Timestamp {
    let days = i64::from(day.to_julian_day()).saturating_sub(EPOCH_JULIAN_DAY);
    Timestamp::from_seconds(days.saturating_mul(DAY_SECONDS))
}

/// The instant so many calendar days later, at the same time of day.
#[must_use]
pub fn plus_days(at: Timestamp, days: u32) -> Timestamp {
    at.plus_seconds(i64::from(days).saturating_mul(DAY_SECONDS))
}

/// The instant so many business days later: at the same time of day, or when filings close if that is earlier.
///
/// An anchor on a day that is none counts from the business day after it, which is the first. SPEC: Form 8-K, general
/// instruction B.1.
#[must_use]
pub fn plus_business_days(at: Timestamp, days: u32) -> Option<Timestamp> {
    let local = at.plus_seconds(NEW_YORK_SECONDS);
    let mut on = day(local)?;
    let mut left = days;
    // At most four days in a row are none of business (a holiday at either end of a weekend), so this ends.
    while left > 0 {
        on = on.next_day()?;
        if is_business_day(on) {
            left = left.saturating_sub(1);
        }
    }
    let of_day = |instant: Timestamp| instant.seconds().rem_euclid(DAY_SECONDS);
    // The time of the anchor's day in UTC seconds after that local day's midnight in UTC terms: past 24 h it is evening there.
    let since_midnight = of_day(local).saturating_sub(NEW_YORK_SECONDS);
    Some(midnight(on).plus_seconds(since_midnight.min(FILING_CLOSES_SECONDS)))
}

/// The instant so many days after the end of the year that `at` lies in.
#[must_use]
pub fn days_after_year_end(at: Timestamp, days: u32) -> Option<Timestamp> {
    let end = Date::from_calendar_date(day(at)?.year(), Month::December, 31).ok()?;
    Some(plus_days(midnight(end), days))
}

/// Whether offices of the United States are open.
#[must_use]
pub fn is_business_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && holiday(day).is_none()
}

/// The federal holiday that a day is or is kept for.
#[must_use]
pub fn holiday(day: Date) -> Option<&'static str> {
    // New Year's Day on a Saturday is kept on the last day of the year before.
    [day.year(), day.year().saturating_add(1)].into_iter().find_map(|year| {
        holidays(year).into_iter().flatten().find(|(on, _)| kept_on(*on) == Some(day)).map(|(_, name)| name)
    })
}

/// The eleven holidays of a year, on their own days. SPEC: 5 U.S.C. 6103(a).
fn holidays(year: i32) -> [Option<(Date, &'static str)>; 11] {
    let fixed = |month, day, name| Date::from_calendar_date(year, month, day).ok().map(|on| (on, name));
    let nth = |month, weekday, nth, name| nth_weekday(year, month, weekday, nth).map(|on| (on, name));
    [
        fixed(Month::January, 1, "New Year's Day"),
        nth(Month::January, Weekday::Monday, 3, "Birthday of Martin Luther King, Jr."),
        nth(Month::February, Weekday::Monday, 3, "Washington's Birthday"),
        last_monday_of_may(year).map(|on| (on, "Memorial Day")),
        fixed(Month::June, 19, "Juneteenth"),
        fixed(Month::July, 4, "Independence Day"),
        nth(Month::September, Weekday::Monday, 1, "Labor Day"),
        nth(Month::October, Weekday::Monday, 2, "Columbus Day"),
        fixed(Month::November, 11, "Veterans Day"),
        nth(Month::November, Weekday::Thursday, 4, "Thanksgiving Day"),
        fixed(Month::December, 25, "Christmas Day"),
    ]
}

fn kept_on(day: Date) -> Option<Date> {
    match day.weekday() {
        Weekday::Saturday => day.previous_day(),
        Weekday::Sunday => day.next_day(),
        _ => Some(day),
    }
}

fn nth_weekday(year: i32, month: Month, weekday: Weekday, nth: u8) -> Option<Date> {
    let first = Date::from_calendar_date(year, month, 1).ok()?;
    let ahead = weekday
        .number_days_from_monday()
        .checked_add(7)?
        .checked_sub(first.weekday().number_days_from_monday())?
        .rem_euclid(7);
    let day = ahead.checked_add(nth.checked_sub(1)?.checked_mul(7)?)?.checked_add(1)?;
    Date::from_calendar_date(year, month, day).ok()
}

fn last_monday_of_may(year: i32) -> Option<Date> {
    nth_weekday(year, Month::May, Weekday::Monday, 5).or_else(|| nth_weekday(year, Month::May, Weekday::Monday, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text).unwrap()
    }

    fn on(year: i32, month: u8, day: u8) -> Date {
        Date::from_calendar_date(year, Month::try_from(month).unwrap(), day).unwrap()
    }

    /// The Office of Personnel Management's lists for these years.
    #[test]
    fn holidays_are_those_that_are_published() {
        let kept = |year: i32| {
            let mut days = Vec::new();
            let mut day = on(year, 1, 1);
            while day.year() == year {
                if holiday(day).is_some() {
                    days.push((u8::from(day.month()), day.day()));
                }
                day = day.next_day().unwrap();
            }
            days
        };
        let of_2026 =
            [(1, 1), (1, 19), (2, 16), (5, 25), (6, 19), (7, 3), (9, 7), (10, 12), (11, 11), (11, 26), (12, 25)];
        assert_eq!(kept(2026), of_2026);
        let of_2021 = [
            (1, 1),
            (1, 18),
            (2, 15),
            (5, 31),
            (6, 18),
            (7, 5),
            (9, 6),
            (10, 11),
            (11, 11),
            (11, 25),
            (12, 24),
            (12, 31),
        ];
        assert_eq!(kept(2021), of_2021, "the new year of 2022 is kept in 2021");
    }

    #[test]
    fn business_days_leave_out_weekends_and_holidays() {
        for (from, days, due) in [
            ("2026-03-26T17:00:00Z", 4, "2026-04-01T17:00:00Z"),
            // Independence Day 2026 is a Saturday and kept on Friday the 3rd.
            ("2026-07-01T12:00:00Z", 4, "2026-07-08T12:00:00Z"),
            // A Saturday: Monday is the first day.
            ("2026-03-28T12:00:00Z", 4, "2026-04-02T12:00:00Z"),
            // Evening in New York, the next day in UTC: that day counts, and filings have closed.
            ("2026-03-27T01:00:00Z", 4, "2026-04-01T21:30:00Z"),
            ("2026-03-26T23:00:00Z", 4, "2026-04-01T21:30:00Z"),
            ("2026-12-31T15:00:00Z", 1, "2027-01-04T15:00:00Z"),
        ] {
            assert_eq!(plus_business_days(at(from), days), Some(at(due)), "{from} and {days}");
        }
    }

    #[test]
    fn calendar_days_end_at_the_time_of_day_they_began() {
        assert_eq!(plus_days(at("2026-03-24T12:10:00Z"), 30), at("2026-04-23T12:10:00Z"));
        assert_eq!(plus_days(at("2028-02-28T00:00:00Z"), 1), at("2028-02-29T00:00:00Z"));
        assert_eq!(days_after_year_end(at("2026-03-24T12:10:00Z"), 60), Some(at("2027-03-01T00:00:00Z")));
    }
}
