//! Numbers that governments of the Americas give.

use super::digits::{digit, digit_at, is_day, is_one_digit, luhn, pair, weighted};
use super::{Check, check};

/// The checks of this file.
pub(super) const CHECKS: &[Check] = &[
    check!("us-itin", Ranges, "ranges of the IRS", |value| us_itin(value.compact)),
    check!("ca-sin", Digit, "Luhn and first digit", |value| ca_sin(value.compact)),
    check!("br-cpf", Strong, "two check digits", |value| br_cpf(value.compact)),
    check!("br-cnpj", Strong, "two check digits", |value| br_cnpj(value.compact)),
    check!("ar-cuit", Digit, "check digit", |value| ar_cuit(value.compact)),
    check!("cl-rut", Digit, "check digit", |value| cl_rut(value.compact)),
    check!("mx-curp", Strong, "date and check digit", |value| mx_curp(value.compact)),
    check!("mx-rfc", Ranges, "date", |value| mx_rfc(value.compact)),
];

/// SPEC: IRS, publication 4757: area 900 to 999, group 50 to 65, 70 to 88, 90 to 92 or 94 to 99.
fn us_itin(value: &[u8]) -> bool {
    value.first() == Some(&b'9') && matches!(pair(value, 3), Some(50..=65 | 70..=88 | 90..=92 | 94..=99))
}

/// SPEC: Service Canada: Luhn; no number begins with 0 or 8.
fn ca_sin(value: &[u8]) -> bool {
    !matches!(value.first(), Some(b'0' | b'8')) && luhn(value) && !is_one_digit(value)
}

/// The check digit of mod 11 by falling weights; ten and eleven count as none.
fn falling(value: &[u8], weights: &[u32]) -> u32 {
    match weighted(value, weights) % 11 {
        0 | 1 => 0,
        rest => 11_u32.saturating_sub(rest),
    }
}

/// SPEC: Receita Federal, CPF: two check digits by weights 10 to 2 and 11 to 2.
fn br_cpf(value: &[u8]) -> bool {
    let first = [10, 9, 8, 7, 6, 5, 4, 3, 2];
    let second = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    let checks = [falling(value, &first), falling(value, &second)].map(Some);
    !is_one_digit(value) && checks == [digit_at(value, 9), digit_at(value, 10)]
}

/// SPEC: Receita Federal, CNPJ: two check digits by weights 5 to 2 and 9 to 2.
fn br_cnpj(value: &[u8]) -> bool {
    let second = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let first = second.get(1..).unwrap_or_default();
    let checks = [falling(value, first), falling(value, &second)].map(Some);
    !is_one_digit(value) && checks == [digit_at(value, 12), digit_at(value, 13)]
}

/// SPEC: AFIP, CUIT: weights 5432765432, mod 11.
fn ar_cuit(value: &[u8]) -> bool {
    let check = match 11_u32.saturating_sub(weighted(value, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) {
        11 => 0,
        10 => 9,
        check => check,
    };
    let kind = matches!(pair(value, 0), Some(20 | 23 | 24 | 25 | 26 | 27 | 30 | 33 | 34));
    kind && digit_at(value, 10) == Some(check)
}

/// SPEC: Registro Civil, RUT: weights 2 to 7 from the right, mod 11; `K` stands for ten.
fn cl_rut(value: &[u8]) -> bool {
    let Some((last, body)) = value.split_last() else { return false };
    let weights = [2, 3, 4, 5, 6, 7].into_iter().cycle();
    let sum: u32 = body.iter().rev().zip(weights).map(|(byte, weight)| digit(*byte).saturating_mul(weight)).sum();
    let check = match 11_u32.saturating_sub(sum % 11) {
        11 => b'0',
        10 => b'K',
        check => b'0'.wrapping_add(check as u8),
    };
    *last == check && !is_one_digit(body)
}

/// SPEC: RENAPO, CURP: date of birth, and a check digit by weights 18 to 2 over an alphabet with Ñ behind N.
fn mx_curp(value: &[u8]) -> bool {
    let worth = |byte: u8| match byte {
        b'0'..=b'9' => digit(byte),
        b'A'..=b'N' => u32::from(byte.wrapping_sub(b'A')).saturating_add(10),
        _ => u32::from(byte.wrapping_sub(b'A')).saturating_add(11),
    };
    let sum: u32 = value.iter().zip((2..=18).rev()).map(|(byte, weight)| worth(*byte).saturating_mul(weight)).sum();
    let check = 10_u32.saturating_sub(sum % 10) % 10;
    date_of_initials(value, 4) && digit_at(value, 17) == Some(check)
}

/// SPEC: SAT, RFC: initials, date, three characters that the office gives.
fn mx_rfc(value: &[u8]) -> bool {
    date_of_initials(value, value.len().saturating_sub(9))
}

fn date_of_initials(value: &[u8], place: usize) -> bool {
    let month = pair(value, place.saturating_add(2));
    let day = pair(value, place.saturating_add(4));
    matches!((month, day), (Some(month), Some(day)) if is_day(None, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_a_changed_digit_does_not() {
        assert!(us_itin(b"911701234") && !us_itin(b"911891234") && !us_itin(b"811701234"));
        assert!(ca_sin(b"130692544") && !ca_sin(b"130692545") && !ca_sin(b"046454286"));
        assert!(br_cpf(b"11144477735") && !br_cpf(b"11144477734") && !br_cpf(b"11111111111"));
        assert!(br_cnpj(b"11222333000181") && !br_cnpj(b"11222333000182"));
        assert!(ar_cuit(b"20055361682") && !ar_cuit(b"20055361683"));
        assert!(cl_rut(b"123456785") && !cl_rut(b"123456784"));
        assert!(mx_curp(b"BOXW310820HNERXN09") && !mx_curp(b"BOXW310820HNERXN08"));
        assert!(mx_rfc(b"GODE561231GR8") && !mx_rfc(b"GODE561331GR8"));
    }
}
