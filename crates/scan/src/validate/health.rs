//! Numbers of patients, practices and prescribers.

use super::digits::{digit, digit_at, is_one_digit, luhn_sum, weighted};
use super::{Check, check};

/// The checks of this file.
pub(super) const CHECKS: &[Check] = &[
    check!("us-npi", Digit, "Luhn behind 80840", |value| us_npi(value.compact)),
    check!("us-dea", Digit, "check digit", |value| us_dea(value.compact)),
    check!("uk-nhs", Digit, "mod 11", |value| uk_nhs(value.compact)),
];

/// SPEC: CMS, NPI check digit: Luhn over 80840 and the number, which begins with 1 or 2.
fn us_npi(value: &[u8]) -> bool {
    let digits = b"80840".iter().chain(value).map(|byte| digit(*byte));
    matches!(value.first(), Some(b'1' | b'2')) && !is_one_digit(value) && luhn_sum(digits).is_multiple_of(10)
}

/// SPEC: 21 CFR 1301: the first, third and fifth digit and twice the others; the last digit of the sum.
fn us_dea(value: &[u8]) -> bool {
    let digits = value.get(2..).unwrap_or_default();
    digit_at(digits, 6) == Some(weighted(digits, &[1, 2, 1, 2, 1, 2]) % 10)
}

/// SPEC: NHS Data Dictionary, NHS number: weights 10 to 2, mod 11; ten is not given.
fn uk_nhs(value: &[u8]) -> bool {
    let check = 11_u32.saturating_sub(weighted(value, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    !is_one_digit(value) && digit_at(value, 9) == Some(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_a_changed_one_does_not() {
        assert!(us_npi(b"1234567893") && us_npi(b"1245319599") && !us_npi(b"1234567890"));
        assert!(us_dea(b"AB1234563") && !us_dea(b"AB1234564"));
        assert!(uk_nhs(b"9434765919") && uk_nhs(b"4010232137") && !uk_nhs(b"4010232138"));
    }
}
