//! Small numbers in few bits: levels, places in a dictionary, lengths.
//!
//! SPEC: `Encodings.md` of parquet-format. Both readers hold a position and no values, so a page that claims a billion
//! numbers in ten bytes costs nothing until they are asked for.

/// Runs of equal numbers and groups of packed ones (RLE).
#[derive(Clone, Debug)]
pub(super) struct Hybrid {
    at: usize,
    end: usize,
    width: u32,
    run: Run,
}

#[derive(Clone, Copy, Debug)]
enum Run {
    Same { value: u32, left: u64 },
    Packed { bit: u64, left: u64 },
}

impl Hybrid {
    /// Numbers of `width` bits in `at..end` of the bytes that every call is given.
    pub(super) const fn new(at: usize, end: usize, width: u32) -> Self {
        Self { at, end, width, run: Run::Same { value: 0, left: 0 } }
    }

    /// A number without bits is always 0.
    pub(super) const fn zero() -> Self {
        Self { at: 0, end: 0, width: 0, run: Run::Same { value: 0, left: u64::MAX } }
    }

    /// The next number; `None` where they end.
    #[inline]
    pub(super) fn next(&mut self, bytes: &[u8]) -> Option<u32> {
        loop {
            match &mut self.run {
                Run::Same { value, left } if *left > 0 => {
                    *left = left.wrapping_sub(1);
                    return Some(*value);
                }
                Run::Packed { bit, left } if *left > 0 => {
                    *left = left.wrapping_sub(1);
                    let value = bits(bytes, *bit, self.width)?;
                    *bit = bit.saturating_add(u64::from(self.width));
                    return u32::try_from(value).ok();
                }
                _ => self.open_run(bytes)?,
            }
        }
    }

    fn open_run(&mut self, bytes: &[u8]) -> Option<()> {
        let bytes = bytes.get(..self.end)?;
        let head = varint(bytes, &mut self.at)?;
        let count = head >> 1;
        self.run = if head & 1 == 1 {
            let bit = (self.at as u64).checked_mul(8)?;
            let len = usize::try_from(count.checked_mul(u64::from(self.width))?).ok()?;
            // The last group may be cut off where the numbers end.
            self.at = self.at.checked_add(len)?.min(self.end);
            Run::Packed { bit, left: count.checked_mul(8)? }
        } else {
            let width = self.width.div_ceil(8) as usize;
            let written = bytes.get(self.at..self.at.checked_add(width)?)?;
            self.at = self.at.checked_add(width)?;
            let value = written.iter().rev().fold(0_u32, |value, byte| value.wrapping_shl(8) | u32::from(*byte));
            Run::Same { value, left: count }
        };
        Some(())
    }
}

/// How many numbers a block has at most. Writers use 128.
const LARGEST_BLOCK: u64 = 1 << 16;

/// Differences between one number and the next (DELTA_BINARY_PACKED).
#[derive(Clone, Debug)]
pub(super) struct Delta {
    at: usize,
    /// Numbers in a miniblock, miniblocks in a block.
    miniblock: u64,
    miniblocks: u64,
    /// How many numbers are left.
    pub(super) left: u64,
    value: i64,
    first: bool,
    least: i64,
    /// The widths of the miniblocks of the block under way begin here.
    widths: usize,
    nth: u64,
    bit: u64,
    left_in_miniblock: u64,
    width: u32,
}

impl Delta {
    /// Numbers that begin at `at`.
    pub(super) fn new(bytes: &[u8], at: usize) -> Option<Self> {
        let mut at = at;
        let block = varint(bytes, &mut at)?;
        let miniblocks = varint(bytes, &mut at)?;
        let left = varint(bytes, &mut at)?;
        let value = zigzag(varint(bytes, &mut at)?);
        let miniblock = block.checked_div(miniblocks)?;
        if block > LARGEST_BLOCK || miniblock == 0 || !miniblock.is_multiple_of(8) {
            return None;
        }
        let (least, widths, nth, bit) = (0, at, miniblocks, 0);
        Some(Self {
            at,
            miniblock,
            miniblocks,
            left,
            value,
            first: true,
            least,
            widths,
            nth,
            bit,
            left_in_miniblock: 0,
            width: 0,
        })
    }

