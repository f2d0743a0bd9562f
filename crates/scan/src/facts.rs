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
//! Where a contract names a key that tells people apart, that key is the person: a record or part with one value of it is that
//! person's, and everything found there is too. An identifier of which one person has one, and of which there are several beside the
//! key, may be theirs or another's: each is a mention of its own, and belongs to the key's as well, so that the least counts one
//! person and the most counts each.
//!
//! # What tells nobody apart
//!
//! A name, an age, an address belongs to the one person of the record or part that it stands in, where that speaks of exactly
//! one. Elsewhere it is said that the type occurs there, about nobody in particular. Names that are more than the people who
//! are known beside them are people whom nothing tells apart ([`Mention::unresolved`]): they count for the most there can be,
//! never for the least, and are never merged: the same name in two records may be two people.
//!
//! LIMIT: when a record names two people by one identifier of a different type each, they are taken for one.

use base::Residence;
use base::word::DataType;

use crate::finding::{Finding, Sink};

/// How many telephone numbers one person may have beside another identifier: mobile, desk and fax.
pub const MOST_PHONES: usize = 3;

/// How many findings of a record are held until it ends. A record with more is cut there, as if it were several: what would
/// have been linked across the cut is not. Two megabytes.
const MOST_OPEN: usize = 32_768;

/// Types of which a person named in a record has one, strongest first. The order of identities in a mention follows it.
const SINGLE: [DataType; 7] = [
    DataType::PersonKey,
    DataType::Email,
    DataType::Ssn,
    DataType::NationalId,
    DataType::Passport,
    DataType::Iban,
    DataType::Card,
];

/// How offsets fall into blocks: block 0 holds `first` bytes of plaintext, every other `rest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Bytes in block 0.
    pub first: u64,
    /// Bytes in each other block.
    pub rest: u64,
}

/// The block of what lies somewhere in the object, nobody knows where: whoever reads any of it may have read that.
pub const ANYWHERE: u32 = u32::MAX;

/// How many blocks a value may span. One that came out of more, such as a compressed stream, lies [`ANYWHERE`].
const MOST_BLOCKS: u32 = 16;

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

/// One person in one record, or what is said there about nobody in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention<'a> {
    /// The record.
    pub record: u64,
    /// The person's identities, strongest first, each once; none for nobody in particular.
    pub identities: &'a [[u8; 16]],
    /// The blocks in which they occur, with the type that occurs there; sorted, each once.
    pub places: &'a [(u32, DataType)],
    /// How many people are named at these places whom nothing tells apart.
    pub unresolved: u32,
    /// Whether the strongest identity is the key by which a contract tells people apart.
    pub keyed: bool,
    /// Where the person lives, as contracts say; several where the data does not agree with itself.
    pub residences: &'a [Residence],
}

/// Everything the catalog keeps of a scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    // One list each for all mentions: a million of them are two allocations, not two million.
    ends: Vec<Ends>,
    identities: Vec<[u8; 16]>,
    places: Vec<(u32, DataType)>,
    residences: Vec<Residence>,
    counts: [u64; DataType::ALL.len()],
}

/// Where a mention's share of the lists ends; it begins where the one before ends.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ends {
    record: u64,
    identities: usize,
    places: usize,
    residences: usize,
    keyed: bool,
    unresolved: u32,
}

