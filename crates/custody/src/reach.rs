//! What a selector reached in a window: touches, by engagement.
//!
//! Whole hours come from the touch index; hours that the window cuts, and entries that are not indexed yet, are folded from
//! the ledger itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use base::Timestamp;
use base::id::EngagementId;
use base::word::Form;
use catalog::model::{Level, TouchKey, Touches};
use roaring::RoaringTreemap;

use crate::custody::Custody;
use crate::error::CustodyError;
use crate::scope::ScopeQuestion;
use crate::touch::{Fold, Release, merge};

/// How far entries may stand out of the order of their times: the ledger refuses a permit that was judged longer ago than
/// [`ledger::OLDEST_PERMIT_SECONDS`], and its clock never runs backwards; the rest is for the queue and the flush.
pub(crate) const DISORDER_SECONDS: i64 = ledger::OLDEST_PERMIT_SECONDS * 2;

/// Touches of one engagement, by what they come to.
#[derive(Default)]
pub(crate) struct Reached {
    pub(crate) events: u64,
    pub(crate) authorised: Touches,
    pub(crate) sent: Touches,
    pub(crate) names: RoaringTreemap,
}

impl Custody {
    /// Every touch that the question selects, by engagement.
    pub(crate) fn reached(
        &self,
        question: &ScopeQuestion,
        as_of: u64,
        visible: &BTreeSet<EngagementId>,
    ) -> Result<BTreeMap<EngagementId, Reached>, CustodyError> {
        let fields = &self.deployment.fields;
        let window = question.from..question.to;
        let hours = whole_hours(&window);
        let cut = |at: Timestamp| window.contains(&at) && !hours.contains(&at.hour());
        let mark = self.catalog.indexed()?;
        let mut all: BTreeMap<EngagementId, Reached> = BTreeMap::new();
        let selected = |release: &Release| release.selectors().iter().any(|of| question.selectors.contains(of));

        if !hours.is_empty() {
            for selector in &question.selectors {
                for (key, touches) in self.catalog.touches(selector.kind, selector.digest(fields), hours.clone())? {
                    if visible.contains(&key.engagement) {
                        all.entry(key.engagement).or_default().add(&key, touches);
                    }
                }
            }
        }
        let tail_counts = |release: &Release, index: u64| hours.contains(&release.at.hour()) && index >= mark;
        let mut fold = Fold::new(fields, |selector| question.selectors.contains(selector));
        let mut walk = |from: u64, to: u64, counts: &dyn Fn(&Release, u64) -> bool| -> Result<(), CustodyError> {
            let mut next = from;
            // Past the window's end, only settlements of what was found are looked for.
            while next < as_of && (next < to || fold.unsettled() > 0) {
                let page = self.reader.page(next)?;
                if page.is_empty() {
                    break;
                }
                for entry in page.into_iter().filter(|entry| entry.index < as_of) {
                    next = entry.index.saturating_add(1);
                    if let Some(release) = Release::read(&entry)? {
                        if entry.index < to && counts(&release, entry.index) && selected(&release) {
                            fold.release(release);
                        }
                    } else if entry.index >= mark {
                        // Settlements in the tail may be of releases that are indexed already.
                        fold.settlement(&entry, |chain, seq| {
                            let release = self.release_at(chain, seq)?;
                            Ok(release.filter(|release| hours.contains(&release.at.hour())))
                        })?;
                    } else {
                        fold.settlement(&entry, |_, _| Ok(None))?;
                    }
                }
            }
            Ok(())
        };
        for piece in cut_pieces(&window, &hours) {
            let from = self.index_at(piece.start.plus_seconds(DISORDER_SECONDS.saturating_neg()), as_of)?;
            let to = self.index_at(piece.end.plus_seconds(DISORDER_SECONDS), as_of)?;
            walk(from, to, &|release, _| piece.contains(&release.at) && cut(release.at))?;
        }
        if !hours.is_empty() {
            walk(mark, as_of, &tail_counts)?;
        }
        for (key, touches) in fold.take() {
            if visible.contains(&key.engagement) {
                all.entry(key.engagement).or_default().add(&key, touches);
            }
        }
        Ok(all)
    }

    /// The first entry whose time is not before `at`, as far as entries stand in the order of their times.
    pub(crate) fn index_at(&self, at: Timestamp, size: u64) -> Result<u64, CustodyError> {
        let (mut low, mut high) = (0u64, size);
        while low < high {
            let middle = low.midpoint(high);
            match self.reader.one(middle)? {
                Some(entry) if entry.at < at => low = middle.saturating_add(1),
                _ => high = middle,
            }
        }
        Ok(low)
    }
}

impl Reached {
    fn add(&mut self, key: &TouchKey, touches: Touches) {
        match (key.form, key.level) {
            (Form::Names, Level::Authorised) => {
                self.events = self.events.saturating_add(touches.events);
                self.names |= touches.whole;
            }
            (Form::Names, Level::Sent) | (Form::Sealed, _) => {}
            (Form::Raw | Form::View, Level::Authorised) => {
                self.events = self.events.saturating_add(touches.events);
                unite(&mut self.authorised, touches);
            }
            (Form::Raw | Form::View, Level::Sent) => unite(&mut self.sent, touches),
        }
    }
}

fn unite(all: &mut Touches, more: Touches) {
    all.whole |= more.whole;
    for (ordinal, ranges) in more.partial {
        let known = all.partial.entry(ordinal).or_default();
        for range in ranges {
            merge(known, range);
        }
    }
}

/// The hours that lie whole in a window.
fn whole_hours(window: &Range<Timestamp>) -> Range<i64> {
    const HOUR_MICROS: i64 = 3_600_000_000;
    let first =
        window.start.0.div_euclid(HOUR_MICROS).saturating_add(i64::from(window.start.0.rem_euclid(HOUR_MICROS) > 0));
    first..window.end.0.div_euclid(HOUR_MICROS).max(first)
}

/// What of a window its whole hours leave: at most two pieces.
fn cut_pieces(window: &Range<Timestamp>, hours: &Range<i64>) -> Vec<Range<Timestamp>> {
    if hours.is_empty() {
        return vec![window.clone()];
    }
    let begin = Timestamp::from_seconds(hours.start.saturating_mul(3600));
    let end = Timestamp::from_seconds(hours.end.saturating_mul(3600));
    [window.start..begin, end..window.end].into_iter().filter(|piece| !piece.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_its_whole_hours_and_what_they_leave() {
        let at = |minutes: i64| Timestamp::from_seconds(minutes.saturating_mul(60));
        for (window, hours, pieces) in [
            ((30, 150), (1, 2), vec![(30, 60), (120, 150)]),
            ((60, 120), (1, 2), vec![]),
            ((70, 80), (2, 2), vec![(70, 80)]),
        ] {
            let window = at(window.0)..at(window.1);
            let hours = hours.0..hours.1;
            assert_eq!(whole_hours(&window), hours);
            let pieces: Vec<_> = pieces.iter().map(|piece| at(piece.0)..at(piece.1)).collect();
            assert_eq!(cut_pieces(&window, &hours), pieces);
        }
    }
}
