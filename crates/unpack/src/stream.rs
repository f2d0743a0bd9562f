//! Streams: bytes in order, each knowing which range of the object it came from.
//!
//! Decompression, members of a tar and the object itself are all streams, so containers nest by wrapping one in another.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::error::Stop;
use crate::limits::Budget;
use crate::report::Why;
use crate::source::{Outer, Slice};

/// How much is read at once. It is also how finely the inside of a compressed stream leads back to the object: custody
/// keeps its facts by blocks of 64 KiB.
pub(crate) const CHUNK_BYTES: usize = 32 << 10;

/// A buffer to read into, erased when it is dropped.
pub(crate) fn chunk() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(vec![0; CHUNK_BYTES])
}

/// Bytes in order.
pub(crate) trait Stream {
    /// Reads bytes and returns how many; 0 at the end, and for ever after. After a stop, every read stops.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop>;

    /// Where in the object the bytes of the last read came from.
    fn outer(&self) -> Outer;

    /// What is still to come, if that can be read at offsets.
    fn rest(&self) -> Option<Slice<'_>> {
        None
    }

    /// Steps over `len` bytes and returns how many there were.
    fn skip(&mut self, len: u64) -> Result<u64, Stop> {
        let mut chunk = chunk();
        let mut left = len;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
            let read = self.read(chunk.get_mut(..most).unwrap_or_default())?;
            if read == 0 {
                break;
            }
            left = left.saturating_sub(read as u64);
        }
        Ok(len.saturating_sub(left))
    }
}

/// Reads until `into` is full or the stream ends. The range is that of all bytes read.
pub(crate) fn read_full(stream: &mut dyn Stream, into: &mut [u8]) -> Result<(usize, Outer), Stop> {
    let mut done = 0_usize;
    let mut outer = Outer::NONE;
    while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let read = stream.read(rest)?;
        if read == 0 {
            break;
        }
        done = done.saturating_add(read);
        extend(&mut outer, &stream.outer());
    }
    Ok((done, outer))
}

/// Joins the range of the bytes that follow; ranges that touch stay exact.
fn extend(outer: &mut Outer, next: &Outer) {
    if outer.exact && next.exact && outer.range.end == next.range.start {
        outer.range.end = next.range.end;
    } else {
        outer.join(next);
    }
}

/// Reads a slice from its beginning to its end.
pub(crate) struct Linear<'a> {
    slice: Slice<'a>,
    at: u64,
    last: Range<u64>,
}

impl<'a> Linear<'a> {
    pub(crate) const fn new(slice: Slice<'a>) -> Self {
        Self { slice, at: 0, last: 0..0 }
    }
}

impl Stream for Linear<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        let read = self.slice.read(self.at, into)?;
        let end = self.at.saturating_add(read as u64);
        self.last = self.at..end;
        self.at = end;
        Ok(read)
    }

    fn outer(&self) -> Outer {
        self.slice.outer(self.last.clone())
    }

    fn rest(&self) -> Option<Slice<'_>> {
        Some(self.slice.part(self.at..self.slice.len()))
    }

    fn skip(&mut self, len: u64) -> Result<u64, Stop> {
        let end = self.at.saturating_add(len).min(self.slice.len());
        let skipped = end.saturating_sub(self.at);
        self.at = end;
        Ok(skipped)
    }
}

/// A stream whose first bytes were looked at already, and are read again.
pub(crate) struct Peeked<'a> {
    start: Zeroizing<Vec<u8>>,
    start_outer: Outer,
    /// How much of the start was read.
    at: usize,
    outer: Outer,
    inner: &'a mut dyn Stream,
}

impl<'a> Peeked<'a> {
    /// Looks at the first `len` bytes of `inner`, or at fewer when there are no more.
    pub(crate) fn new(inner: &'a mut dyn Stream, len: usize) -> Result<Self, Stop> {
        let mut start = Zeroizing::new(vec![0; len]);
        let (read, start_outer) = read_full(inner, &mut start)?;
        start.truncate(read);
        Ok(Self { start, start_outer, at: 0, outer: Outer::NONE, inner })
    }

    /// The first bytes.
    pub(crate) fn start(&self) -> &[u8] {
        &self.start
    }
}

