//! What many numbers share: sums of weighted digits, dates, and the checks that are named after their makers.

use super::{Check, check};

/// The checks of this file.
pub(super) const CHECKS: &[Check] = &[
    check!("luhn", Digit, "Luhn", |value| luhn(value.compact)),
    check!("verhoeff", Digit, "Verhoeff", |value| verhoeff(value.compact)),
    check!("mod97", Strong, "mod 97", |value| mod97(value.compact) == 1),
];

/// The value of a digit; of anything else, more than nine.
pub(super) fn digit(byte: u8) -> u32 {
    u32::from(byte.wrapping_sub(b'0'))
}

/// The digit at `place`.
pub(super) fn digit_at(value: &[u8], place: usize) -> Option<u32> {
    value.get(place).filter(|byte| byte.is_ascii_digit()).map(|byte| digit(*byte))
}

/// The number that the digits of `value` spell.
pub(super) fn number(value: &[u8]) -> u64 {
    value.iter().fold(0_u64, |sum, byte| sum.saturating_mul(10).saturating_add(u64::from(digit(*byte))))
}

/// The sum of the digits, each times its weight; as many as there are weights.
pub(super) fn weighted(value: &[u8], weights: &[u32]) -> u32 {
    value.iter().zip(weights).map(|(byte, weight)| digit(*byte).saturating_mul(*weight)).sum()
}

/// Whether all characters are the same, as in numbers that were made up.
pub(super) fn is_one_digit(value: &[u8]) -> bool {
    value.iter().all(|byte| Some(byte) == value.first())
}

/// Whether day and month can be, in a leap year if the year is not known.
pub(super) fn is_day(year: Option<u32>, month: u32, day: u32) -> bool {
    let leap =
        year.is_none_or(|year| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)));
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=last).contains(&day)
}

/// Two digits from `place` on.
pub(super) fn pair(value: &[u8], place: usize) -> Option<u32> {
    Some(digit_at(value, place)?.saturating_mul(10).saturating_add(digit_at(value, place.saturating_add(1))?))
}

/// Whether six digits from `place` on are a year in its century, a month and a day.
pub(super) fn is_yymmdd(value: &[u8], place: usize) -> bool {
    let parts = [place, place.saturating_add(2), place.saturating_add(4)].map(|place| pair(value, place));
    matches!(parts, [Some(_), Some(month), Some(day)] if is_day(None, month, day))
}

/// Whether six digits from `place` on are a day, a month and a year in its century.
pub(super) fn is_ddmmyy(value: &[u8], place: usize) -> bool {
    let parts = [place, place.saturating_add(2), place.saturating_add(4)].map(|place| pair(value, place));
    matches!(parts, [Some(day), Some(month), Some(_)] if is_day(None, month, day))
}

/// SPEC: ISO/IEC 7812-1 Annex B: every second digit from the right is doubled, and the sum of digits is a multiple of
/// ten.
pub(super) fn luhn(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_digit) && luhn_sum(value.iter().map(|byte| digit(*byte))).is_multiple_of(10)
}

/// The sum of Luhn, the last digit being a check digit.
pub(super) fn luhn_sum(digits: impl DoubleEndedIterator<Item = u32>) -> u32 {
    let doubled = |(place, digit): (usize, u32)| match digit {
        digit if place.is_multiple_of(2) => digit,
        digit if digit > 4 => digit.saturating_mul(2).saturating_sub(9),
        digit => digit.saturating_mul(2),
    };
    digits.rev().enumerate().map(doubled).sum()
}

/// SPEC: J. Verhoeff, *Error Detecting Decimal Codes*, 1969: the dihedral group of order ten.
pub(super) fn verhoeff(value: &[u8]) -> bool {
    const PERMUTED: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    // The product of the dihedral group: turns add up, and behind a flip they go backwards.
    let times = |left: u8, right: u8| match (left < 5, right < 5) {
        (true, true) => left.wrapping_add(right) % 5,
        (true, false) => (left.wrapping_add(right).wrapping_sub(5) % 5).wrapping_add(5),
        (false, true) => (left.wrapping_sub(right) % 5).wrapping_add(5),
        (false, false) => left.wrapping_sub(right).wrapping_add(5) % 5,
    };
    let digits = value.iter().rev().zip(PERMUTED.iter().cycle());
    let mut permuted = digits.map(|(byte, row)| row.get(usize::from(byte.wrapping_sub(b'0'))).copied());
    permuted.try_fold(0, |product, digit| Some(times(product, digit?))) == Some(0)
}

/// SPEC: ISO 7064 mod 97-10: letters count from 10, and the remainder is 1.
pub(super) fn mod97(value: &[u8]) -> u32 {
    value.iter().fold(0, |remainder: u32, byte| {
        let value = char::from(*byte).to_digit(36).unwrap_or_default();
        remainder.saturating_mul(if value > 9 { 100 } else { 10 }).saturating_add(value) % 97
    })
}

/// SPEC: ISO 7064 mod 11,10: whether the last digit is the check of those before.
pub(super) fn mod11_10(value: &[u8]) -> bool {
    let Some((last, body)) = value.split_last() else { return false };
    let product = body.iter().fold(10_u32, |product, byte| {
        let sum = digit(*byte).saturating_add(product) % 10;
        (if sum == 0 { 10 } else { sum }).saturating_mul(2) % 11
    });
    11_u32.saturating_sub(product) % 10 == digit(*last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verhoeff_sees_one_wrong_digit() {
        assert!(verhoeff(b"2363"));
        assert!((b'0'..=b'9').filter(|last| verhoeff(&[b'2', b'3', b'6', *last])).eq([b'3']));
    }

    #[test]
    fn days_of_the_calendar() {
        assert!(is_day(None, 2, 29) && is_day(Some(2000), 2, 29) && !is_day(Some(1900), 2, 29));
        assert!(!is_day(None, 4, 31) && !is_day(None, 13, 1) && !is_day(None, 0, 1));
        assert!(is_yymmdd(b"850229", 0) && !is_yymmdd(b"851301", 0) && is_ddmmyy(b"310185", 0));
    }

    #[test]
    fn checks_of_iso_7064() {
        assert_eq!(mod97(b"3214282912345698765432161182"), 1);
        assert!(mod11_10(b"94577403194") && !mod11_10(b"94577403195"));
    }
}
