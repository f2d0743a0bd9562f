//! Reads the fields of a binary format, one after the other, out of a source of any size.
//!
//! Every length comes from the object itself and may lie. So nothing is allocated because a length says so: what is
//! kept at once is at most [`LONGEST_FIELD_BYTES`], a field that would go beyond the cursor's end is refused before it
//! is read, and skipping costs nothing.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::error::Stop;
use crate::source::{Outer, Slice};

/// How much is fetched at once. Headers are small and lie close together.
const FETCH_BYTES: usize = 32 << 10;

/// The longest field that is handed out whole; whoever expects a longer one reads it in pieces.
pub(crate) const LONGEST_FIELD_BYTES: usize = 1 << 20;

/// The longest field that is looked at aside: names.
const LONGEST_ASIDE_BYTES: usize = 4 << 10;

/// A place in a source, and the bytes behind it that were fetched already.
pub(crate) struct Cursor<'a> {
    source: &'a Slice<'a>,
    /// The offset of the next byte.
    at: u64,
    /// The offset one past the last byte it may read.
    end: u64,
    /// What was fetched, erased on drop.
    fetched: Zeroizing<Vec<u8>>,
    /// The offset of the first byte fetched.
    from: u64,
}

impl<'a> Cursor<'a> {
    /// Reads `range` of `source`, as far as it goes.
    pub(crate) fn new(source: &'a Slice<'a>, range: Range<u64>) -> Self {
        let end = range.end.min(source.len());
        let at = range.start.min(end);
        Self { source, at, end, fetched: Zeroizing::new(Vec::new()), from: at }
    }

    /// Reads all of `source`.
    pub(crate) fn whole(source: &'a Slice<'a>) -> Self {
        Self::new(source, 0..u64::MAX)
    }

    /// The offset of the next byte.
    pub(crate) const fn at(&self) -> u64 {
        self.at
    }

    /// Where in the object the bytes of `range` stand.
    pub(crate) fn outer(&self, range: Range<u64>) -> Outer {
        self.source.outer(range)
    }

    /// How many bytes are left.
    pub(crate) const fn left(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }

    /// Goes to `offset`, forwards or back.
    pub(crate) fn go(&mut self, offset: u64) -> Result<(), Stop> {
        if offset > self.end {
            return Err(ended());
        }
        self.at = offset;
        Ok(())
    }

    /// Leaves out `len` bytes.
    pub(crate) fn skip(&mut self, len: u64) -> Result<(), Stop> {
        self.go(self.at.checked_add(len).ok_or_else(ended)?)
    }

    /// The next `len` bytes.
    pub(crate) fn bytes(&mut self, len: u64) -> Result<&[u8], Stop> {
        if len > self.left() {
            return Err(ended());
        }
        let wanted = usize::try_from(len).ok().filter(|len| *len <= LONGEST_FIELD_BYTES).ok_or_else(too_long)?;
        let start = self.fetch(wanted)?;
        self.at = self.at.saturating_add(len);
        self.fetched.get(start..start.saturating_add(wanted)).ok_or_else(ended)
    }

    /// The `len` bytes at `offset`, without going there and without forgetting what was fetched.
    pub(crate) fn aside(&self, offset: u64, len: u64) -> Result<Vec<u8>, Stop> {
        let wanted = usize::try_from(len).ok().filter(|len| *len <= LONGEST_ASIDE_BYTES).ok_or_else(too_long)?;
        let mut bytes = vec![0; wanted];
        let inside = offset.checked_add(len).is_some_and(|end| end <= self.end);
        if !inside || self.source.read(offset, &mut bytes)? < wanted {
            return Err(ended());
        }
        Ok(bytes)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        self.bytes(N as u64)?.try_into().map_err(|_| ended())
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, Stop> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// The next bytes, without going on: at most `most` of them, fewer at the end.
    pub(crate) fn peek(&mut self, most: usize) -> Result<&[u8], Stop> {
        let wanted = most.min(LONGEST_FIELD_BYTES).min(usize::try_from(self.left()).unwrap_or(usize::MAX));
        let start = self.fetch(wanted)?;
        self.fetched.get(start..start.saturating_add(wanted)).ok_or_else(ended)
    }

    /// The bytes up to the next line break, which is left out. `most` is the longest line that is believed.
    pub(crate) fn line(&mut self, most: usize) -> Result<&[u8], Stop> {
        let ahead = self.peek(most.saturating_add(1))?;
        let all = ahead.len() <= most;
        let len = memchr::memchr(b'\n', ahead).ok_or_else(if all { ended } else { too_long })?;
        let line = self.bytes((len as u64).saturating_add(1))?;
        Ok(line.split_last().map_or(&[][..], |(_, line)| line))
    }

    /// Makes sure that `wanted` bytes from here on are at hand, and says where in `fetched` they begin.
    fn fetch(&mut self, wanted: usize) -> Result<usize, Stop> {
        let start = self.at.checked_sub(self.from).and_then(|start| usize::try_from(start).ok());
        if let Some(start) = start
            && start.saturating_add(wanted) <= self.fetched.len()
        {
            return Ok(start);
        }
        let room = usize::try_from(self.left()).unwrap_or(usize::MAX);
        let len = wanted.max(FETCH_BYTES).min(room);
        if self.fetched.capacity() < len {
            // A vector that grew by itself would leave its old bytes behind.
            self.fetched = Zeroizing::new(Vec::with_capacity(len));
        }
        self.fetched.clear();
        self.fetched.resize(len, 0);
        self.from = self.at;
        let filled = self.source.read(self.at, &mut self.fetched)?;
        self.fetched.truncate(filled);
        if filled < wanted { Err(ended()) } else { Ok(0) }
    }
}

fn ended() -> Stop {
    Stop::broken("it ends in the middle of a field, or a length points beyond its end")
}

fn too_long() -> Stop {
    Stop::broken("a field is longer than any that is read whole")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_order_and_lengths_are_not_believed() {
        let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let source = Slice::object(&bytes);
        let mut cursor = Cursor::whole(&source);
        assert_eq!(cursor.array::<3>().unwrap(), [0, 1, 2]);
        cursor.skip(50_000).unwrap();
        assert_eq!(cursor.byte().unwrap(), bytes[50_003]);
        assert_eq!(cursor.bytes(40_000).unwrap(), &bytes[50_004..90_004]);
        assert!(cursor.bytes(u64::MAX).is_err());
        assert!(cursor.skip(u64::MAX).is_err());
        assert_eq!(cursor.left(), 9_996);
        cursor.go(0).unwrap();
        assert_eq!(cursor.byte().unwrap(), 0);
    }

    #[test]
    fn lines_have_a_bound() {
        let bytes = b"posix\nsystem\nrest".to_vec();
        let source = Slice::object(&bytes);
        let mut cursor = Cursor::whole(&source);
        assert_eq!(cursor.line(10).unwrap(), b"posix");
        assert!(cursor.line(3).is_err());
        assert_eq!(cursor.line(6).unwrap(), b"system");
        assert!(cursor.line(10).is_err());
    }
}
