//! Folds findings into facts: which people a version is about, and where.
//!
//! The catalog turns each [`Mention`] into one person: the identities of a mention belong together, and every block it
//! touches gets that person in its set for the data type.
//!
//! # Who belongs together
//!
//! Links are made inside a record only. A stretch of findings *speaks of one person* when it holds at most one e-mail
//! address, social security number, card and IBAN each.
//!
//! 1. A record that speaks of one person is one mention. Telephone numbers belong to it too, up to [`MOST_PHONES`] beside
//!    another identifier, or one alone; if there are more, none does, and each is a mention of its own.
//! 2. A record that speaks of several is taken apart: each of its parts (an object inside it, a line of it) is judged
//!    by the first rule.
//! 3. In a part that still speaks of several, each identity is a mention of its own: two addresses are two people, and
//!    nothing says whose the other identifiers are.
//!
//! So doubt makes more people, not fewer: somebody may be counted twice.
//!
//! LIMIT: when a record names two people by one identifier of a different type each, they are taken for one.

use base::word::DataType;

use crate::finding::{Finding, Sink};

/// How many telephone numbers one person may have beside another identifier: mobile, desk and fax.
pub const MOST_PHONES: usize = 3;

/// Types of which a person named in a record has one, strongest first. The order of identities in a mention follows it.
const SINGLE: [DataType; 6] =
    [DataType::Email, DataType::Ssn, DataType::NationalId, DataType::Passport, DataType::Iban, DataType::Card];

/// How offsets fall into blocks: block 0 holds `first` bytes of plaintext, every other `rest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Bytes in block 0.
    pub first: u64,
    /// Bytes in each other block.
    pub rest: u64,
}

impl Blocks {
    /// The block that holds the byte at `offset`. Without a block size everything is in one block more.
    #[must_use]
    pub fn of(self, offset: u64) -> u32 {
        match offset.checked_sub(self.first) {
            None => 0,
            Some(beyond) => {
                let block = beyond.checked_div(self.rest).unwrap_or(0).saturating_add(1);
                u32::try_from(block).unwrap_or(u32::MAX)
            }
        }
    }
}

/// One person in one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention<'a> {
    /// The record.
    pub record: u64,
    /// The person's identities, strongest first, each once.
    pub identities: &'a [[u8; 16]],
    /// The blocks in which they occur, with the type that occurs there; sorted, each once.
    pub places: &'a [(u32, DataType)],
}

/// Everything the catalog keeps of a scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    // One list each for all mentions: a million of them are two allocations, not two million.
    ends: Vec<Ends>,
    identities: Vec<[u8; 16]>,
    places: Vec<(u32, DataType)>,
    counts: [u64; DataType::ALL.len()],
}

/// Where a mention's share of the lists ends; it begins where the one before ends.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ends {
    record: u64,
    identities: usize,
    places: usize,
}

impl Facts {
    /// The people, by record.
    pub fn mentions(&self) -> impl Iterator<Item = Mention<'_>> {
        let mut from = (0, 0);
        self.ends.iter().map(move |ends| {
            let begin = std::mem::replace(&mut from, (ends.identities, ends.places));
            Mention {
                record: ends.record,
                identities: self.identities.get(begin.0..ends.identities).unwrap_or_default(),
                places: self.places.get(begin.1..ends.places).unwrap_or_default(),
            }
        })
    }

    /// How many findings of `data_type` there are.
    #[must_use]
    pub fn count(&self, data_type: DataType) -> u64 {
        self.counts.get(data_type as usize).copied().unwrap_or(0)
    }

    /// The types that occur, with how often they do.
    pub fn counts(&self) -> impl Iterator<Item = (DataType, u64)> {
        DataType::ALL.iter().map(|data_type| (*data_type, self.count(*data_type))).filter(|(_, count)| *count > 0)
    }
}

/// The sink that makes [`Facts`]. Findings of one record must come together, as a scan makes them.
#[derive(Debug)]
pub struct Folder {
    blocks: Blocks,
    facts: Facts,
    record: u64,
    /// The findings of the record under way.
    open: Vec<Seen>,
}

/// What is kept of a finding until its record is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    part: u32,
    /// Place in the order of strength.
    rank: u8,
    data_type: DataType,
    identity: [u8; 16],
    first_block: u32,
    last_block: u32,
}

impl Folder {
    /// Folds findings into the blocks of one sealed object.
    #[must_use]
    pub fn new(blocks: Blocks) -> Self {
        Self { blocks, facts: Facts::default(), record: 0, open: Vec::new() }
    }

    /// The facts, once the scan is over.
    #[must_use]
    pub fn finish(mut self) -> Facts {
        self.end_record();
        self.facts
    }

