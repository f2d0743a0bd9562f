//! Runs of key characters: the stretches of a text that are long enough for a key.
//!
//! A run of at least sixteen bytes covers a place whose number divides by sixteen, so one byte in sixteen is looked at,
//! and a run is measured only where that byte belongs to one. Prose is passed at gigabytes a second.

use std::ops::Range;

/// The shortest run that is looked at.
pub(super) const SHORTEST_BYTES: usize = 16;

/// Letters, digits, `_` and `-`: what keys are mostly made of.
const fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// [`is_key`] for each byte.
#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which would refuse a mistake")]
const KEY: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = is_key(byte);
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    table
};

/// Whether `byte` is a key character.
pub(super) fn is_key_byte(byte: u8) -> bool {
    KEY.get(usize::from(byte)).copied().unwrap_or(false)
}

/// The runs of a text, in order.
pub(super) struct Runs<'a> {
    text: &'a [u8],
    /// The next place to look at.
    at: usize,
}

impl<'a> Runs<'a> {
    /// Of `text`.
    pub(super) const fn of(text: &'a [u8]) -> Self {
        Self { text, at: SHORTEST_BYTES - 1 }
    }
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let at = self.at;
            let byte = self.text.get(at)?;
            self.at = at.saturating_add(SHORTEST_BYTES);
            if !is_key_byte(*byte) {
                continue;
            }
            let before = self.text.get(..at)?;
            let start = before.iter().rposition(|byte| !is_key_byte(*byte)).map_or(0, |at| at.saturating_add(1));
            // INVARIANT: the place looked at next is behind this run, so no byte is measured twice from behind; from
            // the front, a run begins behind the run before.
            let after = self.text.get(at..)?;
            let len = after.iter().position(|byte| !is_key_byte(*byte)).unwrap_or(after.len());
            let end = at.saturating_add(len);
            if end > self.at {
                self.at = end.saturating_add(SHORTEST_BYTES - 1);
            }
            if end.saturating_sub(start) >= SHORTEST_BYTES {
                return Some(start..end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_run_is_found_wherever_it_lies() {
        for shift in 0..40 {
            let text = format!("{}{}!tail", " ".repeat(shift), "a".repeat(16));
            let found: Vec<_> = Runs::of(text.as_bytes()).collect();
            assert_eq!(found, vec![Range { start: shift, end: shift + 16 }], "{shift}");
        }
    }

    proptest! {
        #[test]
        fn runs_are_those_of_the_slow_way(text in "[a-c .]{0,200}") {
            let mut slow = Vec::new();
            let mut start: usize = 0;
            for piece in text.split([' ', '.']) {
                if piece.len() >= SHORTEST_BYTES {
                    slow.push(start..start.saturating_add(piece.len()));
                }
                start = start.saturating_add(piece.len()).saturating_add(1);
            }
            prop_assert_eq!(Runs::of(text.as_bytes()).collect::<Vec<_>>(), slow);
        }
    }
}
