//! Makes the data of an engagement, and writes down whom each byte is about while making it.
//!
//! People come in cohorts: a few people who occur together in a few small files and in one stretch of a large archive. So
//! what a thief reads decides whose data it is, and a right answer cannot be had by naming everybody.

use std::collections::HashSet;

use base::word::DataType;
use scan::specimen::{CSV_HEADER, Person, Records};

use crate::drill::truth::{Content, Mark};

/// How many people a cohort has.
const COHORT: usize = 5;

/// The least an archive comes to: more than what the kernel's buffers swallow, so that a stream of it can be cut midway.
const LEAST_ARCHIVE_BYTES: usize = 6 << 20;

/// What the recent part comes to: all of it fits into the kernel's buffers, more than a slow reader's queue holds.
const RECENT_BYTES: usize = 500_000;

/// One cohort in so many is in the recent part.
const RECENT_EVERY: u32 = 10;

/// What a cohort contributes to the archive, at least: more than a block, so that parts of the archive tell people apart.
const LEAST_SECTION_BYTES: usize = 96 << 10;

/// How many cohorts an engagement has at most: telephone numbers reserved for fiction are few, and no two people share one.
const MOST_COHORTS: u32 = 160;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Interviews: addresses and telephone numbers in running text.
    Interviews,
    /// Contractors' files: everything there is about a person.
    Contractors,
    /// The same as a table.
    Register,
    /// Rubrics, about nobody.
    Rubrics,
}

/// An object that was made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// Which of the engagement's two buckets.
    pub(super) bucket: usize,
    pub(super) key: String,
    pub(super) bytes: Vec<u8>,
    pub(super) content: Content,
}

/// How much to make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    cohorts: u32,
    files_each: u32,
}

impl Size {
    /// From percent of the usual size, which is about twenty megabytes an engagement.
    pub(super) fn percent(percent: u32) -> Self {
        let cohorts = percent.saturating_mul(120).div_ceil(100).clamp(12, MOST_COHORTS);
        let files = percent.saturating_mul(960).div_ceil(100);
        Self { cohorts, files_each: files.div_ceil(cohorts).max(8) }
    }
}

/// Makes one engagement's data, cohort by cohort. The same seed makes the same data.
pub(super) struct Planter {
    seed: u64,
    size: Size,
    /// What the small files hold, in turn, and in which bucket they lie.
    kinds: Vec<(Kind, usize, &'static str)>,
    next_cohort: u32,
    phones: HashSet<String>,
    archive: Text,
    recent: Text,
}

impl Planter {
    pub(super) fn new(seed: u64, size: Size, kinds: Vec<(Kind, usize, &'static str)>) -> Self {
        Self {
            seed,
            size,
            kinds,
            next_cohort: 0,
            phones: HashSet::new(),
            archive: Text::default(),
            recent: Text::default(),
        }
    }

    /// The next cohort's files; nothing once all were made.
    pub(super) fn cohort(&mut self) -> Option<Vec<Made>> {
        let number = self.next_cohort;
        if number >= self.size.cohorts {
            return None;
        }
        self.next_cohort = number.saturating_add(1);
        let mut dice = Dice(self.seed ^ u64::from(number).wrapping_mul(0x9E37_79B9));
        let mut chance = || dice.next();
        let mut records = loop {
            // INVARIANT: no two people of an engagement share a telephone number, so that the truth about who is who is
            // beyond dispute.
            let drawn = Records::new(&mut chance, COHORT);
            let phones: HashSet<String> = drawn.people().iter().map(|person| person.phone.clone()).collect();
            if phones.len() == COHORT && phones.is_disjoint(&self.phones) {
                self.phones.extend(phones);
                break drawn;
            }
        };
        let first_person = number.saturating_mul(COHORT as u32);
        let mut made = Vec::new();
        for (file, (kind, bucket, folder)) in (0..self.size.files_each).zip(self.kinds.iter().cycle()) {
            let mut text = Text::default();
            text.write(*kind, &mut records, first_person);
            let ending = if *kind == Kind::Register { "csv" } else { "jsonl" };
            made.push(text.made(*bucket, format!("{folder}/{number:04}/{file:04}.{ending}")));
        }
        let of_all = |bytes: usize| bytes.div_ceil(self.size.cohorts.max(1) as usize);
        let section = LEAST_SECTION_BYTES.max(of_all(LEAST_ARCHIVE_BYTES));
        self.archive.section(section, &mut records, first_person);
        if number.checked_rem(RECENT_EVERY) == Some(0) {
            let section = RECENT_BYTES.div_ceil(self.size.cohorts.div_ceil(RECENT_EVERY) as usize);
            self.recent.section(section, &mut records, first_person);
        }
        Some(made)
    }

    /// The archives, after the last cohort: a large one about everybody, and a recent one about a few.
    pub(super) fn archives(self) -> Vec<Made> {
        vec![self.archive.made(0, ARCHIVE.to_owned()), self.recent.made(0, RECENT.to_owned())]
    }
}

/// The key of an engagement's archive, in its first bucket.
pub(super) const ARCHIVE: &str = "archive/2019-2025.jsonl";

/// The key of its recent part.
pub(super) const RECENT: &str = "archive/2026.jsonl";

/// A text in the making, with its marks.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    marks: Vec<Mark>,
}

impl Text {
    /// Writes a small file's worth of records.
    fn write(&mut self, kind: Kind, records: &mut Records<'_>, first_person: u32) {
        let lines = match kind {
            Kind::Interviews => 8,
            Kind::Contractors => 16,
            Kind::Register => 40,
            Kind::Rubrics => 20,
        };
        if kind == Kind::Register {
            self.bytes.extend_from_slice(CSV_HEADER.as_bytes());
        }
        for _ in 0..lines {
            self.line(kind, records, first_person);
        }
    }

