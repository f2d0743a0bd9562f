//! Scope: what an incident reached. Exact for any selector and window, at a cost that follows what was touched.
//!
//! Whole hours come from the touch index; hours that the window cuts, and entries that are not indexed yet, are folded from
//! the ledger itself. The union of touches is joined with the facts: which types of data, about how many people.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use base::id::{EngagementId, RequestId, VersionId};
use base::word::{DataType, Form, ScanState, Verb};
use base::{Bytes, Timestamp};
use catalog::model::{Level, TouchKey, Touches};
use roaring::{RoaringBitmap, RoaringTreemap};
use serde::{Deserialize, Serialize};

use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::entries::{Evidence, kind};
use crate::error::CustodyError;
use crate::facts::BLOCK_BYTES;
use crate::identity::Caller;
use crate::touch::{Fold, Release, Selector, merge};

/// The version of the answer's JSON.
pub const SCHEMA: &str = "cofferdam.scope/1";

/// How far entries may stand out of the order of their times: clocks of a batch's callers differ by less.
const DISORDER_SECONDS: i64 = 5;

/// How many objects an answer lists by name; the counts are of all.
const LISTED: usize = 10_000;

/// What is asked.
#[derive(Clone, Debug)]
pub struct ScopeQuestion {
    /// Whose accesses: of any of these.
    pub selectors: Vec<Selector>,
    /// From when, inclusive.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
    /// Only in this engagement, by name.
    pub engagement: Option<String>,
}

/// A count that is known to lie between two bounds: what certainly was, and what was allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// At least: a settlement says it was sent.
    pub sent: u64,
    /// At most: a receipt allowed it.
    pub authorised: u64,
}

/// The answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scope {
    /// `cofferdam.scope/1`.
    pub schema: String,
    /// Selectors, as `kind:value`.
    pub selectors: Vec<String>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// How many entries of the ledger it rests on.
    pub as_of_entries: u64,
    /// When it was asked.
    pub asked: Timestamp,
    /// Accesses; one that several selectors pick counts for each.
    pub events: u64,
    /// Versions whose bytes were reached.
    pub versions: Figure,
    /// Bytes, repeats counted once.
    pub bytes: Figure,
    /// Bytes that could have been read under the grants as they stand: an upper bound on everything.
    pub possible_bytes: u64,
    /// Versions of which only the names became known.
    pub names_only: u64,
    /// One part an engagement; nothing in it comes from another.
    pub engagements: Vec<EngagementScope>,
    /// What the answer does not cover.
    pub limits: Vec<String>,
}

/// The answer for one engagement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EngagementScope {
    /// Which.
    pub engagement: EngagementId,
    /// Its name.
    pub name: String,
    /// Its partner's name.
    pub partner: String,
    /// Accesses.
    pub events: u64,
    /// Versions whose bytes were reached.
    pub versions: Figure,
    /// Bytes, repeats counted once.
    pub bytes: Figure,
    /// Versions of which only the names became known.
    pub names_only: u64,
    /// People named in what was reached.
    pub people: Figure,
    /// By type of data: people whose data of this type was reached.
    pub types: BTreeMap<DataType, Figure>,
    /// Versions that no detector has read.
    pub unscanned: u64,
    /// The objects, by bucket and key.
    pub objects: Vec<ScopedObject>,
    /// How many objects are not listed.
    pub objects_omitted: u64,
}

/// One object that was reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScopedObject {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// The version.
    pub version: VersionId,
    /// Its size.
    pub size: u64,
    /// Bytes of it.
    pub bytes: Figure,
    /// Byte ranges that were allowed, `from` inclusive, `to` exclusive.
    pub ranges: Vec<(u64, u64)>,
    /// `raw` or `names`.
    pub form: Form,
}

/// Touches of one engagement, by what they come to.
#[derive(Default)]
struct Reached {
    events: u64,
    authorised: Touches,
    sent: Touches,
    names: RoaringTreemap,
}

/// People, by type and in all.
#[derive(Default)]
struct People {
    all: RoaringBitmap,
    types: BTreeMap<DataType, RoaringBitmap>,
}

