//! The model file: what training learnt, read without trust.
//!
//! ```text
//! "CFNM" 1 0 0 0                 magic and version
//! checksum                       u64, FNV-1a of all that follows
//! 64 × i16                       what it costs to go from one label to another, row by row
//! 2^18 × 8 × i8                  the tagger's table: one row a feature, one column a label
//! 2^18 × u16                     the lists
//! ```
//! Everything is an integer, low byte first; so what is found is the same on every machine.

#![expect(clippy::arithmetic_side_effects, reason = "sums of 35 bytes, and shifts within a word")]

use super::lists::{self, Lists};
use super::{LABELS, feature};

/// Where a file begins.
const MAGIC: &[u8; 8] = b"CFNM\x01\0\0\0";

const STEP_BYTES: usize = LABELS * LABELS * 2;
const TABLE_BYTES: usize = feature::ROWS * LABELS;
const LIST_BYTES: usize = lists::SLOTS * 2;

/// The length of a model file.
pub const FILE_BYTES: usize = MAGIC.len() + 8 + STEP_BYTES + TABLE_BYTES + LIST_BYTES;

// The file is shipped in the program, and in the repository.
const _: () = assert!(FILE_BYTES <= 3_000_000);

/// The scale of the table: a weight of 1 as an integer.
pub const UNIT: i32 = 24;

/// A model that was read.
#[derive(Clone, Copy)]
pub struct Model<'a> {
    rows: &'a [[u8; LABELS]],
    /// From the first label to the second.
    pub(super) steps: [[i32; LABELS]; LABELS],
    /// The lists.
    pub lists: Lists<'a>,
}

/// Why a model file was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It is no model file, or of another version.
    Magic,
    /// It is longer or shorter than it must be.
    Length,
    /// Its checksum does not fit.
    Checksum,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Magic => "not a model of names\nuse the file that `scripts/train-names` writes",
            Self::Length => "the model of names is cut off or padded\ntake it from the release again",
            Self::Checksum => "the model of names is damaged\ntake it from the release again",
        })
    }
}

impl std::error::Error for Broken {}

impl<'a> Model<'a> {
    /// Reads a model file.
    ///
    /// # Errors
    /// If it is not one, or not whole.
    pub fn read(file: &'a [u8]) -> Result<Self, Broken> {
        let rest = file.strip_prefix(MAGIC).ok_or(Broken::Magic)?;
        if file.len() != FILE_BYTES {
            return Err(Broken::Length);
        }
        let (sum, body) = rest.split_first_chunk::<8>().ok_or(Broken::Length)?;
        if u64::from_le_bytes(*sum) != checksum(body) {
            return Err(Broken::Checksum);
        }
        let (step_bytes, body) = body.split_at_checked(STEP_BYTES).ok_or(Broken::Length)?;
        let (table, list) = body.split_at_checked(TABLE_BYTES).ok_or(Broken::Length)?;
        let mut steps = [[0; LABELS]; LABELS];
        let values = step_bytes.as_chunks::<2>().0.iter().map(|bytes| i32::from(i16::from_le_bytes(*bytes)));
        steps.as_flattened_mut().iter_mut().zip(values).for_each(|(step, value)| *step = value);
        Ok(Self { rows: table.as_chunks().0, steps, lists: Lists::new(list.as_chunks().0) })
    }

    /// What the rows say about each label, together.
    ///
    /// The rows lie all over the table, so they are fetched first, all at once, and added then: eight weights in the lanes
    /// of two words, 128 too high so that no lane borrows from the next.
    pub(super) fn sum(&self, rows: &[u32; feature::FEATURES]) -> [i32; LABELS] {
        let mut fetched = [0_u64; feature::FEATURES];
        for (weights, row) in fetched.iter_mut().zip(rows) {
            *weights = self.rows.get(*row as usize).map_or(0, |weights| u64::from_le_bytes(*weights));
        }
        let (mut even, mut odd) = (0_u64, 0_u64);
        for weights in fetched {
            let raised = weights ^ RAISED;
            even = even.wrapping_add(raised & LANES);
            odd = odd.wrapping_add(raised >> 8 & LANES);
        }
        let lane = |sum: u64, lane: usize| (sum >> (lane * 16) & 0xffff) as i32 - RAISED_BY;
        std::array::from_fn(|label| lane(if label % 2 == 0 { even } else { odd }, label / 2))
    }
}

/// The sign bit of each of eight weights: flipping it adds 128.
const RAISED: u64 = 0x8080_8080_8080_8080;
/// Every other byte.
const LANES: u64 = 0x00ff_00ff_00ff_00ff;
/// How much too high a sum is. A lane holds it: 35 × 255 is below 65,536.
const RAISED_BY: i32 = 128 * feature::FEATURES as i32;

/// Writes a model file.
#[must_use]
pub fn write(steps: &[[i16; LABELS]; LABELS], table: &[[i8; LABELS]], list: &[[u8; 2]]) -> Vec<u8> {
    let mut body = Vec::with_capacity(FILE_BYTES);
    body.extend(steps.as_flattened().iter().flat_map(|step| step.to_le_bytes()));
    body.extend(table.as_flattened().iter().map(|weight| weight.cast_unsigned()));
    body.extend_from_slice(list.as_flattened());
    let mut file = MAGIC.to_vec();
    file.extend_from_slice(&checksum(&body).to_le_bytes());
    file.extend_from_slice(&body);
    file
}

/// FNV-1a, eight bytes at a time: damage is what it tells, not malice.
fn checksum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let rest = rest.iter().map(|byte| u64::from(*byte));
    words
        .chain(rest)
        .fold(0xcbf2_9ce4_8422_2325, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_is_an_error() {
        let whole = super::super::FILE;
        assert!(Model::read(whole).is_ok());
        assert_eq!(Model::read(b"").err(), Some(Broken::Magic));
        assert_eq!(Model::read(b"CFNM\x02\0\0\0").err(), Some(Broken::Magic));
        assert_eq!(Model::read(&whole[..whole.len() - 1]).err(), Some(Broken::Length));
        let mut damaged = whole.to_vec();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        assert_eq!(Model::read(&damaged).err(), Some(Broken::Checksum));
        damaged.push(0);
        assert_eq!(Model::read(&damaged).err(), Some(Broken::Length));
    }
}
