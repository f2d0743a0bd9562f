//! Check digits that many numbers share.

use super::{Check, Value, check};

/// The checks of this file.
pub(super) const CHECKS: &[Check] = &[
    check!("luhn", Digit, "Luhn", luhn),
    check!("cusip", Digit, "CUSIP check digit", cusip),
    check!("us-itin", Ranges, "ranges of the IRS", us_itin),
];

/// SPEC: ISO/IEC 7812-1 Annex B: every second digit from the right is doubled, and the sum of digits is a multiple of
/// ten.
fn luhn(value: Value<'_>) -> bool {
    let digits = value.compact.iter().rev().enumerate().map(|(place, byte)| match u32::from(byte.wrapping_sub(b'0')) {
        digit if place % 2 == 0 => digit,
        digit if digit > 4 => digit.saturating_mul(2).saturating_sub(9),
        digit => digit.saturating_mul(2),
    });
    value.compact.iter().all(u8::is_ascii_digit) && digits.sum::<u32>().is_multiple_of(10)
}

/// SPEC: CUSIP Global Services: letters count from 10, every second character is doubled, and the sum of the digits of
/// the first eight is made a multiple of ten by the ninth.
fn cusip(value: Value<'_>) -> bool {
    let values = value.compact.iter().map(|byte| char::from(*byte).to_digit(36).unwrap_or_default());
    let weighed = values.zip([1, 2].into_iter().cycle()).map(|(value, weight)| value.saturating_mul(weight));
    let sum: u32 = weighed.take(8).map(|value| (value / 10).saturating_add(value % 10)).sum();
    let check = value.compact.get(8).map(|byte| u32::from(byte.wrapping_sub(b'0')));
    check == Some(10_u32.saturating_sub(sum % 10) % 10)
}

/// SPEC: IRS, publication 4757: area 900 to 999, group 50 to 65, 70 to 88, 90 to 92 or 94 to 99.
fn us_itin(value: Value<'_>) -> bool {
    matches!(value.compact, [b'9', _, _, high, low, ..] if matches!(
        high.wrapping_sub(b'0').saturating_mul(10).saturating_add(low.wrapping_sub(b'0')),
        50..=65 | 70..=88 | 90..=92 | 94..=99
    ))
}
