//! The canonical form of names, addresses, ages and dates of birth. What finds them is [`crate::names`]: it has buffers of
//! its own, and is switched on and off apart.

use super::{Candidate, Detector, Scene};
use crate::names::fold;

/// Knows how names are written.
pub(super) struct Written;

impl Detector for Written {
    fn detect(&self, _: &Scene<'_>, _: &mut Vec<Candidate>) {}

    /// Case, accents and signs make no difference: `JOSÉ  Pérez` is `jose perez`.
    fn canonical(&self, value: &[u8], canonical: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(value);
        let mut words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        let mut add = |word: &str| {
            for folded in word.chars().map(|letter| char::from_u32(fold(letter)).unwrap_or(letter)) {
                canonical.extend_from_slice(folded.encode_utf8(&mut [0; 4]).as_bytes());
            }
        };
        words.next().into_iter().for_each(&mut add);
        for word in words {
            add(" ");
            add(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_name_are_one() {
        for value in ["José Pérez", "JOSE  PEREZ", "jose\nperez."] {
            let mut canonical = Vec::new();
            Written.canonical(value.as_bytes(), &mut canonical);
            assert_eq!(canonical, b"jose perez", "{value}");
        }
    }
}