    /// Writes contractors' files until there are `bytes` more.
    fn section(&mut self, bytes: usize, records: &mut Records<'_>, first_person: u32) {
        let end = self.bytes.len().saturating_add(bytes);
        while self.bytes.len() < end {
            self.line(Kind::Contractors, records, first_person);
        }
    }

    fn line(&mut self, kind: Kind, records: &mut Records<'_>, first_person: u32) {
        let from = self.bytes.len();
        let who = match kind {
            Kind::Interviews => records.interview_line(&mut self.bytes),
            Kind::Contractors => records.contractor_line(&mut self.bytes),
            Kind::Register => records.contractor_row(&mut self.bytes),
            Kind::Rubrics => return records.rubric_line(&mut self.bytes),
        };
        let Some(person) = records.people().get(who) else { return };
        let line = self.bytes.get(from..).and_then(|line| std::str::from_utf8(line).ok()).unwrap_or_default();
        let number = first_person.saturating_add(u32::try_from(who).unwrap_or(0));
        for (data_type, value) in values(person) {
            for (offset, value) in line.match_indices(value) {
                let at = (from as u64).saturating_add(offset as u64);
                self.marks.push(Mark { at: at..at.saturating_add(value.len() as u64), data_type, person: number });
            }
        }
    }

    fn made(self, bucket: usize, key: String) -> Made {
        let digest = attest::sha256(&[&self.bytes]);
        let content = Content { size: self.bytes.len() as u64, digest, marks: self.marks };
        Made { bucket, key, bytes: self.bytes, content }
    }
}

fn values(person: &Person) -> [(DataType, &str); 5] {
    [
        (DataType::Email, &person.email),
        (DataType::Phone, &person.phone),
        (DataType::Ssn, &person.ssn),
        (DataType::Card, &person.card),
        (DataType::Iban, &person.iban),
    ]
}

/// Chance from a seed. SplitMix64: short, and good enough to make up people.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let drawn = self.next().checked_rem(bound as u64).unwrap_or(0);
        usize::try_from(drawn).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planter() -> Planter {
        let kinds = vec![(Kind::Interviews, 0, "interviews"), (Kind::Register, 1, "register"), (Kind::Rubrics, 0, "r")];
        Planter::new(7, Size::percent(1), kinds)
    }

    fn everything() -> Vec<Made> {
        let mut planter = planter();
        let mut all: Vec<Made> = std::iter::from_fn(|| planter.cohort()).flatten().collect();
        all.extend(planter.archives());
        all
    }

    #[test]
    fn the_same_seed_makes_the_same_data() {
        assert_eq!(everything(), everything());
    }

    #[test]
    fn every_mark_is_where_it_says_and_every_person_is_somewhere() {
        let all = everything();
        let mut people = HashSet::new();
        for made in &all {
            for mark in &made.content.marks {
                let value = &made.bytes[mark.at.start as usize..mark.at.end as usize];
                let value = std::str::from_utf8(value).unwrap();
                assert_eq!(value.contains('@'), mark.data_type == DataType::Email, "{value}");
                people.insert(mark.person);
            }
        }
        assert_eq!(people.len(), 12 * COHORT);
        let archive = all.iter().find(|made| made.key == ARCHIVE).unwrap();
        assert!(archive.bytes.len() >= LEAST_ARCHIVE_BYTES);
        // Five values a line, in the archive and in the register; rubrics are about nobody.
        assert_eq!(archive.content.marks.len(), 5 * archive.bytes.iter().filter(|byte| **byte == b'\n').count());
        assert!(all.iter().filter(|made| made.key.starts_with("r/")).all(|made| made.content.marks.is_empty()));
    }
}
