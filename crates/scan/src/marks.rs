//! Marks: what a text has anywhere, found in one pass before any detector looks.
//!
//! Most texts are short (a turn of a chat, a cell, a key) and hold nothing. Each detector searches for something of
//! its own, and to set up and call half a dozen searches costs more than such a text is long. So one pass over it says
//! which of the searches can find anything; for most texts that is none. The pass is branch-free and compiles to
//! vector instructions.
//!
//! A mark may be set where there is nothing (then a search is made in vain), never missing where there is something.

/// What a text has: one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks(u8);

/// How many bytes are looked at at once.
const STRIDE_BYTES: usize = 32;

/// Key characters are counted by so many: of every run of 16, three aligned groups in a row are full.
const GROUP_BYTES: usize = 4;

/// A text that is longer is searched for everything: its searches pay for themselves, and one pass more would not.
const LONGEST_BYTES: usize = 4 << 10;

impl Marks {
    /// Nothing.
    pub(crate) const NONE: Self = Self(0);
    /// A digit or `@`: see [`crate::anchor`].
    pub(crate) const ANCHOR: Self = Self(1);
    /// `=`, `:` or `$`.
    pub(crate) const OPERATOR: Self = Self(1 << 1);
    /// `<`.
    pub(crate) const TAG: Self = Self(1 << 2);
    /// `-`.
    pub(crate) const DASH: Self = Self(1 << 3);
    /// `s` and then `w`, in either case: "password".
    pub(crate) const SAID: Self = Self(1 << 4);
    /// Three full groups of key characters in a row.
    pub(crate) const RUN: Self = Self(1 << 5);
    /// Its name is one of a secret. Who knows the name adds it.
    pub(crate) const NAMED: Self = Self(1 << 6);
    /// Everything.
    pub(crate) const ALL: Self = Self(u8::MAX);

    /// Those of `text`.
    pub(crate) fn of(text: &[u8]) -> Self {
        if text.len() > LONGEST_BYTES {
            return Self::ALL;
        }
        let (mut marks, mut before, mut full) = (0, 0, 0_u32);
        let (strides, rest) = text.as_chunks::<STRIDE_BYTES>();
        let mut padded = [0; STRIDE_BYTES];
        padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        for stride in strides.iter().chain(std::iter::once(&padded)) {
            let [first, .., last] = stride;
            full = (full >> (STRIDE_BYTES / GROUP_BYTES)) | full_groups(stride);
            let run = full & full >> 1 & full >> 2 != 0;
            marks |= of_stride(stride) | said(before, *first) | Self::RUN.when(run);
            before = *last;
        }
        Self(marks)
    }

    /// Its bits, if it is there. Compiles to a mask, not to a branch.
    const fn when(self, is_there: bool) -> u8 {
        if is_there { self.0 } else { 0 }
    }

    /// Whether any of `others` is among them.
    pub(crate) const fn any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// These and `other`.
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What one stride has, but for runs.
fn of_stride(stride: &[u8; STRIDE_BYTES]) -> u8 {
    // Whole strides beside each other, so that both loops are vectors without a remainder.
    let mut next = [0; STRIDE_BYTES];
    next.iter_mut().zip(stride.iter().skip(1)).for_each(|(to, from)| *to = *from);
    let pairs = stride.iter().zip(&next).fold(0, |marks, (byte, next)| marks | said(*byte, *next));
    stride.iter().fold(pairs, |marks, byte| marks | of_byte(*byte))
}

/// Which groups of a stride are full of key characters: one bit each, above two for the end of the stride before.
fn full_groups(stride: &[u8; STRIDE_BYTES]) -> u32 {
    let mut keys = [0; STRIDE_BYTES];
    keys.iter_mut().zip(stride).for_each(|(key, byte)| *key = u8::from(is_key(*byte)));
    let (groups, _) = keys.as_chunks::<GROUP_BYTES>();
    let full = groups.iter().map(|group| u32::from(u32::from_ne_bytes(*group) == u32::from_ne_bytes([1; GROUP_BYTES])));
    full.enumerate().fold(0, |bits, (place, full)| bits | full.wrapping_shl(place as u32).wrapping_shl(2))
}

/// What one byte says by itself. Branch-free, as everything that is called for each byte.
const fn of_byte(byte: u8) -> u8 {
    let anchor = (byte.wrapping_sub(b'0') < 10) | (byte == b'@');
    let operator = (byte == b'=') | (byte == b':') | (byte == b'$');
    Marks::ANCHOR.when(anchor)
        | Marks::OPERATOR.when(operator)
        | Marks::TAG.when(byte == b'<')
        | Marks::DASH.when(byte == b'-')
}

/// What a byte and the next say together.
const fn said(byte: u8, next: u8) -> u8 {
    Marks::SAID.when((byte | 0x20 == b's') & (next | 0x20 == b'w'))
}

/// Letters, digits, `_` and `-`: what keys are mostly made of.
pub(crate) const fn is_key(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b'0') < 10) | (byte == b'_') | (byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EACH: [(Marks, &str); 10] = [
        (Marks::ANCHOR, "7"),
        (Marks::ANCHOR, "@"),
        (Marks::OPERATOR, "="),
        (Marks::OPERATOR, ":"),
        (Marks::OPERATOR, "$"),
        (Marks::TAG, "<"),
        (Marks::DASH, "-"),
        (Marks::SAID, "sw"),
        (Marks::SAID, "SW"),
        (Marks::RUN, "abcd_EFGHijklmno"),
    ];

    #[test]
    fn a_mark_is_seen_wherever_it_lies() {
        for (mark, sign) in EACH {
            for before in 0..80 {
                for after in [0, 1, 40] {
                    let text = format!("{}{sign}{}", ". ".repeat(before).split_off(before), " ".repeat(after));
                    assert!(Marks::of(text.as_bytes()).any(mark), "{sign} behind {before}");
                    let others = EACH.iter().filter(|(other, _)| *other != mark);
                    for (other, _) in others {
                        let expected = *other == Marks::ANCHOR && sign == "7";
                        assert_eq!(Marks::of(text.as_bytes()).any(*other), expected, "{sign} behind {before}");
                    }
                }
            }
        }
    }

    #[test]
    fn plain_words_have_none_and_long_texts_all() {
        assert_eq!(Marks::of("See you later, then. So we will.".repeat(9).as_bytes()), Marks::NONE);
        assert_eq!(Marks::of(&[b' '; LONGEST_BYTES + 1]), Marks::ALL);
        assert_eq!(Marks::of(b""), Marks::NONE);
    }

    proptest! {
        #[test]
        fn every_long_run_is_marked(before in "[a-c .]{0,90}", run in "[a-z0-9_-]{16,20}", after in "[a-c .]{0,40}") {
            let text = [before, run, after].concat();
            prop_assert!(Marks::of(text.as_bytes()).any(Marks::RUN), "{text:?}");
        }
    }
}
