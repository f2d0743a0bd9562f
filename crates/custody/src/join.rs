//! Joins what was reached with the facts: which objects, which types of data, about how many people.

use std::collections::BTreeMap;
use std::ops::Range;

use base::Bytes;
use base::id::EngagementId;
use base::word::{DataType, Form, ScanState};
use catalog::model::Touches;
use roaring::{RoaringBitmap, RoaringTreemap};

use crate::custody::Custody;
use crate::directory::Engagement;
use crate::error::CustodyError;
use crate::facts::BLOCK_BYTES;
use crate::reach::Reached;
use crate::scope::{EngagementScope, Figure, LISTED, ScopedObject};

/// People, by type and in all.
#[derive(Default)]
struct People {
    all: RoaringBitmap,
    unresolved: u64,
    types: BTreeMap<DataType, RoaringBitmap>,
}

impl Custody {
    /// Joins what was reached with the facts.
    pub(crate) fn join(&self, engagement: &Engagement, reached: Reached) -> Result<EngagementScope, CustodyError> {
        let authorised = self.people(engagement.id, &reached.authorised, touches_block)?;
        let sent = self.people(engagement.id, &reached.sent, covers_block)?;
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
            unresolved: Figure { sent: sent.unresolved, authorised: authorised.unresolved },
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

    /// The people whose data lies in what was touched. Of blocks that were touched in part, `counts` decides: all of them count
    /// for the maximum, none for the minimum, since nobody knows which of a block's people stand in which half.
    fn people(
        &self,
        engagement: EngagementId,
        touches: &Touches,
        counts: fn(&Range<u64>, &Range<u64>) -> bool,
    ) -> Result<People, CustodyError> {
        let mut people = People::default();
        self.catalog.facts(engagement, &ordinals(touches), |fact| {
            // What lies nobody knows where is reached by whoever touched anything, and certainly by who read all of it.
            let block = match fact.block {
                scan::ANYWHERE => 0..u64::MAX,
                block => {
                    let from = u64::from(block).saturating_mul(BLOCK_BYTES);
                    from..from.saturating_add(BLOCK_BYTES)
                }
            };
            let reached = touches.whole.contains(fact.ordinal)
                || touches
                    .partial
                    .get(&fact.ordinal)
                    .is_some_and(|ranges| ranges.iter().any(|range| counts(range, &block)));
            if reached {
                people.all.extend(fact.subjects.iter());
                people.unresolved = people.unresolved.saturating_add(fact.unresolved);
                people.types.entry(fact.data_type).or_default().extend(fact.subjects.iter());
            }
        })?;
        Ok(people)
    }
}

fn touches_block(range: &Range<u64>, block: &Range<u64>) -> bool {
    range.start < block.end && block.start < range.end
}

fn covers_block(range: &Range<u64>, block: &Range<u64>) -> bool {
    range.start <= block.start && block.end <= range.end
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
