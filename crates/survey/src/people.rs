//! How many people a survey's findings are about: a low and a high figure.
//!
//! Identifiers that a record ties to one person are linked, across files; the number of such groups is the low figure. The
//! high one adds every name that stands in a record without an identifier: nothing says whether that is somebody new.
//! A name alone never links anything.

use std::collections::{HashMap, HashSet};

use base::word::DataType;
use scan::{Facts, Finding};

/// How many people there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// People told apart by an identifier.
    pub low: u64,
    /// Those, and every name that no identifier stands beside.
    pub high: u64,
}

/// Groups of identities.
///
/// LIMIT: it holds every distinct identity, about 60 bytes each.
#[derive(Debug, Default)]
pub(crate) struct People {
    groups: HashMap<[u8; 16], usize>,
    /// The group that each group became part of; its own number while it is one.
    parents: Vec<usize>,
    /// The types that each group has, one bit each. Those of a root count.
    types: Vec<u64>,
    unresolved: HashSet<[u8; 16]>,
}

impl People {
    /// Adds the mentions of `facts`.
    pub(crate) fn add(&mut self, facts: &Facts) {
        for mention in facts.mentions() {
            let types = mention.places.iter().fold(0, |types, (_, data_type)| types | bit(*data_type));
            let mut first = None;
            for identity in mention.identities {
                let group = self.group(*identity);
                let root = match first {
                    None => self.root(group),
                    Some(first) => self.join(first, group),
                };
                first = Some(root);
            }
            if let Some(has) = first.and_then(|root| self.types.get_mut(root)) {
                *has |= types;
            }
        }
    }

    /// Adds names that stand beside no identifier.
    pub(crate) fn add_unresolved(&mut self, names: &mut Vec<[u8; 16]>) {
        self.unresolved.extend(names.drain(..));
    }

    /// How many there are.
    pub(crate) fn count(&self) -> Count {
        let low = self.roots().count() as u64;
        Count { low, high: low.saturating_add(self.unresolved.len() as u64) }
    }

    /// Of how many people there is data of a type.
    pub(crate) fn of(&self, data_type: DataType) -> u64 {
        let has = |root: &usize| self.types.get(*root).is_some_and(|types| types & bit(data_type) != 0);
        self.roots().filter(has).count() as u64
    }

    fn roots(&self) -> impl Iterator<Item = usize> {
        self.parents.iter().enumerate().filter(|(group, parent)| group == *parent).map(|(group, _)| group)
    }

    fn group(&mut self, identity: [u8; 16]) -> usize {
        let Self { groups, parents, types, .. } = self;
        *groups.entry(identity).or_insert_with(|| {
            parents.push(parents.len());
            types.push(0);
            parents.len().saturating_sub(1)
        })
    }

    fn root(&mut self, group: usize) -> usize {
        let mut at = group;
        while let Some(parent) = self.parents.get(at).copied()
            && parent != at
        {
            // Halving the way keeps ways short without a second pass.
            let above = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(shortened) = self.parents.get_mut(at) {
                *shortened = above;
            }
            at = above;
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) -> usize {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            let types = self.types.get(other).copied().unwrap_or(0);
            if let Some(parent) = self.parents.get_mut(other) {
                *parent = one;
            }
            if let Some(has) = self.types.get_mut(one) {
                *has |= types;
            }
        }
        one
    }
}

/// The bit of a type: there are fewer than 64.
const fn bit(data_type: DataType) -> u64 {
    1_u64.wrapping_shl(data_type as u32)
}

/// Finds the names that stand in records without an identifier, as findings go by.
#[derive(Debug)]
pub(crate) struct Unresolved {
    record: u64,
    identified: bool,
    open: Vec<[u8; 16]>,
    /// Those found so far.
    pub(crate) names: Vec<[u8; 16]>,
}

/// How many names of one record are kept; a record with more is a list, and its length is what matters.
const MOST_OPEN: usize = 100_000;

impl Unresolved {
    /// Nothing was seen yet.
    pub(crate) const NONE: Self = Self { record: 0, identified: false, open: Vec::new(), names: Vec::new() };

    /// Looks at the next finding.
    pub(crate) fn see(&mut self, finding: &Finding) {
        if finding.record != self.record {
            self.end();
            self.record = finding.record;
        }
        self.identified |= finding.data_type.identifies();
        if finding.data_type == DataType::Name && !self.identified && self.open.len() < MOST_OPEN {
            self.open.push(finding.identity);
        }
    }

    /// Ends the record.
    pub(crate) fn end(&mut self) {
        if !self.identified {
            self.names.append(&mut self.open);
        }
        self.open.clear();
        self.identified = false;
    }
}

#[cfg(test)]
mod tests {
    use scan::{Blocks, Confidence, Folder, Sample, Sink as _};

    use super::*;

    fn people(records: &[&[(DataType, u8)]]) -> People {
        let mut people = People::default();
        let mut unresolved = Unresolved::NONE;
        let mut folder = Folder::new(Blocks { first: 1 << 20, rest: 1 << 20 });
        for (record, findings) in records.iter().enumerate() {
            for (data_type, value) in *findings {
                let finding = finding(record as u64, *data_type, *value);
                unresolved.see(&finding);
                folder.take(finding);
            }
        }
        unresolved.end();
        people.add(&folder.finish());
        people.add_unresolved(&mut unresolved.names);
        people
    }

    fn finding(record: u64, data_type: DataType, value: u8) -> Finding {
        let mut identity = [value; 16];
        identity[0] = data_type as u8;
        Finding {
            data_type,
            rule: scan::RuleId::default(),
            from: 0,
            to: 1,
            record,
            part: 0,
            validator: "",
            confidence: Confidence::High,
            sample: Sample::of(data_type, b""),
            residence: None,
            identity,
        }
    }

    #[test]
    fn identifiers_link_across_records_and_names_do_not() {
        use DataType::{Email, Name, Phone, Ssn};
        let people = people(&[
            &[(Email, 1), (Phone, 1), (Name, 1)],
            &[(Phone, 1), (Ssn, 1)],
            &[(Email, 2), (Name, 1)],
            &[(Name, 1)],
            &[(Name, 1), (Name, 2)],
            &[(Ssn, 3)],
        ]);
        assert_eq!(people.count(), Count { low: 3, high: 5 });
        assert_eq!([Email, Phone, Ssn].map(|data_type| people.of(data_type)), [2, 1, 2]);
    }

    #[test]
    fn the_order_of_records_makes_no_difference() {
        use DataType::{Email, Phone};
        let chain: Vec<[(DataType, u8); 2]> = (0..40).map(|at| [(Email, at), (Phone, at / 2)]).collect();
        let mut records: Vec<&[(DataType, u8)]> = chain.iter().map(|pair| &pair[..]).collect();
        let forward = people(&records).count();
        records.reverse();
        assert_eq!((forward, forward.low), (people(&records).count(), 20));
    }
}
