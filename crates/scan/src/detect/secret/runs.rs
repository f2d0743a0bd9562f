//! Runs of key characters: the stretches of a text that are long enough for a key.
//!
//! A run of at least sixteen bytes covers a group of eight whose place divides by eight. Groups are tested four at once
//! by code that compiles to vector instructions, and a run is measured only where a group is full of key characters:
//! prose is passed at gigabytes a second.

use std::ops::Range;

pub(super) use crate::marks::is_key;

/// The shortest run that is looked at.
pub(super) const SHORTEST_BYTES: usize = 16;

/// How many bytes are tested at once.
const STRIDE_BYTES: usize = 32;

/// A group: half of the shortest run.
const GROUP_BYTES: usize = SHORTEST_BYTES / 2;

/// The runs of a text, in order.
pub(super) struct Runs<'a> {
    text: &'a [u8],
    /// Where the next stride begins.
    at: usize,
    /// The groups of the last stride that are full of key characters and not measured yet.
    full: [bool; STRIDE_BYTES / GROUP_BYTES],
    /// Where the last run ends.
    done: usize,
}

impl<'a> Runs<'a> {
    /// Of `text`.
    pub(super) const fn of(text: &'a [u8]) -> Self {
        Self { text, at: 0, full: [false; STRIDE_BYTES / GROUP_BYTES], done: 0 }
    }

    /// Tests the next strides until one has a full group; says whether there is one.
    fn advance(&mut self) -> bool {
        while let Some(rest) = self.text.get(self.at..).filter(|rest| !rest.is_empty()) {
            let mut stride = [0_u8; STRIDE_BYTES];
            match rest.first_chunk::<STRIDE_BYTES>() {
                Some(whole) => stride = *whole,
                None => stride.iter_mut().zip(rest).for_each(|(to, from)| *to = *from),
            }
            let mut keys = [0; STRIDE_BYTES];
            keys.iter_mut().zip(&stride).for_each(|(key, byte)| *key = u8::from(is_key(*byte)));
            let (groups, _) = keys.as_chunks::<GROUP_BYTES>();
            for (full, group) in self.full.iter_mut().zip(groups) {
                *full = u64::from_ne_bytes(*group) == u64::from_ne_bytes([1; GROUP_BYTES]);
            }
            self.at = self.at.saturating_add(STRIDE_BYTES);
            if self.full != [false; STRIDE_BYTES / GROUP_BYTES] {
                return true;
            }
        }
        false
    }

    /// The run round `at`.
    fn measure(&self, at: usize) -> Range<usize> {
        let before = self.text.get(..at).unwrap_or_default().iter().rev();
        let after = self.text.get(at..).unwrap_or_default().iter();
        let start = at.saturating_sub(before.take_while(|byte| is_key(**byte)).count());
        start..at.saturating_add(after.take_while(|byte| is_key(**byte)).count())
    }
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            while let Some(group) = self.full.iter().position(|full| *full) {
                if let Some(full) = self.full.get_mut(group) {
                    *full = false;
                }
                let stride = self.at.saturating_sub(STRIDE_BYTES);
                let at = stride.saturating_add(group.saturating_mul(GROUP_BYTES));
                // INVARIANT: what lies before `done` is measured, so no byte is measured twice.
                if at < self.done {
                    continue;
                }
                let run = self.measure(at);
                self.done = run.end;
                if run.len() >= SHORTEST_BYTES {
                    return Some(run);
                }
            }
            // A run that ends behind the stride ends the strides inside it too.
            self.at = self.at.max(self.done.saturating_sub(self.done % STRIDE_BYTES));
            if !self.advance() {
                return None;
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
