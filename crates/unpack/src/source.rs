//! Where an object's bytes come from, and parts of it that can be read at offsets.

use std::io;
use std::ops::Range;

use crate::error::{Stop, UnpackError};

/// An object that can be read at offsets.
pub trait Source {
    /// How many bytes it has.
    fn len(&self) -> u64;

    /// Whether it has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads bytes from `offset` on into `into` and returns how many; 0 only at the end.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
}

impl Source for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let len = rest.len().min(into.len());
        for (to, from) in into.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(len)
    }
}

impl<const N: usize> Source for [u8; N] {
    fn len(&self) -> u64 {
        N as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, into)
    }
}

impl Source for Vec<u8> {
    fn len(&self) -> u64 {
        Source::len(self.as_slice())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, into)
    }
}

/// The range of the object that bytes came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outer {
    pub(crate) range: Range<u64>,
    /// Whether they stand there as they are, byte for byte.
    pub(crate) exact: bool,
}

impl Outer {
    /// Nothing yet.
    pub(crate) const NONE: Self = Self { range: 0..0, exact: false };

    /// The range of `within`, which counts from the first of these bytes.
    pub(crate) fn part(&self, within: Range<u64>) -> Self {
        if !self.exact {
            return self.clone();
        }
        let at = |offset: u64| self.range.start.saturating_add(offset).min(self.range.end);
        Self { range: at(within.start)..at(within.end), exact: true }
    }

    /// Widens this to hold `other` too.
    pub(crate) fn join(&mut self, other: &Self) {
        if self.range.is_empty() {
            *self = other.clone();
        } else if !other.range.is_empty() {
            self.range = self.range.start.min(other.range.start)..self.range.end.max(other.range.end);
            self.exact = false;
        }
    }
}

/// A part of the object, or something unpacked from it, that can be read at offsets.
#[derive(Clone)]
pub(crate) struct Slice<'a> {
    source: &'a dyn Source,
    from: u64,
    len: u64,
    outer: Outer,
}

impl<'a> Slice<'a> {
    /// The whole object.
    pub(crate) fn object(source: &'a dyn Source) -> Self {
        let len = source.len();
        Self { source, from: 0, len, outer: Outer { range: 0..len, exact: true } }
    }

    /// Bytes in memory that came from `outer`.
    pub(crate) fn held(bytes: &'a dyn Source, outer: Outer) -> Self {
        Self { source: bytes, from: 0, len: bytes.len(), outer: Outer { exact: false, ..outer } }
    }

    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// The range of the object that `within` came from.
    pub(crate) fn outer(&self, within: Range<u64>) -> Outer {
        self.outer.part(within)
    }

    /// The part `within`, as far as it is there.
    pub(crate) fn part(&self, within: Range<u64>) -> Self {
        let start = within.start.min(self.len);
        let end = within.end.clamp(start, self.len);
        Self {
            source: self.source,
            from: self.from.saturating_add(start),
            len: end.saturating_sub(start),
            outer: self.outer.part(start..end),
        }
    }

    /// Reads from `offset` on until `into` is full or the slice ends, and returns how many bytes.
    pub(crate) fn read(&self, offset: u64, into: &mut [u8]) -> Result<usize, Stop> {
        let room = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX).min(into.len());
        let mut done = 0_usize;
        while done < room {
            let at = self.from.saturating_add(offset).saturating_add(done as u64);
            let Some(rest) = into.get_mut(done..room) else { break };
            match self.source.read_at(at, rest) {
                Ok(0) => break,
                Ok(read) => done = done.saturating_add(read.min(rest.len())),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(Stop::Failed(UnpackError { offset: at, source })),
            }
        }
        Ok(done)
    }

    /// Fills `into` from `offset` on, or says `what` is cut off.
    pub(crate) fn read_exact(&self, offset: u64, into: &mut [u8], what: &'static str) -> Result<(), Stop> {
        let wanted = into.len();
        if self.read(offset, into)? == wanted { Ok(()) } else { Err(Stop::broken(what)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_part_knows_where_in_the_object_it_is() {
        let object = *b"0123456789";
        let part = Slice::object(&object).part(2..8).part(1..100);
        assert_eq!((part.len(), part.outer(1..3)), (5, Outer { range: 4..6, exact: true }));
        let mut read = [0; 8];
        assert_eq!(part.read(3, &mut read).unwrap(), 2);
        assert_eq!(&read[..2], b"67");
        assert!(part.read_exact(3, &mut read, "cut").is_err());
    }

    #[test]
    fn what_is_held_came_from_all_of_its_range() {
        let held = b"abc".to_vec();
        let slice = Slice::held(&held, Outer { range: 10..20, exact: true });
        assert_eq!(slice.part(1..2).outer(0..1).range, 10..20);
    }
}
