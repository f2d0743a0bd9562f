//! A set of people that is being gathered: one bit a person, in pieces that exist once somebody of theirs is in.
//!
//! Setting a bit is a shift and an or; a roaring bitmap, which is what the set becomes, would search its containers and keep
//! them sorted for each of fifty million mentions.

use roaring::RoaringBitmap;

use crate::number::take;

/// Words of a piece: 65,536 people, as many as a container of a roaring bitmap has.
const WORDS: usize = 1024;

/// Bytes of a piece.
const BYTES: usize = WORDS * 8;

type Piece = Box<[u64; WORDS]>;

/// A growing set.
#[derive(Default)]
pub(crate) struct Bits {
    pieces: Vec<Option<Piece>>,
}

impl Bits {
    /// The piece a person's bit lies in.
    fn piece(&mut self, place: usize) -> Option<&mut [u64; WORDS]> {
        if self.pieces.len() <= place {
            self.pieces.resize_with(place.saturating_add(1), || None);
        }
        self.pieces.get_mut(place).map(|piece| &mut **piece.get_or_insert_with(|| Box::new([0; WORDS])))
    }

    /// Adds somebody.
    pub(crate) fn insert(&mut self, subject: u32) {
        let (place, word, bit) = split(subject);
        if let Some(word) = self.piece(place).and_then(|piece| piece.get_mut(word)) {
            *word |= bit;
        }
    }

    /// Adds everybody of a list of differences, and moves past it; nothing if it is damaged.
    pub(crate) fn insert_list(&mut self, list: &mut &[u8]) -> Option<()> {
        let mut left = take(list)?;
        let mut floor = 0u64;
        // A list's people lie close together: the piece is looked up once for a run of them.
        while left > 0 {
            let subject = next(list, &mut floor)?;
            left = left.saturating_sub(1);
            let (place, word, bit) = split(subject);
            let piece = self.piece(place)?;
            *piece.get_mut(word)? |= bit;
            while left > 0 {
                let mut ahead = *list;
                let mut floor_ahead = floor;
                let subject = next(&mut ahead, &mut floor_ahead)?;
                let (place_ahead, word, bit) = split(subject);
                if place_ahead != place {
                    break;
                }
                *piece.get_mut(word)? |= bit;
                (*list, floor, left) = (ahead, floor_ahead, left.saturating_sub(1));
            }
        }
        Some(())
    }

    /// The set.
    pub(crate) fn to_bitmap(&self) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        let mut bytes = Vec::with_capacity(BYTES);
        for (piece, place) in self.pieces.iter().zip(0u32..) {
            let Some(piece) = piece else { continue };
            bytes.clear();
            piece.iter().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
            all |= RoaringBitmap::from_lsb0_bytes(place << 16, &bytes);
        }
        all
    }
}

/// The next of a sorted list of distinct numbers.
fn next(list: &mut &[u8], floor: &mut u64) -> Option<u32> {
    let member = floor.checked_add(take(list)?)?;
    *floor = member.checked_add(1)?;
    u32::try_from(member).ok()
}

/// Piece, word and bit of a person.
const fn split(subject: u32) -> (usize, usize, u64) {
    ((subject >> 16) as usize, (subject as usize >> 6) % WORDS, 1 << (subject & 63))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pack::put_list;

    proptest! {
        /// Whoever was added is in the set, and nobody else.
        #[test]
        fn a_set_is_who_was_added(
            lists in prop::collection::vec(prop::collection::btree_set(prop_oneof![0u32..200_000, any::<u32>()], 0..60), 0..6),
            singles in prop::collection::vec(0u32..9_000_000, 0..20),
        ) {
            let mut bits = Bits::default();
            let mut naive = RoaringBitmap::new();
            for list in &lists {
                let mut bytes = Vec::new();
                put_list(&mut bytes, &list.iter().copied().collect::<Vec<_>>());
                let mut rest = bytes.as_slice();
                prop_assert_eq!(bits.insert_list(&mut rest), Some(()));
                prop_assert!(rest.is_empty());
                naive.extend(list);
            }
            for single in singles {
                bits.insert(single);
                naive.insert(single);
            }
            prop_assert_eq!(bits.to_bitmap(), naive);
        }
    }
}
