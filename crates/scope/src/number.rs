//! Numbers as LEB128: seven bits a byte, the lowest first.

/// Writes a number.
pub fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        // The low seven bits always fit a byte.
        out.push(u8::try_from(number & 0x7F).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

/// Reads a number and moves past it; nothing if it is cut off or larger than 64 bits.
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first()?;
    // Most numbers are differences, and most of those fit one byte.
    if *first < 0x80 {
        *bytes = rest;
        return Some(u64::from(*first));
    }
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7F);
        // The tenth byte has room for one bit.
        if bits.checked_shl(shift)? >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Reads a number that must fit a smaller type.
pub fn take_as<T: TryFrom<u64>>(bytes: &mut &[u8]) -> Option<T> {
    T::try_from(take(bytes)?).ok()
}

/// Reads as many bytes as a number before them says.
pub fn take_counted<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = take_as(bytes)?;
    let (counted, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(counted)
}

/// Writes bytes behind their number.
pub fn put_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever was written reads back, and nothing else was taken.
        #[test]
        fn numbers_read_back(numbers in prop::collection::vec(any::<u64>(), 0..20), small in prop::collection::vec(0u64..300, 0..20)) {
            let mut out = Vec::new();
            numbers.iter().chain(&small).for_each(|number| put(&mut out, *number));
            let mut rest = out.as_slice();
            for number in numbers.iter().chain(&small) {
                prop_assert_eq!(take(&mut rest), Some(*number));
            }
            prop_assert_eq!(take(&mut rest), None);
        }
    }

    #[test]
    fn what_is_cut_off_or_too_large_does_not_read() {
        assert_eq!(take(&mut [0xFF; 11].as_slice()), None);
        assert_eq!(take(&mut [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02].as_slice()), None);
        assert_eq!(take(&mut [0x80].as_slice()), None);
        assert_eq!(take_as::<u32>(&mut [0xFF, 0xFF, 0xFF, 0xFF, 0x7F].as_slice()), None);
        assert_eq!(take_counted(&mut [2, 1].as_slice()), None);
        assert_eq!(take_counted(&mut [2, 1, 7].as_slice()), Some([1, 7].as_slice()));
    }
}