    /// The next number.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Option<i64> {
        self.left = self.left.checked_sub(1)?;
        if std::mem::take(&mut self.first) {
            return Some(self.value);
        }
        if self.left_in_miniblock == 0 {
            self.open_miniblock(bytes)?;
        }
        self.left_in_miniblock = self.left_in_miniblock.wrapping_sub(1);
        let delta = bits(bytes, self.bit, self.width)?;
        self.bit = self.bit.saturating_add(u64::from(self.width));
        self.value = self.value.wrapping_add(self.least).wrapping_add(delta.cast_signed());
        Some(self.value)
    }

    fn open_miniblock(&mut self, bytes: &[u8]) -> Option<()> {
        if self.nth >= self.miniblocks {
            self.least = zigzag(varint(bytes, &mut self.at)?);
            self.widths = self.at;
            self.at = self.at.checked_add(usize::try_from(self.miniblocks).ok()?)?;
            self.nth = 0;
        }
        let width = bytes.get(self.widths.checked_add(usize::try_from(self.nth).ok()?)?)?;
        self.width = u32::from(*width);
        if self.width > 64 {
            return None;
        }
        self.bit = (self.at as u64).checked_mul(8)?;
        let len = self.miniblock.checked_mul(u64::from(self.width))?.div_ceil(8);
        self.at = self.at.checked_add(usize::try_from(len).ok()?)?;
        self.nth = self.nth.wrapping_add(1);
        self.left_in_miniblock = self.miniblock;
        Some(())
    }

    /// Where the numbers end: what comes behind them begins there. It takes as long as reading them.
    pub(super) fn end(&self, bytes: &[u8]) -> Option<usize> {
        let mut ahead = self.clone();
        while ahead.left > 0 {
            ahead.next(bytes)?;
        }
        Some(ahead.at)
    }
}

/// The number of `width` bits that begins at `bit`, lowest bit first.
#[inline]
fn bits(bytes: &[u8], bit: u64, width: u32) -> Option<u64> {
    if width == 0 {
        return Some(0);
    }
    let from = usize::try_from(bit >> 3).ok()?;
    let shift = (bit & 7) as u32;
    let rest = bytes.get(from..)?;
    let low = match rest.first_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => {
            if (rest.len() as u64).saturating_mul(8) < u64::from(shift.saturating_add(width)) {
                return None;
            }
            let mut word = [0; 8];
            word.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            u64::from_le_bytes(word)
        }
    };
    let mut value = low.wrapping_shr(shift);
    if shift.saturating_add(width) > 64 {
        // Only a number of more than 56 bits reaches into a ninth byte.
        value |= u64::from(*rest.get(8)?).wrapping_shl(64_u32.saturating_sub(shift));
    }
    let mask = u64::MAX.wrapping_shr(64_u32.saturating_sub(width));
    Some(value & mask)
}

/// A number in the fewest bytes, at `at`, which moves behind it.
pub(super) fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at = at.checked_add(1)?;
        value |= u64::from(byte & 0x7f).wrapping_shl(shift);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ 0_i64.wrapping_sub((value & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_groups_follow_each_other() {
        // Five times 3, then a group of eight numbers of three bits: 0 to 7.
        let bytes = [10, 3, 3, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        let mut hybrid = Hybrid::new(0, bytes.len(), 3);
        let numbers: Vec<u32> = std::iter::from_fn(|| hybrid.next(&bytes)).collect();
        assert_eq!(numbers, [3, 3, 3, 3, 3, 0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn differences_add_up() {
        // SPEC: the example of Encodings.md: 7, 5, 3, 1, 2, 3, 4, 5.
        let mut bytes = vec![128, 1, 4, 8, 14, 3, 2, 0, 0, 0];
        bytes.extend([0b1100_0000, 0b0011_1111, 0, 0, 0, 0, 0, 0]);
        let mut delta = Delta::new(&bytes, 0).unwrap();
        assert_eq!(delta.end(&bytes), Some(bytes.len()));
        let numbers: Vec<i64> = std::iter::from_fn(|| delta.next(&bytes)).collect();
        assert_eq!(numbers, [7, 5, 3, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn wide_numbers_reach_into_a_ninth_byte() {
        let bytes = [0xff; 9];
        assert_eq!(bits(&bytes, 7, 64), Some(u64::MAX));
        assert_eq!(bits(&bytes, 9, 64), None);
        assert_eq!(bits(&bytes, 71, 1), Some(1));
        assert_eq!(bits(&bytes, 72, 1), None);
    }
}
