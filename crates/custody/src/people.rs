//! Counting people: at least those whom identifiers tell apart, at most also those who are only named.
//!
//! Two ordinals are linked when an identifier of one was met beside another of the other: perhaps one person, perhaps two who
//! share a telephone. The least counts linked ones as one, the most counts each, and everybody who is named with nothing that
//! tells them apart.

use std::collections::{BTreeSet, HashMap};

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

/// How many people: between two bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headcount {
    /// At least.
    pub low: u64,
    /// At most.
    pub high: u64,
}

/// Which ordinals may be one person.
pub(crate) struct Links(HashMap<u32, u32>);

impl Links {
    /// From pairs of ordinals. Two of those who are `keyed` are never one: a contract tells them apart.
    pub(crate) fn of(pairs: &[(u32, u32)], keyed: &RoaringBitmap) -> Self {
        let mut links = Self(HashMap::new());
        // Groups with somebody keyed, by their first.
        let mut known: BTreeSet<u32> = BTreeSet::new();
        let is_known = |known: &BTreeSet<u32>, first: u32| known.contains(&first) || keyed.contains(first);
        for (a, b) in pairs {
            let (a, b) = (links.first(*a), links.first(*b));
            let (a_known, b_known) = (is_known(&known, a), is_known(&known, b));
            if a == b || (a_known && b_known) {
                continue;
            }
            links.0.insert(a.max(b), a.min(b));
            if a_known || b_known {
                known.insert(a.min(b));
            }
        }
        // Each stands directly under its first now, so that counting looks up once.
        let all: Vec<u32> = links.0.keys().copied().collect();
        for one in all {
            let first = links.first(one);
            links.0.insert(one, first);
        }
        links
    }

    /// The smallest ordinal that is linked with this one.
    fn first(&mut self, one: u32) -> u32 {
        let mut first = one;
        while let Some(before) = self.0.get(&first).copied().filter(|before| *before != first) {
            first = before;
        }
        // INVARIANT: links lead to smaller ordinals, so every walk ends; it is shortened for the next one.
        let mut walked = one;
        while walked != first {
            let Some(next) = self.0.insert(walked, first) else { break };
            walked = next;
        }
        first
    }

    /// How many people a set of ordinals and mentions of others are.
    pub(crate) fn count(&self, people: &RoaringBitmap, unresolved: u64) -> Headcount {
        let mut linked = BTreeSet::new();
        let mut alone = 0u64;
        for person in people {
            match self.0.get(&person) {
                Some(first) => _ = linked.insert(*first),
                None => alone = alone.saturating_add(1),
            }
        }
        // The first of a group has no link of its own, and is counted with its group if others of it are here.
        let firsts = linked.iter().filter(|first| people.contains(**first) && !self.0.contains_key(first)).count();
        let low = alone.saturating_add(linked.len() as u64).saturating_sub(firsts as u64);
        Headcount { low, high: people.len().saturating_add(unresolved) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(pairs: &[(u32, u32)], people: &[u32], unresolved: u64) -> (u64, u64) {
        counted(pairs, &[], people, unresolved)
    }

    fn counted(pairs: &[(u32, u32)], keyed: &[u32], people: &[u32], unresolved: u64) -> (u64, u64) {
        let links = Links::of(pairs, &keyed.iter().copied().collect());
        let Headcount { low, high } = links.count(&people.iter().copied().collect(), unresolved);
        (low, high)
    }

    #[test]
    fn linked_people_may_be_one_and_named_ones_may_be_others() {
        assert_eq!(count(&[], &[1, 2, 3], 0), (3, 3));
        assert_eq!(count(&[(1, 2)], &[1, 2, 3], 4), (2, 7));
        assert_eq!(count(&[(1, 2), (2, 3), (4, 5)], &[1, 2, 3, 4, 5, 6], 0), (3, 6));
        assert_eq!(count(&[(2, 3), (1, 3)], &[1, 2, 3], 0), (1, 3));
    }

    #[test]
    fn people_with_keys_of_their_own_are_never_one() {
        assert_eq!(counted(&[(1, 2)], &[1, 2], &[1, 2], 0), (2, 2));
        assert_eq!(counted(&[(1, 3), (2, 3)], &[1, 2], &[1, 2, 3], 0), (2, 3), "they share an address");
        assert_eq!(counted(&[(1, 3), (2, 3), (3, 4)], &[1, 2], &[1, 2, 3, 4], 0), (2, 4));
        assert_eq!(counted(&[(3, 4), (4, 5)], &[5], &[3, 4, 5], 0), (1, 3));
    }

    #[test]
    fn people_are_linked_through_somebody_who_is_not_here() {
        assert_eq!(count(&[(1, 2), (2, 3)], &[1, 3], 0), (1, 2));
        assert_eq!(count(&[(1, 2), (1, 3)], &[2, 3], 0), (1, 2));
        assert_eq!(count(&[(1, 2)], &[2], 0), (1, 1));
        assert_eq!(count(&[(1, 2)], &[1], 0), (1, 1));
    }
}