    /// Takes out the mentions made so far, for a catalog that stores them as they come; counts stay until the end.
    #[must_use]
    pub fn take_mentions(&mut self) -> Facts {
        let counts = std::mem::take(&mut self.facts.counts);
        let taken = std::mem::take(&mut self.facts);
        self.facts.counts = counts;
        taken
    }

    /// How many mentions [`Self::take_mentions`] would take.
    #[must_use]
    pub fn held(&self) -> usize {
        self.facts.ends.len()
    }

    fn end_record(&mut self) {
        let mut open = std::mem::take(&mut self.open);
        if speaks_of_one(&open) {
            self.mention(&mut open);
        } else {
            open.sort_unstable();
            for part in open.chunk_by_mut(|left, right| left.part == right.part) {
                if speaks_of_one(part) {
                    self.mention(part);
                } else {
                    self.each_alone(part);
                }
            }
        }
        open.clear();
        self.open = open;
    }

    /// One person: all of `seen`, save telephone numbers that are too many to be one person's.
    fn mention(&mut self, seen: &mut [Seen]) {
        seen.sort_unstable_by_key(|seen| (seen.rank, seen.identity));
        seen.sort_by_key(|seen| seen.data_type == DataType::Phone);
        let phones_from = seen.partition_point(|seen| seen.data_type != DataType::Phone);
        let (others, phones) = seen.split_at_mut(phones_from);
        let most = if others.is_empty() { 1 } else { MOST_PHONES };
        if distinct(phones) > most {
            self.add(others);
            self.each_alone(phones);
        } else {
            self.add(seen);
        }
    }

    /// As many people as there are identities.
    fn each_alone(&mut self, seen: &mut [Seen]) {
        seen.sort_unstable_by_key(|seen| (seen.rank, seen.identity));
        for same in seen.chunk_by(|left, right| left.identity == right.identity) {
            self.add(same);
        }
    }

    /// Adds a mention of `seen`, which are sorted by rank and identity.
    fn add(&mut self, seen: &[Seen]) {
        if seen.is_empty() {
            return;
        }
        let facts = &mut self.facts;
        let places_from = facts.places.len();
        for seen in seen {
            facts.places.extend((seen.first_block..=seen.last_block).map(|block| (block, seen.data_type)));
        }
        let mut places = facts.places.split_off(places_from);
        places.sort_unstable();
        places.dedup();
        facts.places.append(&mut places);
        let same = |left: &Seen, right: &Seen| left.identity == right.identity;
        facts.identities.extend(seen.chunk_by(same).filter_map(|same| same.first()).map(|seen| seen.identity));
        facts.ends.push(Ends { record: self.record, identities: facts.identities.len(), places: facts.places.len() });
    }
}

impl Sink for Folder {
    fn take(&mut self, finding: Finding) {
        if finding.record != self.record {
            self.end_record();
            self.record = finding.record;
        }
        if let Some(count) = self.facts.counts.get_mut(finding.data_type as usize) {
            *count = count.saturating_add(1);
        }
        // LIMIT: what identifies nobody is counted and not attributed.
        if !finding.data_type.identifies() {
            return;
        }
        let rank = SINGLE.iter().position(|single| *single == finding.data_type).unwrap_or(SINGLE.len());
        self.open.push(Seen {
            part: finding.part,
            rank: u8::try_from(rank).unwrap_or(u8::MAX),
            data_type: finding.data_type,
            identity: finding.identity,
            first_block: self.blocks.of(finding.from),
            // A value that crosses into the next block is in both.
            last_block: self.blocks.of(finding.to.saturating_sub(1).max(finding.from)),
        });
    }
}

/// Whether `seen` hold at most one identity of each type that a person has one of.
fn speaks_of_one(seen: &[Seen]) -> bool {
    SINGLE.iter().all(|single| {
        let mut identities = seen.iter().filter(|seen| seen.data_type == *single).map(|seen| seen.identity);
        let first = identities.next();
        identities.all(|identity| Some(identity) == first)
    })
}