impl Custody {
    /// Answers what was reached. The question and its answer's digest are entered.
    ///
    /// # Errors
    /// `Invalid` for a window that is empty or no selector; `Hidden` or `Denied` as policy answers; `Corrupt` when an entry or
    /// fact cannot be read: an answer is never silently smaller.
    pub async fn scope(
        &self,
        caller: &Caller,
        request: RequestId,
        question: &ScopeQuestion,
    ) -> Result<Scope, CustodyError> {
        if question.selectors.is_empty() {
            return Err(CustodyError::invalid("name whose accesses to look for, for example `--credential KEY`"));
        }
        if question.from >= question.to {
            return Err(CustodyError::invalid("the window is empty: `--from` must lie before `--to`"));
        }
        let visible = self.may_scope(caller, request, question).await?;
        self.settle_now().await?;
        let as_of = *self.queue.size().borrow();
        let reached = self.reached(question, as_of, &visible)?;
        let mut scope = Scope {
            schema: SCHEMA.to_owned(),
            selectors: question.selectors.iter().map(|of| format!("{}:{}", of.kind.word(), of.value)).collect(),
            from: question.from,
            to: question.to,
            as_of_entries: as_of,
            asked: self.clock.now(),
            events: 0,
            versions: Figure::default(),
            bytes: Figure::default(),
            possible_bytes: 0,
            names_only: 0,
            engagements: Vec::new(),
            limits: vec![
                "copies made before import, screens photographed, and bytes read round the gateway are not seen"
                    .to_owned(),
            ],
        };
        for (id, reached) in reached {
            let Some(engagement) = self.directory.engagement(id) else { continue };
            let part = self.join(&engagement, reached)?;
            scope.add(&part);
            if part.unscanned > 0 {
                scope.limits.push(format!(
                    "{} versions of `{}` were not scanned: what they hold is not known",
                    part.unscanned, part.name
                ));
            }
            scope.possible_bytes = scope.possible_bytes.saturating_add(self.catalog.engagement_bytes(id)?.0);
            scope.engagements.push(part);
        }
        scope.possible_bytes = scope.possible_bytes.max(scope.bytes.authorised);
        let digest = attest::sha256(&[&serde_json::to_vec(&scope).unwrap_or_default()]);
        let what = Evidence { made: "scope", digest: data_encoding::HEXLOWER.encode(&digest) };
        let chains: BTreeSet<EngagementId> = scope.engagements.iter().map(|part| part.engagement).collect();
        for chain in chains {
            let what = Evidence { made: what.made, digest: what.digest.clone() };
            self.enter(caller, request, chain.into(), kind::EVIDENCE, what).await?;
        }
        Ok(scope)
    }

    /// The engagements the caller may scope: one that was named, or all that policy allows.
    async fn may_scope(
        &self,
        caller: &Caller,
        request: RequestId,
        question: &ScopeQuestion,
    ) -> Result<BTreeSet<EngagementId>, CustodyError> {
        let asked = match &question.engagement {
            Some(name) => vec![self.visible(caller, name)?],
            None => self.directory.engagements(),
        };
        let mut visible = BTreeSet::new();
        for engagement in asked {
            if caller.who().partner.is_some_and(|partner| partner != engagement.partner) {
                continue;
            }
            let matter = Matter {
                request,
                verb: Verb::Scope,
                form: Form::Names,
                engagement: &engagement,
                dataset: None,
                bytes: None,
                approvers: Vec::new(),
            };
            let permit = self.judge(caller, matter).await?;
            let _receipt = self.releaser.release(permit).await?;
            visible.insert(engagement.id);
        }
        Ok(visible)
    }

