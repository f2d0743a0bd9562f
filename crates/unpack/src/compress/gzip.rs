//! Gzip, and the deflate streams inside it and inside zip.
//!
//! SPEC: RFC 1951, RFC 1952. Files may be several gzip members, one behind the other.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::Input;
use crate::error::Stop;
use crate::limits::Budget;
use crate::source::Outer;
use crate::stream::Stream;

/// A name or comment in the header that is longer than this is no name.
const LONGEST_FIELD_BYTES: u32 = 64 << 10;

const CUT_OFF: &str = "the compressed stream is cut off";

/// Unpacks one deflate stream, to where it ends itself.
pub(crate) struct Inflate<'a> {
    input: Input<'a>,
    budget: &'a Budget,
    inflater: Decompress,
    outer: Outer,
    ended: bool,
}

impl<'a> Inflate<'a> {
    pub(crate) fn new(inner: &'a mut dyn Stream, budget: &'a Budget) -> Self {
        let inflater = Decompress::new(false);
        Self { input: Input::new(inner), budget, inflater, outer: Outer::NONE, ended: false }
    }
}

impl Stream for Inflate<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        while !self.ended && !into.is_empty() {
            let packed = self.input.fill()?;
            if packed.is_empty() {
                return Err(Stop::broken(CUT_OFF));
            }
            let before = (self.inflater.total_in(), self.inflater.total_out());
            let status = self
                .inflater
                .decompress(packed, into, FlushDecompress::None)
                .map_err(|_| Stop::broken("the compressed stream has a wrong code"))?;
            let count = |after: u64, before: u64| usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX);
            let (used, made) = (count(self.inflater.total_in(), before.0), count(self.inflater.total_out(), before.1));
            self.input.consume(used);
            self.ended = status == Status::StreamEnd;
            if made > 0 {
                self.budget.unpack(made)?;
                self.outer = self.input.take_used();
                return Ok(made);
            }
            if used == 0 && !self.ended {
                return Err(Stop::broken(CUT_OFF));
            }
        }
        Ok(0)
    }

    fn outer(&self) -> Outer {
        self.outer.clone()
    }
}

/// Unpacks gzip.
pub(crate) struct Gunzip<'a> {
    body: Inflate<'a>,
    state: State,
    crc: Crc,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first member, or before another.
    Header { first: bool },
    /// In a member.
    Body,
    /// Behind the last.
    End,
}

impl<'a> Gunzip<'a> {
    pub(crate) fn new(inner: &'a mut dyn Stream, budget: &'a Budget) -> Self {
        Self { body: Inflate::new(inner, budget), state: State::Header { first: true }, crc: Crc::new() }
    }

    /// Reads a member's header. `false` at the end of the stream.
    fn header(&mut self, first: bool) -> Result<bool, Stop> {
        let input = &mut self.body.input;
        if !first && !padded(input)? {
            return Ok(false);
        }
        let [magic, magic_two, method, flags, ..] = input.take::<10>("the gzip header is cut off")?;
        if [magic, magic_two, method] != [0x1f, 0x8b, 8] {
            return Err(Stop::broken("bytes follow the gzip stream that are none"));
        }
        if flags & 4 != 0 {
            let len = u16::from_le_bytes(input.take("the gzip header is cut off")?);
            for _ in 0..len {
                input.take::<1>("the gzip header is cut off")?;
            }
        }
        for flag in [8, 16] {
            if flags & flag != 0 {
                field(input)?;
            }
        }
        if flags & 2 != 0 {
            input.take::<2>("the gzip header is cut off")?;
        }
        Ok(true)
    }

    /// Reads a member's trailer, and makes ready for another.
    fn trailer(&mut self) -> Result<(), Stop> {
        let input = &mut self.body.input;
        let crc = u32::from_le_bytes(input.take(CUT_OFF)?);
        let len = u32::from_le_bytes(input.take(CUT_OFF)?);
        let agrees = crc == self.crc.sum() && len == self.crc.amount();
        self.crc.reset();
        self.body.inflater.reset(false);
        self.body.ended = false;
        self.state = State::Header { first: false };
        if agrees { Ok(()) } else { Err(Stop::broken("the checksum of the gzip stream is wrong")) }
    }
}

/// Steps over zeros that fill up a block. Whether anything follows.
fn padded(input: &mut Input<'_>) -> Result<bool, Stop> {
    loop {
        let rest = input.fill()?;
        if rest.is_empty() {
            return Ok(false);
        }
        let zeros = rest.iter().take_while(|byte| **byte == 0).count();
        let more = zeros < rest.len();
        input.consume(zeros);
        if more {
            return Ok(true);
        }
    }
}

/// Steps over a text that ends in a zero.
fn field(input: &mut Input<'_>) -> Result<(), Stop> {
    for _ in 0..LONGEST_FIELD_BYTES {
        if input.take::<1>("the gzip header is cut off")? == [0] {
            return Ok(());
        }
    }
    Err(Stop::broken("a name in the gzip header has no end"))
}

impl Stream for Gunzip<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            match self.state {
                State::End => return Ok(0),
                State::Header { first } => {
                    let more = self.header(first)?;
                    self.state = if more { State::Body } else { State::End };
                }
                State::Body => {
                    let read = self.body.read(into)?;
                    if read > 0 {
                        self.crc.update(into.get(..read).unwrap_or_default());
                        return Ok(read);
                    }
                    self.trailer()?;
                }
            }
        }
    }

    fn outer(&self) -> Outer {
        self.body.outer()
    }
}
