//! Joins what was reached with the facts: which objects, which types of data, about how many people.
//!
//! Counts come from packs, in one pass; only what is listed by name is looked up one by one.

use std::collections::BTreeMap;

use base::word::{DataType, Form};
use roaring::{RoaringBitmap, RoaringTreemap};
use scope::{Pair, People, Touches, ranges};

use crate::custody::Custody;
use crate::directory::Engagement;
use crate::error::CustodyError;
use crate::reach::Reached;
use crate::scope::{EngagementScope, Figure, LISTED, ScopedObject};

impl Custody {
    /// Joins what was reached with the facts.
    pub(crate) fn join(&self, engagement: &Engagement, reached: &Reached) -> Result<EngagementScope, CustodyError> {
        let touches = Pair { sent: reached.sent.clone(), authorised: reached.authorised.clone() };
        let summary = self.catalog.summary(engagement.id, &touches)?;
        let Pair { sent, authorised } = &summary.people;
        let mut types = BTreeMap::new();
        for data_type in DataType::ALL {
            let count = |people: &People| people.types.get(data_type).map_or(0, RoaringBitmap::len);
            let figure = Figure { sent: count(sent), authorised: count(authorised) };
            if figure.authorised > 0 {
                types.insert(*data_type, figure);
            }
        }
        let raw = touches.authorised.ordinals();
        let mut names_only = reached.names.clone();
        #[expect(clippy::arithmetic_side_effects, reason = "the difference of two sets")]
        {
            names_only -= &raw;
        }
        let partner = self.directory.partner(engagement.partner);
        let bytes = summary.bytes();
        let objects = self.named(&touches, &raw, &names_only)?;
        Ok(EngagementScope {
            engagement: engagement.id,
            name: engagement.name.clone(),
            partner: partner.map(|partner| partner.name.clone()).unwrap_or_default(),
            events: reached.events,
            versions: Figure { sent: touches.sent.ordinals().len(), authorised: raw.len() },
            bytes: Figure { sent: bytes.sent, authorised: bytes.authorised },
            names_only: names_only.len(),
            people: Figure { sent: sent.all.len(), authorised: authorised.all.len() },
            unresolved: Figure { sent: sent.unresolved, authorised: authorised.unresolved },
            types,
            unscanned: summary.unscanned,
            objects_omitted: raw.len().saturating_add(names_only.len()).saturating_sub(objects.len() as u64),
            objects,
        })
    }

    /// The first objects by name: those whose bytes were reached, then those of which only the names became known.
    fn named(
        &self,
        touches: &Pair<Touches>,
        raw: &RoaringTreemap,
        names_only: &RoaringTreemap,
    ) -> Result<Vec<ScopedObject>, CustodyError> {
        let listed: Vec<u64> = raw.iter().chain(names_only).take(LISTED).collect();
        let mut objects = Vec::with_capacity(listed.len());
        for brief in self.catalog.versions_by_ordinals(&listed)? {
            let bucket = self.directory.dataset(brief.dataset).map(|row| row.bucket.clone());
            objects.push(ScopedObject {
                bucket: bucket.unwrap_or_else(|| brief.dataset.to_string()),
                key: String::from_utf8_lossy(&brief.key).into_owned(),
                version: brief.version,
                size: brief.size,
                bytes: Figure {
                    sent: covered(&touches.sent, brief.ordinal, brief.size),
                    authorised: covered(&touches.authorised, brief.ordinal, brief.size),
                },
                ranges: within(&touches.authorised, brief.ordinal, brief.size),
                form: if raw.contains(brief.ordinal) { Form::Raw } else { Form::Names },
            });
        }
        Ok(objects)
    }
}

/// How many bytes of a version were touched, repeats counted once.
pub(crate) fn covered(touches: &Touches, ordinal: u64, size: u64) -> u64 {
    if touches.whole.contains(ordinal) {
        return size;
    }
    touches.partial.get(&ordinal).map_or(0, |known| ranges::length(known))
}

fn within(touches: &Touches, ordinal: u64, size: u64) -> Vec<(u64, u64)> {
    if touches.whole.contains(ordinal) {
        return vec![(0, size)];
    }
    let partial = touches.partial.get(&ordinal);
    partial.map(|ranges| ranges.iter().map(|range| (range.start, range.end)).collect()).unwrap_or_default()
}