impl Facts {
    /// The people, by record.
    pub fn mentions(&self) -> impl Iterator<Item = Mention<'_>> {
        let mut from = (0, 0, 0);
        self.ends.iter().map(move |ends| {
            let begin = std::mem::replace(&mut from, (ends.identities, ends.places, ends.residences));
            Mention {
                record: ends.record,
                identities: self.identities.get(begin.0..ends.identities).unwrap_or_default(),
                places: self.places.get(begin.1..ends.places).unwrap_or_default(),
                unresolved: ends.unresolved,
                keyed: ends.keyed,
                residences: self.residences.get(begin.2..ends.residences).unwrap_or_default(),
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
    /// The identifiers of the record under way.
    open: Vec<Seen>,
    /// What else was found in it.
    beside: Vec<Seen>,
}

/// What is kept of a finding until its record is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    part: u32,
    /// Place in the order of strength.
    rank: u8,
    data_type: DataType,
    identity: [u8; 16],
    residence: Option<Residence>,
    first_block: u32,
    last_block: u32,
}

impl Folder {
    /// Folds findings into the blocks of one sealed object.
    #[must_use]
    pub fn new(blocks: Blocks) -> Self {
        Self { blocks, facts: Facts::default(), record: 0, open: Vec::new(), beside: Vec::new() }
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
        let (mut open, mut beside) = (std::mem::take(&mut self.open), std::mem::take(&mut self.beside));
        if of_one_key(&open) {
            self.keyed(&mut open, &beside);
        } else if speaks_of_one(&open) {
            self.mention(&mut open, &beside);
        } else {
            open.sort_unstable();
            beside.sort_unstable();
            let mut others = beside.as_slice();
            for part in open.chunk_by_mut(|left, right| left.part == right.part) {
                let number = part.first().map_or(0, |seen| seen.part);
                // What stands in parts before this one, where nobody is known.
                let (before, rest) = split_while(others, |seen| seen.part < number);
                for alone in before.chunk_by(|left, right| left.part == right.part) {
                    self.nobody(alone, 0);
                }
                let (here, rest) = split_while(rest, |seen| seen.part == number);
                others = rest;
                if of_one_key(part) {
                    self.keyed(part, here);
                } else if speaks_of_one(part) {
                    self.mention(part, here);
                } else {
                    let people = self.each_alone(part);
                    self.nobody(here, people);
                }
            }
            for alone in others.chunk_by(|left, right| left.part == right.part) {
                self.nobody(alone, 0);
            }
        }
        open.clear();
        beside.clear();
        (self.open, self.beside) = (open, beside);
    }

    /// One person: all of `seen`, save telephone numbers that are too many to be one person's, and what stands beside.
    fn mention(&mut self, seen: &mut [Seen], beside: &[Seen]) {
        seen.sort_unstable_by_key(|seen| (seen.rank, seen.identity));
        seen.sort_by_key(|seen| seen.data_type == DataType::Phone);
        let phones_from = seen.partition_point(|seen| seen.data_type != DataType::Phone);
        let (others, phones) = seen.split_at_mut(phones_from);
        let most = if others.is_empty() { 1 } else { MOST_PHONES };
        match (distinct(phones) > most, others.is_empty()) {
            (false, true) if phones.is_empty() => self.nobody(beside, 0),
            (false, _) => self.add(seen, beside, 0),
            (true, false) => {
                self.add(others, beside, 0);
                self.each_alone(phones);
            }
            (true, true) => {
                let people = self.each_alone(phones);
                self.nobody(beside, people);
                return;
            }
        }
        if !seen.is_empty() {
            self.more_names(beside, 1);
        }
    }

    /// The person whom a contract's key names: all of `seen`, and what stands beside.
    fn keyed(&mut self, seen: &mut [Seen], beside: &[Seen]) {
        seen.sort_unstable_by_key(|seen| (seen.rank, seen.data_type, seen.identity));
        for same in seen.chunk_by(|left, right| left.data_type == right.data_type) {
            let most = match same.first().map(|seen| seen.data_type) {
                Some(DataType::Phone) => MOST_PHONES,
                Some(data_type) if SINGLE.contains(&data_type) => 1,
                _ => usize::MAX,
            };
            if distinct(same) > most {
                // They are known for themselves before the person claims them.
                for alone in same.chunk_by(|left, right| left.identity == right.identity) {
                    self.add(alone, &[], 0);
                }
            }
        }
        self.add(seen, beside, 0);
        self.more_names(beside, 1);
    }

    /// As many people as there are identities. Answers how many.
    fn each_alone(&mut self, seen: &mut [Seen]) -> usize {
        seen.sort_unstable_by_key(|seen| (seen.rank, seen.identity));
        let mut people = 0usize;
        for same in seen.chunk_by(|left, right| left.identity == right.identity) {
            self.add(same, &[], 0);
            people = people.saturating_add(1);
        }
        people
    }

    /// What is said about nobody in particular, beside `people` who are known.
    fn nobody(&mut self, beside: &[Seen], people: usize) {
        let others: Vec<Seen> = beside.iter().filter(|seen| seen.data_type != DataType::Name).copied().collect();
        self.add(&[], &others, 0);
        if self.more_names(beside, people) == 0 {
            let names: Vec<Seen> = beside.iter().filter(|seen| seen.data_type == DataType::Name).copied().collect();
            self.add(&[], &names, 0);
        }
    }

    /// The people behind names that are more than the `people` who are known beside them. Answers how many they are.
    fn more_names(&mut self, beside: &[Seen], people: usize) -> u32 {
        let mut names: Vec<Seen> = beside.iter().filter(|seen| seen.data_type == DataType::Name).copied().collect();
        names.sort_unstable_by_key(|seen| seen.identity);
        let more = u32::try_from(distinct(&names).saturating_sub(people)).unwrap_or(u32::MAX);
        if more > 0 {
            self.add(&[], &names, more);
        }
        more
    }

    /// Adds a mention of `seen`, which are sorted by rank and identity, with what stands beside.
    fn add(&mut self, seen: &[Seen], beside: &[Seen], unresolved: u32) {
        if seen.is_empty() && beside.is_empty() {
            return;
        }
        let facts = &mut self.facts;
        let places_from = facts.places.len();
        for seen in seen.iter().chain(beside) {
            facts.places.extend((seen.first_block..=seen.last_block).map(|block| (block, seen.data_type)));
        }
        let mut places = facts.places.split_off(places_from);
        places.sort_unstable();
        places.dedup();
        facts.places.append(&mut places);
        if !seen.is_empty() {
            let residences_from = facts.residences.len();
            facts.residences.extend(beside.iter().filter_map(|seen| seen.residence));
            let mut residences = facts.residences.split_off(residences_from);
            residences.sort_unstable();
            residences.dedup();
            facts.residences.append(&mut residences);
        }
        let keyed = seen.first().is_some_and(|seen| seen.data_type == DataType::PersonKey);
        let same = |left: &Seen, right: &Seen| left.identity == right.identity;
        facts.identities.extend(seen.chunk_by(same).filter_map(|same| same.first()).map(|seen| seen.identity));
        let (identities, places, residences) = (facts.identities.len(), facts.places.len(), facts.residences.len());
        facts.ends.push(Ends { record: self.record, identities, places, residences, keyed, unresolved });
    }
}

/// The part of a sorted list for which `holds`, and the rest.
fn split_while(seen: &[Seen], holds: impl FnMut(&Seen) -> bool) -> (&[Seen], &[Seen]) {
    seen.split_at_checked(seen.partition_point(holds)).unwrap_or((seen, &[]))
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
        if self.open.len().saturating_add(self.beside.len()) >= MOST_OPEN {
            self.end_record();
        }
        let rank = SINGLE.iter().position(|single| *single == finding.data_type).unwrap_or(SINGLE.len());
        // A value that crosses into the next block is in both.
        let (first, last) =
            (self.blocks.of(finding.from), self.blocks.of(finding.to.saturating_sub(1).max(finding.from)));
        let (first_block, last_block) =
            if last.saturating_sub(first) < MOST_BLOCKS { (first, last) } else { (ANYWHERE, ANYWHERE) };
        let seen = Seen {
            part: finding.part,
            rank: u8::try_from(rank).unwrap_or(u8::MAX),
            data_type: finding.data_type,
            identity: finding.identity,
            residence: finding.residence,
            first_block,
            last_block,
        };
        if finding.data_type.identifies() {
            self.open.push(seen);
        } else {
            self.beside.push(seen);
        }
    }
}

/// Whether a contract's key is among `seen`, and one only.
fn of_one_key(seen: &[Seen]) -> bool {
    let mut keys = seen.iter().filter(|seen| seen.data_type == DataType::PersonKey).map(|seen| seen.identity);
    keys.next().is_some_and(|first| keys.all(|key| key == first))
}

/// Whether `seen` hold at most one identity of each type that a person has one of.
fn speaks_of_one(seen: &[Seen]) -> bool {
    SINGLE.iter().all(|single| {
        let mut identities = seen.iter().filter(|seen| seen.data_type == *single).map(|seen| seen.identity);
        let first = identities.next();
        identities.all(|identity| Some(identity) == first)
    })
}

/// How many identities there are among `seen`, sorted by them.
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
            residence: None,
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