impl Stream for Peeked<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        let left = self.start.get(self.at..).unwrap_or_default();
        if left.is_empty() {
            let read = self.inner.read(into)?;
            self.outer = self.inner.outer();
            return Ok(read);
        }
        for (to, from) in into.iter_mut().zip(left) {
            *to = *from;
        }
        let read = left.len().min(into.len());
        let end = self.at.saturating_add(read);
        self.outer = self.start_outer.part(self.at as u64..end as u64);
        self.at = end;
        Ok(read)
    }

    fn outer(&self) -> Outer {
        self.outer.clone()
    }
}

/// The next bytes of a stream, and no more: a member of a tar.
pub(crate) struct Taken<'a> {
    inner: &'a mut dyn Stream,
    left: u64,
}

impl<'a> Taken<'a> {
    pub(crate) const fn new(inner: &'a mut dyn Stream, len: u64) -> Self {
        Self { inner, left: len }
    }

    /// How many bytes of it were not read.
    pub(crate) const fn left(&self) -> u64 {
        self.left
    }
}

impl Stream for Taken<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.inner.read(into.get_mut(..most).unwrap_or_default())?;
        if read == 0 {
            return Err(Stop::broken("it ends before its stated length"));
        }
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }

    fn outer(&self) -> Outer {
        self.inner.outer()
    }
}

/// A stream that, once something inside it stopped, stops for ever: whoever reads on learns of it too.
pub(crate) struct Steady<'a> {
    inner: &'a mut dyn Stream,
    stopped: Option<Why>,
}

impl<'a> Steady<'a> {
    pub(crate) const fn new(inner: &'a mut dyn Stream) -> Self {
        Self { inner, stopped: None }
    }
}

impl Stream for Steady<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        if let Some(why) = self.stopped {
            return Err(why.into());
        }
        let read = self.inner.read(into);
        if let Err(Stop::Inside(why)) = &read {
            self.stopped = Some(*why);
        }
        read
    }

    fn outer(&self) -> Outer {
        self.inner.outer()
    }
}

/// Bytes of a stream that were read into memory to be read at offsets.
pub(crate) struct Held {
    bytes: Zeroizing<Vec<u8>>,
    outer: Outer,
}

impl Held {
    /// Holds all of `stream`, if it is no larger than the limit.
    pub(crate) fn all_of(stream: &mut dyn Stream, budget: &Budget) -> Result<Self, Stop> {
        let most = budget.limits.held_bytes;
        let mut bytes = Zeroizing::new(Vec::new());
        let mut outer = Outer::NONE;
        let mut chunk = chunk();
        loop {
            let (read, from) = read_full(stream, &mut chunk)?;
            if read == 0 {
                return Ok(Self { bytes, outer });
            }
            let needed = bytes.len().saturating_add(read);
            if needed > most {
                return Err(Why::TooLargeToHold.into());
            }
            if needed > bytes.capacity() {
                // A vector that grew by itself would leave its old bytes behind; the one replaced here is erased.
                let mut wider = Zeroizing::new(Vec::with_capacity(needed.next_power_of_two()));
                wider.extend_from_slice(&bytes);
                bytes = wider;
            }
            bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
            outer.join(&from);
        }
    }

    pub(crate) fn slice(&self) -> Slice<'_> {
        Slice::held(&*self.bytes, self.outer.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn peeking_changes_nothing() {
        let object = *b"0123456789";
        let mut linear = Linear::new(Slice::object(&object).part(2..10));
        let mut peeked = Peeked::new(&mut linear, 3).unwrap();
        assert_eq!(peeked.start(), b"234");
        let mut taken = Taken::new(&mut peeked, 5);
        let mut read = [0; 2];
        let mut outers = Vec::new();
        while taken.read(&mut read).unwrap() > 0 {
            outers.push(taken.outer().range);
        }
        assert_eq!(outers, [2..4, 4..5, 5..7]);
        assert_eq!(peeked.skip(100).unwrap(), 3);
    }

    #[test]
    fn what_is_too_large_is_not_held() {
        let object = vec![0; 100];
        let budget = Budget::new(Limits { held_bytes: 99, ..Limits::default() }, 100);
        let held = Held::all_of(&mut Linear::new(Slice::object(&object)), &budget);
        assert!(matches!(held, Err(Stop::Inside(Why::TooLargeToHold))));
    }
}
