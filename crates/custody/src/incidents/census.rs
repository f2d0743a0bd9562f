//! People of an engagement, by exactly what is known of each and in which data: one pass over the facts of what was reached and
//! of what was within reach.

use std::collections::BTreeMap;
use std::ops::Range;

use base::id::EngagementId;
use base::word::DataType;
use catalog::model::Touches;
use incident::census::{Census, Group};
use incident::draft::Count;
use roaring::{RoaringBitmap, RoaringTreemap};

use crate::custody::Custody;
use crate::error::CustodyError;
use scope::people::BLOCK_BYTES;

/// People by type of data, at one level of certainty.
#[derive(Default)]
pub(crate) struct Level {
    pub(crate) types: BTreeMap<DataType, RoaringBitmap>,
    pub(crate) unresolved: u64,
}

/// People at three levels: in what was sent, in what receipts allowed, in what was within reach.
#[derive(Default)]
pub(crate) struct People {
    pub(crate) sent: Level,
    pub(crate) authorised: Level,
    pub(crate) possible: Level,
    /// Versions in which somebody is named whom nothing tells apart.
    pub(crate) unidentified: RoaringTreemap,
    /// For each person in what was allowed: where they are found first, as ordinal and block.
    pub(crate) places: BTreeMap<u32, (u64, u32)>,
}

/// Where somebody lives: a code and who lives there.
pub(crate) type Residences = Vec<(String, RoaringBitmap)>;

impl Level {
    fn add(&mut self, data_type: DataType, subjects: &[u32], unresolved: u64) {
        self.types.entry(data_type).or_default().extend(subjects);
        self.unresolved = self.unresolved.saturating_add(unresolved);
    }

    /// Everybody.
    pub(crate) fn all(&self) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        for people in self.types.values() {
            all |= people;
        }
        all
    }

    /// Splits everybody into groups of whom the same is known and who live in the same place.
    pub(crate) fn groups(&self, residences: &Residences) -> Vec<Group> {
        let mut groups: Vec<(Group, RoaringBitmap)> =
            vec![(Group { elements: Default::default(), residence: None, people: 0 }, self.all())];
        for (data_type, people) in &self.types {
            split(&mut groups, people, |group| _ = group.elements.insert(*data_type));
        }
        for (code, people) in residences {
            split(&mut groups, people, |group| _ = group.residence.get_or_insert_with(|| code.clone()));
        }
        let filled = groups.into_iter().filter(|(_, people)| !people.is_empty());
        filled.map(|(group, people)| Group { people: people.len(), ..group }).collect()
    }
}

/// Splits every group into those who are among `people`, of whom `tell` says more, and those who are not.
fn split(groups: &mut Vec<(Group, RoaringBitmap)>, people: &RoaringBitmap, tell: impl Fn(&mut Group)) {
    let mut split = Vec::with_capacity(groups.len());
    for (group, members) in groups.drain(..) {
        #[expect(clippy::arithmetic_side_effects, reason = "the intersection and the difference of two sets")]
        let (inside, outside) = (&members & people, &members - people);
        if !inside.is_empty() {
            let mut told = group.clone();
            tell(&mut told);
            split.push((told, inside));
        }
        if !outside.is_empty() {
            split.push((group, outside));
        }
    }
    *groups = split;
}

impl People {
    /// How many.
    pub(crate) fn count(&self) -> Count {
        Count {
            sent: self.sent.all().len(),
            authorised: self.authorised.all().len().saturating_add(self.authorised.unresolved),
            possible: self.possible.all().len().saturating_add(self.possible.unresolved),
        }
    }

    /// The census. Nothing is released sealed, so what left in any form is what left readable.
    ///
    /// People whom nothing tells apart may each be one more: they are in the allowance, of whom nothing else is known.
    pub(crate) fn census(&self, residences: &Residences) -> Census {
        let possible = self.possible.groups(residences);
        Census {
            served: self.sent.groups(residences),
            with_sealed: possible.clone(),
            possible,
            unscanned_allowance: self.possible.unresolved,
        }
    }
}

impl Custody {
    /// Counts the people of an engagement in what was sent, allowed, and within reach.
    pub(crate) fn people_reached(
        &self,
        engagement: EngagementId,
        (sent, authorised): (&Touches, &Touches),
        possible: &RoaringTreemap,
    ) -> Result<People, CustodyError> {
        let mut people = People::default();
        let mut all = possible.clone();
        all |= &authorised.whole;
        all.extend(authorised.partial.keys().copied());
        self.catalog.facts(engagement, &all, |fact| {
            let block = place_of(fact.block);
            people.possible.add(fact.data_type, &fact.subjects, fact.unresolved);
            if meets(authorised, fact.ordinal, |range| range.start < block.end && block.start < range.end) {
                people.authorised.add(fact.data_type, &fact.subjects, fact.unresolved);
                if fact.unresolved > 0 {
                    people.unidentified.insert(fact.ordinal);
                }
                for person in &fact.subjects {
                    people.places.entry(*person).or_insert((fact.ordinal, fact.block));
                }
            }
            // A block that was sent in part counts nobody for the minimum: who stands in which half is not known.
            if meets(sent, fact.ordinal, |range| range.start <= block.start && block.end <= range.end) {
                people.sent.add(fact.data_type, &fact.subjects, fact.unresolved);
            }
        })?;
        Ok(people)
    }
}

/// The bytes of a block; what lies nobody knows where may lie anywhere.
fn place_of(block: u32) -> Range<u64> {
    match block {
        scan::ANYWHERE => 0..u64::MAX,
        block => {
            let from = u64::from(block).saturating_mul(BLOCK_BYTES);
            from..from.saturating_add(BLOCK_BYTES)
        }
    }
}

fn meets(touches: &Touches, ordinal: u64, counts: impl Fn(&Range<u64>) -> bool) -> bool {
    touches.whole.contains(ordinal) || touches.partial.get(&ordinal).is_some_and(|ranges| ranges.iter().any(counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_stands_in_one_group_with_all_that_is_known_of_them() {
        let mut level = Level::default();
        level.add(DataType::Name, &[1, 2, 3], 0);
        level.add(DataType::Ssn, &[2, 3], 0);
        level.add(DataType::Email, &[9], 2);
        let residences = vec![("US-CA".to_owned(), [2, 9].into_iter().collect())];
        let mut groups: Vec<_> = level
            .groups(&residences)
            .into_iter()
            .map(|group| (group.elements.into_iter().collect::<Vec<_>>(), group.residence, group.people))
            .collect();
        groups.sort();
        let home = Some("US-CA".to_owned());
        assert_eq!(
            groups,
            [
                (vec![DataType::Email], home.clone(), 1),
                (vec![DataType::Ssn, DataType::Name], None, 1),
                (vec![DataType::Ssn, DataType::Name], home, 1),
                (vec![DataType::Name], None, 1),
            ]
        );
    }

    #[test]
    fn nobody_at_all_is_no_group() {
        assert!(Level::default().groups(&Vec::new()).is_empty());
    }
}
