//! The lists: given names, surnames, places, and the common words that are none of these.
//!
//! A table of fingerprints, not of words: 12 bits of each word's hash and one bit for each list, in the first free slot
//! from where its hash points. One look-up in some two thousand says that a word is listed which is not; the tagger
//! was trained with that.

/// Stands on the list of given names.
pub const GIVEN: u8 = 1;
/// Stands on the list of surnames.
pub const SURNAME: u8 = 2;
/// Stands on the list of places.
pub const PLACE: u8 = 4;
/// Is a word that texts are full of.
pub const COMMON: u8 = 8;

/// How many slots the table has.
pub const SLOTS: usize = 1 << 18;

/// No look-up goes further than this.
const LONGEST_PROBE: usize = 64;

/// The table, as it stands in the model file: two bytes a slot, low byte first.
#[derive(Clone, Copy)]
pub struct Lists<'a> {
    slots: &'a [[u8; 2]],
}

impl<'a> Lists<'a> {
    /// Looks up in `slots`.
    #[must_use]
    pub const fn new(slots: &'a [[u8; 2]]) -> Self {
        Self { slots }
    }

    /// The lists that the word with this hash stands on.
    #[must_use]
    pub fn of(&self, word: u32) -> u8 {
        let (first, print) = place(word);
        for probe in 0..LONGEST_PROBE {
            let slot = self.slots.get(first.wrapping_add(probe) % SLOTS).map_or(0, |slot| u16::from_le_bytes(*slot));
            if slot == 0 {
                return 0;
            }
            if slot >> 4 == print {
                return (slot & 0xf) as u8;
            }
        }
        0
    }
}

/// Where a word's slot begins, and its fingerprint.
const fn place(word: u32) -> (usize, u16) {
    ((word & 0x3_ffff) as usize, (word >> 20) as u16)
}

/// Builds the table: of a word that stands on several lists, the bits are joined.
///
/// `None` if there are so many words that one does not fit.
#[must_use]
pub fn build(words: impl Iterator<Item = (u32, u8)>) -> Option<Vec<[u8; 2]>> {
    let mut slots = vec![0_u16; SLOTS];
    for (word, bits) in words {
        let (first, print) = place(word);
        let entry = (print << 4) | u16::from(bits & 0xf);
        let fits = |slot: u16| slot == 0 || slot >> 4 == print;
        let at = (0..LONGEST_PROBE)
            .map(|probe| first.wrapping_add(probe) % SLOTS)
            .find(|at| slots.get(*at).is_some_and(|slot| fits(*slot)))?;
        if let Some(slot) = slots.get_mut(at) {
            *slot |= entry;
        }
    }
    Some(slots.into_iter().map(u16::to_le_bytes).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found() {
        let words = (1..90_000_u32).map(|n| n.wrapping_mul(0x9e37_79b1));
        let table = build(words.clone().map(|word| (word, if word & 64 == 0 { GIVEN } else { PLACE }))).unwrap();
        let lists = Lists::new(&table);
        for word in words {
            let bit = if word & 64 == 0 { GIVEN } else { PLACE };
            assert_eq!(lists.of(word) & bit, bit);
        }
        let strays = (1..90_000_u32).filter(|n| lists.of(n.wrapping_mul(0x7f4a_7c15)) != 0).count();
        assert!(strays < 90, "{strays}");
    }
}