    /// The mentions as identities, places and unresolved people.
    fn told(findings: Vec<Finding>) -> Vec<(usize, Vec<DataType>, u32)> {
        let mut folder = Folder::new(BLOCKS);
        findings.into_iter().for_each(|finding| folder.take(finding));
        let types = |mention: Mention<'_>| mention.places.iter().map(|(_, data_type)| *data_type).collect();
        folder.finish().mentions().map(|of| (of.identities.len(), types(of), of.unresolved)).collect()
    }

    use DataType::{Address, Age, Name};

    #[test]
    fn what_tells_nobody_apart_belongs_to_the_one_person_there() {
        let record =
            vec![finding(0, 1, Name, 1), finding(0, 2, Email, 1), finding(0, 3, Age, 9), finding(0, 1, Name, 1)];
        assert_eq!(told(record), [(1, vec![Email, Name, Age], 0)]);
    }

    #[test]
    fn in_a_record_of_several_it_belongs_to_the_part() {
        let record = vec![
            finding(0, 1, Email, 1),
            finding(0, 1, Name, 1),
            finding(0, 2, Email, 2),
            finding(0, 2, Address, 2),
            finding(0, 3, Name, 3),
        ];
        let apart = [(1, vec![Email, Name], 0), (1, vec![Email, Address], 0), (0, vec![Name], 1)];
        assert_eq!(told(record), apart);
    }

