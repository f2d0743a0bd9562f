//! The ground truth: which object holds which data of which person, and where.
//!
//! It is written down while the drill makes the data, from what was planted, and never asks the program that is being
//! tested. For data that the drill did not make (`--input`) there is nobody to say who is in it; then it is an independent
//! count over the same bytes, see [`crate::drill::witness`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use base::word::DataType;
use serde::Serialize;

use crate::drill::spans::Spans;

/// How finely the program answers: facts are kept for blocks of this many bytes. SPEC: design §11, "a segment".
pub(super) const BLOCK_BYTES: u64 = 64 * 1024;

/// An object's address: bucket and key.
pub(super) type Place = (String, String);

/// Data of one type about one person, at one place in an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Mark {
    pub(super) at: Range<u64>,
    pub(super) data_type: DataType,
    pub(super) person: u32,
}

/// One object as it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Content {
    pub(super) size: u64,
    /// SHA-256 of its bytes.
    pub(super) digest: [u8; 32],
    pub(super) marks: Vec<Mark>,
}

/// All objects of one engagement. People are numbered within it.
pub(super) type Truth = BTreeMap<Place, Content>;

/// How finely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// A person is reached when one byte of their data is.
    Byte,
    /// A person is reached when one byte of a block that holds their data is: what the program promises.
    Block,
}

/// People, in all and by type of data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct People {
    pub(super) all: BTreeSet<u32>,
    pub(super) types: BTreeMap<DataType, BTreeSet<u32>>,
}

impl People {
    /// How many, in all.
    pub(super) fn count(&self) -> u64 {
        self.all.len() as u64
    }

    /// How many whose data of this type is among it.
    pub(super) fn of(&self, data_type: DataType) -> u64 {
        self.types.get(&data_type).map_or(0, |people| people.len() as u64)
    }

    fn add(&mut self, mark: &Mark) {
        self.all.insert(mark.person);
        self.types.entry(mark.data_type).or_default().insert(mark.person);
    }
}

impl Content {
    /// Adds the people whose data lies in `spans`.
    pub(super) fn reached(&self, spans: &Spans, grain: Grain, people: &mut People) {
        for mark in &self.marks {
            let at = match grain {
                Grain::Byte => mark.at.clone(),
                Grain::Block => blocks(&mark.at),
            };
            if spans.meets(&at) {
                people.add(mark);
            }
        }
    }
}

/// The people whose data lies in what was taken.
pub(super) fn reached<'a>(truth: &Truth, taken: impl Iterator<Item = (&'a Place, Spans)>, grain: Grain) -> People {
    let mut people = People::default();
    for (place, spans) in taken {
        if let Some(content) = truth.get(place) {
            content.reached(&spans, grain, &mut people);
        }
    }
    people
}

/// The whole blocks that a span lies in.
fn blocks(span: &Range<u64>) -> Range<u64> {
    let first = span.start.div_euclid(BLOCK_BYTES).saturating_mul(BLOCK_BYTES);
    first..span.end.div_ceil(BLOCK_BYTES).saturating_mul(BLOCK_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_tells_of_everybody_in_it() {
        let mark = |at: Range<u64>, person| Mark { at, data_type: DataType::Email, person };
        let marks = vec![mark(10..20, 1), mark(BLOCK_BYTES - 5..BLOCK_BYTES + 5, 2), mark(3 * BLOCK_BYTES..200_000, 3)];
        let content = Content { size: 4 * BLOCK_BYTES, marks, ..Content::default() };
        let count = |span: Range<u64>, grain| {
            let mut people = People::default();
            content.reached(&[span].into_iter().collect(), grain, &mut people);
            people.all.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(count(0..10, Grain::Byte), [0; 0]);
        assert_eq!(count(0..10, Grain::Block), [1, 2]);
        assert_eq!(count(BLOCK_BYTES..BLOCK_BYTES + 1, Grain::Byte), [2]);
        assert_eq!(count(2 * BLOCK_BYTES..3 * BLOCK_BYTES, Grain::Block), [0; 0]);
        assert_eq!(count(0..4 * BLOCK_BYTES, Grain::Byte), [1, 2, 3]);
    }
}
