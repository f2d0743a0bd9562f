//! One text as the detectors see it, and the way back from it to the bytes of the object.

use std::ops::Range;

/// A text of fewer bytes than this holds nothing that any detector finds: a CVV is the shortest.
pub(crate) const SHORTEST_BYTES: usize = 3;

/// A decoded text with everything its readers know about it.
pub(crate) struct Text<'a> {
    /// What is written there, escapes undone.
    pub(crate) bytes: &'a [u8],
    /// The way back to the object's bytes.
    pub(crate) offsets: &'a Offsets,
    /// What names it: the key or column, then the key around that. Empty where there is none.
    pub(crate) names: [&'a [u8]; 2],
    /// Findings that begin outside these offsets of the object belong to another piece of the same text.
    pub(crate) owned: Range<u64>,
    /// As in [`crate::Finding::record`].
    pub(crate) record: u64,
    /// Where the text's own part begins; see [`crate::Finding::part`].
    pub(crate) part: u32,
    /// Whether each line of it is a part of its own.
    pub(crate) lines: bool,
}

/// Every offset of the object.
pub(crate) const ALL: Range<u64> = 0..u64::MAX;

/// Maps positions in a decoded text to offsets in the object.
///
/// Between escapes one byte of text is one byte of the object; each escape is one entry.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    base: u64,
    escapes: Vec<Escape>,
}

/// `text` bytes were decoded from `raw` bytes; both relative to the beginning of the text.
#[derive(Debug)]
struct Escape {
    text: Range<u64>,
    raw: Range<u64>,
}

impl Offsets {
    /// A text that stands in the object as it is, from `base` on.
    pub(crate) const fn plain(base: u64) -> Self {
        Self { base, escapes: Vec::new() }
    }

    /// Starts over for another text, keeping the allocation.
    pub(crate) fn restart(&mut self, base: u64) {
        self.base = base;
        self.escapes.clear();
    }

    /// Notes that the `raw` bytes were decoded to the `text` bytes. Escapes come in order.
    pub(crate) fn escape(&mut self, text: Range<usize>, raw: Range<usize>) {
        let wide = |range: Range<usize>| range.start as u64..range.end as u64;
        self.escapes.push(Escape { text: wide(text), raw: wide(raw) });
    }

    /// The offset of the byte, or of the escape, that the text's byte `position` comes from.
    pub(crate) fn from(&self, position: usize) -> u64 {
        let position = position as u64;
        let before = self.escapes.partition_point(|escape| escape.text.start <= position);
        self.base.saturating_add(match before.checked_sub(1).and_then(|last| self.escapes.get(last)) {
            None => position,
            Some(escape) if position < escape.text.end => escape.raw.start,
            Some(escape) => escape.raw.end.saturating_add(position.saturating_sub(escape.text.end)),
        })
    }

    /// The offset one past what the bytes before `position` come from.
    pub(crate) fn to(&self, position: usize) -> u64 {
        let position = position as u64;
        let before = self.escapes.partition_point(|escape| escape.text.start < position);
        self.base.saturating_add(match before.checked_sub(1).and_then(|last| self.escapes.get(last)) {
            None => position,
            Some(escape) => escape.raw.end.saturating_add(position.saturating_sub(escape.text.end)),
        })
    }
}

/// The name of a key or column: its first bytes, which is all that context needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    bytes: [u8; Self::KEPT_BYTES],
    len: u8,
}

impl Name {
    /// Names are short; of a long one the beginning tells what it is.
    pub(crate) const KEPT_BYTES: usize = 40;
    /// No name.
    pub(crate) const NONE: Self = Self { bytes: [0; Self::KEPT_BYTES], len: 0 };

    /// Keeps the beginning of `name`.
    pub(crate) fn new(name: &[u8]) -> Self {
        let mut kept = Self::NONE;
        for (to, from) in kept.bytes.iter_mut().zip(name) {
            *to = *from;
        }
        kept.len = name.len().min(Self::KEPT_BYTES) as u8;
        kept
    }

    /// What was kept.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_lead_back_over_escapes() {
        // Raw `ab\u0040c\n`, at offset 100: text `ab@c` and a newline.
        let mut offsets = Offsets::plain(100);
        offsets.escape(2..3, 2..8);
        offsets.escape(4..5, 9..11);
        let from: Vec<u64> = (0..5).map(|position| offsets.from(position)).collect();
        let to: Vec<u64> = (1..6).map(|position| offsets.to(position)).collect();
        assert_eq!(from, [100, 101, 102, 108, 109]);
        assert_eq!(to, [101, 102, 108, 109, 111]);
    }

    #[test]
    fn a_long_name_keeps_its_beginning() {
        assert_eq!(Name::new(&[b'x'; 99]).as_bytes(), [b'x'; 40]);
        assert_eq!(Name::new(b"ssn").as_bytes(), b"ssn");
    }
}
