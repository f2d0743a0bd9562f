//! A check over what is kept, so that damage is found where the structure would not show it.
//!
//! Against disks and mistakes, never against an adversary: who can write the database can write the check too.

/// Bytes of a check.
const BYTES: usize = 8;

/// Odd, so that multiplying loses nothing; the fractional part of the golden ratio, which spreads bits well.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Every step is a bijection of the sum and of the word alike: a change within one word always changes the end.
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<BYTES>();
    let mut last = [0; BYTES];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let step = |sum: u64, word: u64| (sum ^ word).wrapping_mul(SPREAD).rotate_left(29);
    let all = words.iter().fold(SPREAD, |sum, word| step(sum, u64::from_le_bytes(*word)));
    step(step(all, u64::from_le_bytes(last)), bytes.len() as u64)
}

/// Appends the check.
pub(crate) fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let check = sum(&bytes);
    bytes.extend_from_slice(&check.to_le_bytes());
    bytes
}

/// What was sealed, without its check and the version it must begin with; nothing if either is another.
pub(crate) fn open(bytes: &[u8], version: u8) -> Option<&[u8]> {
    let (body, check) = bytes.split_last_chunk::<BYTES>()?;
    if sum(body) != u64::from_le_bytes(*check) {
        return None;
    }
    let (first, rest) = body.split_first()?;
    (*first == version).then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Any one byte that changes, and any end that is cut off, is found.
        #[test]
        fn damage_is_found(mut bytes in prop::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>(), by in 1u8..) {
            bytes.insert(0, 1);
            let mut sealed = seal(bytes.clone());
            prop_assert_eq!(open(&sealed, 1), Some(&bytes[1..]));
            prop_assert_eq!(open(&sealed, 2), None);
            prop_assert_eq!(open(&sealed[..at.index(sealed.len())], 1), None);
            let at = at.index(sealed.len());
            sealed[at] ^= by;
            prop_assert_eq!(open(&sealed, 1), None);
        }
    }
}
