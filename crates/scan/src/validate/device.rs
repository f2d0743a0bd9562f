//! Numbers of things that people carry and drive.

use super::digits::{is_one_digit, luhn};
use super::{Check, check};

/// The checks of this file.
pub(super) const CHECKS: &[Check] = &[
    check!("imei", Digit, "Luhn", |value| !is_one_digit(value.compact) && luhn(value.compact)),
    check!("vin", Digit, "check digit", |value| vin(value.compact)),
    check!("mac", Ranges, "not broadcast", |value| !is_one_digit(value.compact)),
];

/// SPEC: ISO 3779 and 49 CFR 565: letters count by a table, weights by place, and the remainder of eleven is the ninth
/// character, with `X` for ten.
fn vin(value: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let worth = |byte: u8| match byte {
        b'0'..=b'9' => byte.wrapping_sub(b'0'),
        b'A'..=b'H' => byte.wrapping_sub(b'A').wrapping_add(1),
        b'J'..=b'R' => byte.wrapping_sub(b'J').wrapping_add(1),
        _ => byte.wrapping_sub(b'S').wrapping_add(2),
    };
    let sum: u32 = value.iter().zip(WEIGHTS).map(|(byte, weight)| u32::from(worth(*byte)).saturating_mul(weight)).sum();
    let check = match sum % 11 {
        10 => b'X',
        rest => b'0'.wrapping_add(rest as u8),
    };
    let mixed = value.iter().any(u8::is_ascii_alphabetic) && value.iter().any(u8::is_ascii_digit);
    mixed && value.get(8) == Some(&check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_a_changed_one_does_not() {
        assert!(vin(b"1M8GDM9AXKP042788") && !vin(b"1M8GDM9AYKP042788") && !vin(b"11111111111111111"));
    }
}
