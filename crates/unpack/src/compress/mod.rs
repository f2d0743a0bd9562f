//! Compressed streams, unpacked as they are read.

mod bzip2;
mod bzip2_block;
mod gzip;
mod zstd;

use zeroize::Zeroizing;

pub(crate) use bzip2::Bunzip2;
pub(crate) use gzip::{Gunzip, Inflate};
pub(crate) use zstd::Unzstd;

use crate::error::Stop;
use crate::source::Outer;
use crate::stream::{Stream, chunk};

/// The packed bytes, and which of them were used since somebody asked.
struct Input<'a> {
    inner: &'a mut dyn Stream,
    chunk: Zeroizing<Vec<u8>>,
    from: usize,
    to: usize,
    outer: Outer,
    used: Outer,
}

impl<'a> Input<'a> {
    fn new(inner: &'a mut dyn Stream) -> Self {
        Self { inner, chunk: chunk(), from: 0, to: 0, outer: Outer::NONE, used: Outer::NONE }
    }

    /// The next bytes; none at the end.
    fn fill(&mut self) -> Result<&[u8], Stop> {
        if self.from >= self.to {
            self.from = 0;
            self.to = self.inner.read(&mut self.chunk)?;
            self.outer = self.inner.outer();
        }
        Ok(self.chunk.get(self.from..self.to).unwrap_or_default())
    }

    /// Steps over `len` of the next bytes.
    fn consume(&mut self, len: usize) {
        let end = self.from.saturating_add(len).min(self.to);
        let part = self.outer.part(self.from as u64..end as u64);
        self.used.join(&part);
        self.from = end;
    }

    /// Where the bytes that were used since the last call came from.
    fn take_used(&mut self) -> Outer {
        Outer { exact: false, ..std::mem::replace(&mut self.used, Outer::NONE) }
    }

    fn byte(&mut self) -> Result<Option<u8>, Stop> {
        let byte = self.fill()?.first().copied();
        if byte.is_some() {
            self.consume(1);
        }
        Ok(byte)
    }

    /// The next `N` bytes, or `what` is cut off.
    fn take<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Stop> {
        let mut taken = [0; N];
        for place in &mut taken {
            *place = self.byte()?.ok_or(Stop::broken(what))?;
        }
        Ok(taken)
    }
}
