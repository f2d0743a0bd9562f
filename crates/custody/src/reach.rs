//! What a selector reached in a window: touches, by engagement.
//!
//! Rows of the touch index that lie whole in the window are taken as they are; what of it they leave, and entries that are not
//! indexed yet, are folded from the ledger itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use base::Timestamp;
use base::id::EngagementId;
use base::word::Form;
use catalog::model::{Level, TouchKey, Touches};
use roaring::RoaringTreemap;

use crate::custody::Custody;
use crate::error::{Clash, CustodyError};
use crate::scope::ScopeQuestion;
use crate::stretches::Stretches;
use crate::touch::{Fold, Release};

/// How far entries may stand out of the order of their times: the ledger refuses a permit that was judged longer ago than
/// [`ledger::OLDEST_PERMIT_SECONDS`], and its clock never runs backwards; the rest is for the queue and the flush.
pub(crate) const DISORDER_SECONDS: i64 = ledger::OLDEST_PERMIT_SECONDS * 2;

/// How often rows are read that the indexer moved on from meanwhile; it does so twice a second.
const TRIES: usize = 16;

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
        let mut all: BTreeMap<EngagementId, Reached> = BTreeMap::new();
        let selected = |release: &Release| release.selectors().iter().any(|of| question.selectors.contains(of));

        let (mark, mut rows) = self.indexed_rows(question, &window)?;
        rows.retain(|(key, _)| visible.contains(&key.engagement));
        let stretches = Stretches::of(rows, &window);
        for (key, touches) in stretches.taken {
            all.entry(key.engagement).or_default().add(&key, touches);
        }
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
                            Ok(release.filter(|release| window.contains(&release.at)))
                        })?;
                    } else {
                        fold.settlement(&entry, |_, _| Ok(None))?;
                    }
                }
            }
            Ok(())
        };
        for piece in stretches.cut {
            let from = self.index_at(piece.start.plus_seconds(DISORDER_SECONDS.saturating_neg()), as_of)?;
            let to = self.index_at(piece.end.plus_seconds(DISORDER_SECONDS), as_of)?;
            walk(from, to, &|release, index| piece.contains(&release.at) && index < mark)?;
        }
        walk(mark, as_of, &|release, _| window.contains(&release.at))?;
        for (key, touches) in fold.take() {
            if visible.contains(&key.engagement) {
                all.entry(key.engagement).or_default().add(&key, touches);
            }
        }
        Ok(all)
    }

    /// The rows of the touch index that have an hour in common with the window, and up to which entry they reach.
    fn indexed_rows(
        &self,
        question: &ScopeQuestion,
        window: &Range<Timestamp>,
    ) -> Result<(u64, Vec<(TouchKey, Touches)>), CustodyError> {
        for _ in 0..TRIES {
            let mark = self.catalog.indexed()?;
            let mut rows = Vec::new();
            for selector in &question.selectors {
                let digest = selector.digest(&self.deployment.fields);
                rows.extend(self.catalog.touches(selector.kind, digest, Stretches::hours(window))?);
            }
            // INVARIANT: what the rows say and what is folded beyond the mark share no entry.
            if self.catalog.indexed()? == mark {
                return Ok((mark, rows));
            }
        }
        Err(CustodyError::Conflict(Clash::Raced))
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
    /// Adds what another question reached. An access that both select counts for each.
    pub(crate) fn unite(&mut self, other: Self) {
        self.events = self.events.saturating_add(other.events);
        self.names |= other.names;
        self.authorised.unite(&other.authorised);
        self.sent.unite(&other.sent);
    }

    fn add(&mut self, key: &TouchKey, touches: Touches) {
        match (key.form, key.level) {
            (Form::Names, Level::Authorised) => {
                self.events = self.events.saturating_add(touches.events);
                self.names |= touches.whole;
            }
            (Form::Names, Level::Sent) | (Form::Sealed, _) => {}
            (Form::Raw | Form::View, Level::Authorised) => {
                self.events = self.events.saturating_add(touches.events);
                self.authorised.unite(&touches);
            }
            (Form::Raw | Form::View, Level::Sent) => self.sent.unite(&touches),
        }
    }
}
