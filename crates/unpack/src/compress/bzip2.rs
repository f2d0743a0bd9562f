//! Bzip2.
//!
//! There is no RFC; this follows the format's only specification, the reference implementation 1.0.8. Files may be several
//! streams, one behind the other. Written here, because the crate that is maintained has a licence of its own and the one
//! with ours is not maintained; a block needs 4 MB, which is the format's dictionary.

use super::Input;
use super::bzip2_block::Block;
use crate::error::Stop;
use crate::limits::Budget;
use crate::source::Outer;
use crate::stream::Stream;

const BLOCK: u64 = 0x3141_5926_5359;
const END: u64 = 0x1772_4538_5090;

pub(super) const CUT_OFF: &str = "the bzip2 stream is cut off";

/// Unpacks bzip2.
pub(crate) struct Bunzip2<'a> {
    bits: Bits<'a>,
    budget: &'a Budget,
    block: Block,
    state: State,
    /// The checksums of the blocks so far, folded into one.
    checksum: u32,
    outer: Outer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first stream, or before another.
    Header { first: bool },
    /// Between blocks.
    Between,
    /// In a block.
    InBlock,
    /// Behind the last.
    End,
}

impl<'a> Bunzip2<'a> {
    pub(crate) fn new(inner: &'a mut dyn Stream, budget: &'a Budget) -> Self {
        let bits = Bits { input: Input::new(inner), held: 0, count: 0 };
        Self {
            bits,
            budget,
            block: Block::default(),
            state: State::Header { first: true },
            checksum: 0,
            outer: Outer::NONE,
        }
    }

    /// Reads the header of a stream.
    fn header(&mut self, first: bool) -> Result<State, Stop> {
        self.bits.align();
        if !first && self.bits.input.fill()?.is_empty() {
            return Ok(State::End);
        }
        let [b'B', b'Z', b'h', level @ b'1'..=b'9'] = self.bits.input.take::<4>(CUT_OFF)? else {
            return Err(Stop::broken("bytes follow the bzip2 stream that are none"));
        };
        self.block.resize(level.saturating_sub(b'0'));
        self.checksum = 0;
        Ok(State::Between)
    }

    /// Reads what follows a block: another, or the end of the stream.
    fn between(&mut self) -> Result<State, Stop> {
        let magic = u64::from(self.bits.take(24)?) << 24 | u64::from(self.bits.take(24)?);
        let checksum = self.bits.take(16)? << 16 | self.bits.take(16)?;
        match magic {
            BLOCK => {
                self.block.read(&mut self.bits, checksum)?;
                self.outer = self.bits.input.take_used();
                self.checksum = self.checksum.rotate_left(1) ^ checksum;
                Ok(State::InBlock)
            }
            END if checksum == self.checksum => Ok(State::Header { first: false }),
            END => Err(Stop::broken("the checksum of the bzip2 stream is wrong")),
            _ => Err(Stop::broken("the bzip2 stream is damaged")),
        }
    }
}

impl Stream for Bunzip2<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            self.state = match self.state {
                State::End => return Ok(0),
                State::Header { first } => self.header(first)?,
                State::Between => self.between()?,
                State::InBlock => {
                    let made = self.block.emit(into);
                    if made > 0 {
                        self.budget.unpack(made)?;
                        return Ok(made);
                    }
                    self.block.check()?;
                    State::Between
                }
            };
        }
    }

    fn outer(&self) -> Outer {
        self.outer.clone()
    }
}

/// Bits of the packed bytes, the highest of a byte first.
pub(super) struct Bits<'a> {
    input: Input<'a>,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// The next `count` bits, of which there are at most 24.
    pub(super) fn take(&mut self, count: u32) -> Result<u32, Stop> {
        while self.count < count {
            let byte = self.input.byte()?.ok_or(Stop::broken(CUT_OFF))?;
            self.held = self.held << 8 | u64::from(byte);
            self.count = self.count.saturating_add(8);
        }
        self.count = self.count.saturating_sub(count);
        let mask = 1_u64.checked_shl(count).unwrap_or(0).wrapping_sub(1);
        Ok(u32::try_from(self.held.checked_shr(self.count).unwrap_or(0) & mask).unwrap_or(0))
    }

    /// The next bit.
    pub(super) fn bit(&mut self) -> Result<bool, Stop> {
        Ok(self.take(1)? == 1)
    }

    /// Drops the bits up to the next byte.
    fn align(&mut self) {
        self.count = 0;
    }
}
