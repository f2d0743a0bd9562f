//! Which rows of the touch index lie whole in a window, and which hours must be folded from the ledger instead.
//!
//! A row says when its first and its last touch were. A window that cuts a row's span, but none of its touches, takes the row
//! as it is: a window that ends now cuts nothing. Rows of one stretch of time stand or fall together, so that no access
//! counts twice and none is left out.

use std::ops::Range;

use base::Timestamp;
use catalog::model::{TouchKey, Touches};

/// What a window is answered from.
#[derive(Default)]
pub(crate) struct Stretches {
    /// Rows of which every touch lies in the window.
    pub(crate) taken: Vec<(TouchKey, Touches)>,
    /// What of the window must be folded from entries that are indexed; apart from each other, the earliest first.
    pub(crate) cut: Vec<Range<Timestamp>>,
}

impl Stretches {
    /// Sorts rows that have an hour in common with the window.
    pub(crate) fn of(mut rows: Vec<(TouchKey, Touches)>, window: &Range<Timestamp>) -> Self {
        // The longer row first: shorter ones that came late lie inside it.
        rows.sort_by_key(|(key, _)| (key.hours().start, std::cmp::Reverse(key.hours().end)));
        let mut all = Self::default();
        let mut rows = rows.into_iter().peekable();
        while let Some(first) = rows.next() {
            let hours = first.0.hours();
            let mut stretch = vec![first];
            while let Some(next) = rows.next_if(|(key, _)| key.hours().start < hours.end) {
                stretch.push(next);
            }
            if stretch.iter().all(|(_, touches)| touches.within(window)) {
                all.taken.append(&mut stretch);
            } else if !stretch.iter().all(|(_, touches)| touches.outside(window)) {
                let [begin, end] =
                    [hours.start, hours.end].map(|hour| Timestamp::from_seconds(hour.saturating_mul(3600)));
                all.cut.push(begin.max(window.start)..end.min(window.end));
            }
        }
        all
    }

    /// The hours that have an instant in common with a window.
    pub(crate) fn hours(window: &Range<Timestamp>) -> Range<i64> {
        let last = Timestamp(window.end.0.saturating_sub(1)).hour();
        window.start.hour()..last.saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use base::id::EngagementId;
    use base::word::Form;
    use catalog::model::{Level, SelectorKind};
    use scope::Span;

    use super::*;

    /// A row that begins with an hour, with touches at these minutes.
    fn row(hour: i64, span: Span, minutes: &[i64]) -> (TouchKey, Touches) {
        let key = TouchKey {
            kind: SelectorKind::Session,
            selector: [1; 16],
            engagement: EngagementId::from_bytes([1; 16]),
            hour,
            span,
            form: Form::Raw,
            level: Level::Sent,
        };
        let mut touches = Touches::default();
        minutes.iter().for_each(|minute| touches.count(at(*minute), 1));
        (key, touches)
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_seconds(minute.saturating_mul(60))
    }

    fn split(rows: Vec<(TouchKey, Touches)>, window: (i64, i64)) -> (Vec<i64>, Vec<(i64, i64)>) {
        let stretches = Stretches::of(rows, &(at(window.0)..at(window.1)));
        let cut = stretches.cut.iter().map(|cut| (cut.start.seconds() / 60, cut.end.seconds() / 60)).collect();
        (stretches.taken.iter().map(|(key, _)| key.hour).collect(), cut)
    }

    #[test]
    fn a_row_is_taken_left_or_folded() {
        let hours = || vec![row(0, Span::Hour, &[5, 50]), row(1, Span::Hour, &[70, 80])];
        assert_eq!(split(hours(), (0, 120)), (vec![0, 1], vec![]));
        assert_eq!(split(hours(), (5, 81)), (vec![0, 1], vec![]), "the window cuts the hours and none of the touches");
        assert_eq!(
            split(hours(), (51, 80)),
            (vec![], vec![(60, 80)]),
            "of the first hour there is nothing, of the other some"
        );
        assert_eq!(split(hours(), (51, 70)), (vec![], vec![]));
    }

    #[test]
    fn what_came_late_stands_with_the_longer_row() {
        let rows = || vec![row(3, Span::Hour, &[190]), row(0, Span::Day, &[5, 600]), row(24, Span::Hour, &[1450])];
        assert_eq!(split(rows(), (0, 2000)), (vec![0, 3, 24], vec![]));
        assert_eq!(
            split(rows(), (6, 2000)),
            (vec![24], vec![(6, 1440)]),
            "the late row is not taken beside its day's fold"
        );
    }

    #[test]
    fn hours_are_those_with_an_instant_in_the_window() {
        assert_eq!(Stretches::hours(&(at(59)..at(61))), 0..2);
        assert_eq!(Stretches::hours(&(at(60)..at(120))), 1..2);
    }
}