/// How many identities there are among `seen`, sorted.
fn distinct(seen: &[Seen]) -> usize {
    seen.chunk_by(|left, right| left.identity == right.identity).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Confidence;
    use crate::sample::Sample;

    const BLOCKS: Blocks = Blocks { first: 100, rest: 50 };

    fn finding(record: u64, part: u32, data_type: DataType, person: u8) -> Finding {
        let identity = [person ^ (data_type as u8).wrapping_shl(5); 16];
        let (from, to) = (record, record.saturating_add(5));
        let (rule, sample) = (crate::rules::RuleId::default(), Sample::of(data_type, b""));
        Finding {
            data_type,
            rule,
            from,
            to,
            record,
            part,
            validator: "",
            confidence: Confidence::High,
            sample,
            identity,
        }
    }

    /// How many mentions the findings make, each as its number of identities.
    fn mentions(findings: Vec<Finding>) -> Vec<usize> {
        let mut folder = Folder::new(BLOCKS);
        findings.into_iter().for_each(|finding| folder.take(finding));
        folder.finish().mentions().map(|mention| mention.identities.len()).collect()
    }

    use DataType::{Card, Email, Phone, Ssn};

    #[test]
    fn one_of_each_is_one_person() {
        let record =
            vec![finding(0, 1, Phone, 1), finding(0, 2, Email, 1), finding(0, 3, Ssn, 1), finding(0, 1, Card, 1)];
        assert_eq!(mentions(record), [4]);
    }

    #[test]
    fn two_addresses_are_two_people_and_nothing_else_is_attached() {
        let record = vec![finding(0, 0, Email, 1), finding(0, 0, Email, 2), finding(0, 0, Phone, 1)];
        assert_eq!(mentions(record), [1, 1, 1]);
    }

    #[test]
    fn parts_tell_people_apart() {
        let record = vec![
            finding(0, 1, Email, 1),
            finding(0, 1, Phone, 1),
            finding(0, 2, Email, 2),
            finding(0, 2, Phone, 2),
            finding(0, 3, Phone, 3),
        ];
        assert_eq!(mentions(record), [2, 2, 1]);
    }

    #[test]
    fn the_same_address_twice_is_one_person() {
        let record = vec![finding(0, 1, Email, 1), finding(0, 2, Email, 1), finding(0, 2, Phone, 1)];
        assert_eq!(mentions(record), [2]);
    }

    #[test]
    fn more_phones_than_a_person_has_stand_alone() {
        let mut record: Vec<Finding> = (0..4).map(|person| finding(0, 0, Phone, person)).collect();
        record.push(finding(0, 0, Email, 1));
        assert_eq!(mentions(record), [1, 1, 1, 1, 1]);
    }

    #[test]
    fn phones_belong_to_somebody_known_otherwise() {
        let phones = || (0..3).map(|person| finding(0, 0, Phone, person));
        assert_eq!(mentions(phones().collect()), [1, 1, 1]);
        assert_eq!(mentions(phones().chain([finding(0, 0, Ssn, 1)]).collect()), [4]);
    }

    #[test]
    fn records_are_never_linked() {
        assert_eq!(mentions(vec![finding(0, 0, Email, 1), finding(1, 0, Phone, 1)]), [1, 1]);
    }

    #[test]
    fn the_strongest_identity_comes_first() {
        let mut folder = Folder::new(BLOCKS);
        for finding in [finding(0, 0, Phone, 1), finding(0, 0, Email, 1)] {
            folder.take(finding);
        }
        let facts = folder.finish();
        assert_eq!(
            facts.mentions().next().map(|mention| mention.identities[0]),
            Some(finding(0, 0, Email, 1).identity)
        );
    }

    #[test]
    fn a_value_that_crosses_blocks_is_in_both() {
        let mut folder = Folder::new(BLOCKS);
        folder.take(Finding { from: 148, to: 152, ..finding(0, 0, Email, 1) });
        folder.take(Finding { from: 10, to: 20, ..finding(0, 0, Phone, 1) });
        folder.take(Finding { from: 30, to: 40, ..finding(0, 0, Phone, 1) });
        let facts = folder.finish();
        let places: Vec<_> = facts.mentions().flat_map(|mention| mention.places.to_vec()).collect();
        assert_eq!(places, [(0, Phone), (1, Email), (2, Email)]);
        assert_eq!(facts.counts().collect::<Vec<_>>(), [(Email, 1), (Phone, 2)]);
    }

    #[test]
    fn blocks_have_edges() {
        let of = |offset| BLOCKS.of(offset);
        assert_eq!([of(0), of(99), of(100), of(149), of(150), of(u64::MAX)], [0, 0, 1, 1, 2, u32::MAX]);
        assert_eq!(Blocks { first: 10, rest: 0 }.of(99), 1);
    }

    #[test]
    fn mentions_can_be_taken_as_they_come() {
        let mut folder = Folder::new(BLOCKS);
        folder.take(finding(0, 0, Email, 1));
        folder.take(finding(1, 0, Email, 2));
        assert_eq!(folder.held(), 1);
        assert_eq!(folder.take_mentions().mentions().count(), 1);
        let facts = folder.finish();
        assert_eq!((facts.mentions().count(), facts.count(Email)), (1, 2));
    }
}