    /// Every touch that the question selects, by engagement.
    fn reached(
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
    fn index_at(&self, at: Timestamp, size: u64) -> Result<u64, CustodyError> {
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

    /// Joins what was reached with the facts.
    fn join(&self, engagement: &Engagement, reached: Reached) -> Result<EngagementScope, CustodyError> {
        let authorised = self.people(engagement.id, &reached.authorised)?;
        let sent = self.people(engagement.id, &reached.sent)?;
        let mut types = BTreeMap::new();
        for data_type in DataType::ALL {
            let count = |people: &People| people.types.get(data_type).map_or(0, RoaringBitmap::len);
            let figure = Figure { sent: count(&sent), authorised: count(&authorised) };
            if figure.authorised > 0 {
                types.insert(*data_type, figure);
            }
        }
        let raw = ordinals(&reached.authorised);
        let mut names_only = reached.names;
        #[expect(clippy::arithmetic_side_effects, reason = "the difference of two sets")]
        {
            names_only -= &raw;
        }
        let listed: Vec<u64> = raw.iter().chain(&names_only).take(LISTED).collect();
        let partner = self.directory.partner(engagement.partner);
        let mut part = EngagementScope {
            engagement: engagement.id,
            name: engagement.name.clone(),
            partner: partner.map(|partner| partner.name.clone()).unwrap_or_default(),
            events: reached.events,
            versions: Figure { sent: ordinals(&reached.sent).len(), authorised: raw.len() },
            bytes: Figure::default(),
            names_only: names_only.len(),
            people: Figure { sent: sent.all.len(), authorised: authorised.all.len() },
            types,
            unscanned: 0,
            objects: Vec::with_capacity(listed.len()),
            objects_omitted: raw.len().saturating_add(names_only.len()).saturating_sub(listed.len() as u64),
        };
        let mut weigh = |some: &[u64], list: bool| -> Result<(), CustodyError> {
            for brief in self.catalog.versions_by_ordinals(some)? {
                let bytes = Figure {
                    sent: covered(&reached.sent, brief.ordinal, brief.size),
                    authorised: covered(&reached.authorised, brief.ordinal, brief.size),
                };
                let in_full = raw.contains(brief.ordinal);
                part.bytes.add(bytes);
                if in_full && brief.scan != ScanState::Scanned {
                    part.unscanned = part.unscanned.saturating_add(1);
                }
                if list {
                    let bucket = self.directory.dataset(brief.dataset).map(|row| row.bucket.clone());
                    part.objects.push(ScopedObject {
                        bucket: bucket.unwrap_or_else(|| brief.dataset.to_string()),
                        key: String::from_utf8_lossy(&brief.key).into_owned(),
                        version: brief.version,
                        size: brief.size,
                        bytes,
                        ranges: ranges(&reached.authorised, brief.ordinal, brief.size),
                        form: if in_full { Form::Raw } else { Form::Names },
                    });
                }
            }
            Ok(())
        };
        weigh(&listed, true)?;
        let rest: Vec<u64> = raw.iter().skip(LISTED).collect();
        for some in rest.chunks(LISTED) {
            weigh(some, false)?;
        }
        Ok(part)
    }

    /// The people whose data lies in what was touched.
    fn people(&self, engagement: EngagementId, touches: &Touches) -> Result<People, CustodyError> {
        let mut people = People::default();
        self.catalog.facts(engagement, &ordinals(touches), |fact| {
            let block = u64::from(fact.block).saturating_mul(BLOCK_BYTES);
            let block = block..block.saturating_add(BLOCK_BYTES);
            let reached = touches.whole.contains(fact.ordinal)
                || touches.partial.get(&fact.ordinal).is_some_and(|ranges| {
                    ranges.iter().any(|range| range.start < block.end && block.start < range.end)
                });
            if reached {
                people.all.extend(fact.subjects.iter());
                people.types.entry(fact.data_type).or_default().extend(fact.subjects.iter());
            }
        })?;
        Ok(people)
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

impl Figure {
    fn add(&mut self, other: Self) {
        self.sent = self.sent.saturating_add(other.sent);
        self.authorised = self.authorised.saturating_add(other.authorised);
    }
}

impl Scope {
    fn add(&mut self, part: &EngagementScope) {
        self.events = self.events.saturating_add(part.events);
        self.versions.add(part.versions);
        self.bytes.add(part.bytes);
        self.names_only = self.names_only.saturating_add(part.names_only);
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

fn ordinals(touches: &Touches) -> RoaringTreemap {
    let mut all = touches.whole.clone();
    all.extend(touches.partial.keys());
    all
}

/// How many bytes of a version were touched, repeats counted once.
fn covered(touches: &Touches, ordinal: u64, size: u64) -> u64 {
    let lengths = ranges(touches, ordinal, size);
    Bytes(lengths.iter().map(|(from, to)| to.saturating_sub(*from)).sum()).0
}

fn ranges(touches: &Touches, ordinal: u64, size: u64) -> Vec<(u64, u64)> {
    if touches.whole.contains(ordinal) {
        return vec![(0, size)];
    }
    let partial = touches.partial.get(&ordinal);
    partial.map(|ranges| ranges.iter().map(|range| (range.start, range.end)).collect()).unwrap_or_default()
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