    #[test]
    fn a_name_alone_is_somebody_and_never_merged() {
        assert_eq!(
            told(vec![finding(0, 0, Name, 1), finding(1, 0, Name, 1)]),
            [(0, vec![Name], 1), (0, vec![Name], 1)]
        );
        assert_eq!(told(vec![finding(0, 0, Age, 1)]), [(0, vec![Age], 0)], "an age alone is nobody");
    }

    #[test]
    fn more_names_than_people_are_others() {
        let names = |count: u8| (0..count).map(|person| finding(0, 0, Name, person));
        let one = names(3).chain([finding(0, 0, Email, 1)]).collect();
        assert_eq!(told(one), [(1, vec![Email, Name], 0), (0, vec![Name], 2)]);
        let two = names(2).chain([finding(0, 0, Email, 1), finding(0, 0, Email, 2)]).collect();
        assert_eq!(told(two), [(1, vec![Email], 0), (1, vec![Email], 0), (0, vec![Name], 0)]);
    }

    /// The mentions as whether they are keyed, identities and residences.
    fn keyed(findings: Vec<Finding>) -> Vec<(bool, usize, Vec<String>)> {
        let mut folder = Folder::new(BLOCKS);
        findings.into_iter().for_each(|finding| folder.take(finding));
        let places = |mention: Mention<'_>| mention.residences.iter().map(ToString::to_string).collect();
        folder.finish().mentions().map(|of| (of.keyed, of.identities.len(), places(of))).collect()
    }

    #[test]
    fn a_key_of_a_contract_is_the_person() {
        use DataType::PersonKey;
        let record = vec![
            finding(0, 1, PersonKey, 1),
            finding(0, 2, Email, 1),
            finding(0, 3, Phone, 1),
            finding(0, 4, DataType::TaxId, 1),
        ];
        assert_eq!(keyed(record), [(true, 4, vec![])], "whatever parts they stand in");
        let record = vec![finding(0, 1, PersonKey, 1), finding(0, 1, Email, 1), finding(0, 1, Email, 2)];
        assert_eq!(keyed(record), [(false, 1, vec![]), (false, 1, vec![]), (true, 3, vec![])]);
        let record = vec![
            finding(0, 1, PersonKey, 1),
            finding(0, 1, Email, 1),
            finding(0, 2, PersonKey, 2),
            finding(0, 2, Phone, 2),
        ];
        assert_eq!(keyed(record), [(true, 2, vec![]), (true, 2, vec![])]);
    }

    #[test]
    fn residences_are_of_the_person_of_the_record() {
        use DataType::{PersonKey, Residence as Lives};
        let lives = |record, code: &str| Finding { residence: code.parse().ok(), ..finding(record, 1, Lives, 1) };
        let findings = vec![
            finding(0, 1, PersonKey, 1),
            lives(0, "US-CA"),
            lives(0, "DE"),
            lives(0, "US-CA"),
            lives(1, "FR"),
            finding(2, 1, PersonKey, 2),
            lives(2, "??"),
        ];
        let both = vec!["DE".to_owned(), "US-CA".to_owned()];
        assert_eq!(keyed(findings), [(true, 1, both), (false, 0, vec![]), (true, 1, vec![])]);
    }

    #[test]
    fn a_record_without_end_is_cut() {
        let mut folder = Folder::new(BLOCKS);
        (0..MOST_OPEN * 3).for_each(|_| folder.take(finding(0, 0, Age, 1)));
        assert!(folder.beside.len() <= MOST_OPEN && folder.held() == 2);
    }

    #[test]
    fn blocks_have_edges() {
        let of = |offset| BLOCKS.of(offset);
        assert_eq!([of(0), of(99), of(100), of(149), of(150), of(u64::MAX)], [0, 0, 1, 1, 2, u32::MAX]);
        assert_eq!(Blocks { first: 10, rest: 0 }.of(99), 1);
    }

    #[test]
    fn what_came_out_of_many_blocks_lies_anywhere() {
        let mut folder = Folder::new(BLOCKS);
        folder.take(Finding { from: 0, to: 100_000, ..finding(0, 0, Email, 1) });
        let facts = folder.finish();
        let places: Vec<_> = facts.mentions().flat_map(|mention| mention.places.to_vec()).collect();
        assert_eq!(places, [(ANYWHERE, Email)]);
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
