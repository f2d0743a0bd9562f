//! A buffer of a column, where it stands or unpacked.

use std::ops::Range;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::schema::Width;
use crate::codec::LARGEST_BLOCK_BYTES;
use crate::cursor::{Cursor, LONGEST_FIELD_BYTES};
use crate::error::Stop;
use crate::report::Why;
use crate::source::Slice;

/// A buffer.
pub(super) enum Buffer<'a> {
    /// In the slice, from an offset on, this long. A value that is longer than a field is held for a while.
    InPlace { from: u64, len: u64, cursor: Cursor<'a>, long: Zeroizing<Vec<u8>> },
    /// Unpacked.
    Held(Rc<Zeroizing<Vec<u8>>>),
}

impl<'a> Buffer<'a> {
    pub(super) fn in_place(slice: &'a Slice<'a>, range: Range<u64>) -> Self {
        let (from, len) = (range.start, range.end.saturating_sub(range.start));
        Self::InPlace { from, len, cursor: Cursor::new(slice, range), long: Zeroizing::new(Vec::new()) }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::InPlace { len, .. } => *len == 0,
            Self::Held(bytes) => bytes.is_empty(),
        }
    }

    /// The `len` bytes from `at` on.
    pub(super) fn bytes(&mut self, at: u64, len: u64) -> Result<&[u8], Stop> {
        match self {
            Self::Held(bytes) => {
                let end = at.checked_add(len).and_then(|end| usize::try_from(end).ok());
                let range = usize::try_from(at).ok().zip(end);
                range.and_then(|(at, end)| bytes.get(at..end)).ok_or_else(beyond)
            }
            Self::InPlace { from, len: whole, cursor, long } => {
                at.checked_add(len).filter(|end| end <= whole).ok_or_else(beyond)?;
                cursor.go(from.saturating_add(at))?;
                if len <= LONGEST_FIELD_BYTES as u64 {
                    return cursor.bytes(len);
                }
                if len > LARGEST_BLOCK_BYTES {
                    return Err(Why::TooLargeToHold.into());
                }
                *long = Zeroizing::new(Vec::with_capacity(usize::try_from(len).unwrap_or(0)));
                while (long.len() as u64) < len {
                    let left = len.saturating_sub(long.len() as u64);
                    long.extend_from_slice(cursor.bytes(left.min(LONGEST_FIELD_BYTES as u64))?);
                }
                Ok(long)
            }
        }
    }

    /// The piece of `N` bytes at a place: a view is one of sixteen.
    pub(super) fn piece<const N: usize>(&mut self, nth: u64) -> Result<[u8; N], Stop> {
        self.bytes(nth.saturating_mul(N as u64), N as u64)?.try_into().map_err(|_| beyond())
    }

    /// The bit at a place.
    pub(super) fn bit(&mut self, nth: u64) -> Result<bool, Stop> {
        let [byte] = self.piece(nth >> 3)?;
        Ok(byte.wrapping_shr((nth & 7) as u32) & 1 == 1)
    }

    /// The length or offset at a place.
    pub(super) fn count(&mut self, nth: u64, width: Width) -> Result<u64, Stop> {
        u64::try_from(self.integer(nth, width)?).map_err(|_| Stop::broken("a negative length or offset"))
    }

    /// The number at a place.
    pub(super) fn integer(&mut self, nth: u64, width: Width) -> Result<i64, Stop> {
        Ok(match width {
            Width::Four => i64::from(i32::from_le_bytes(self.piece(nth)?)),
            Width::Eight => i64::from_le_bytes(self.piece(nth)?),
        })
    }

    /// The number in floating point at a place.
    pub(super) fn float(&mut self, nth: u64) -> Result<f64, Stop> {
        Ok(f64::from_le_bytes(self.piece(nth)?))
    }

    /// The place in a dictionary at a place, of one to eight bytes.
    pub(super) fn place(&mut self, nth: u64, width: u64) -> Result<u64, Stop> {
        let bytes = self.bytes(nth.saturating_mul(width), width)?;
        Ok(bytes.iter().rev().fold(0, |place, byte| place.wrapping_shl(8) | u64::from(*byte)))
    }
}

fn beyond() -> Stop {
    Stop::broken("a value that goes beyond its buffer")
}
