//! Numbers that governments in the west and south of Europe give.

use super::digits::{
    digit, digit_at, is_day, is_ddmmyy, is_one_digit, is_yymmdd, luhn, luhn_sum, mod11_10, number, pair, weighted,
};
use super::{Check, check};

/// The checks of this file.
pub(super) const CHECKS: &[Check] = &[
    check!("uk-nino", Ranges, "prefixes in use", |value| uk_nino(value.compact)),
    check!("uk-driving-licence", Ranges, "date", |value| uk_driving_licence(value.compact)),
    check!("uk-plate", Ranges, "prefix and age", |value| uk_plate(value.compact)),
    check!("de-tax-id", Strong, "repeated digit and mod 11,10", |value| de_tax_id(value.compact)),
    check!("de-rvnr", Strong, "date and check digit", |value| de_rvnr(value.compact)),
    check!("de-kvnr", Digit, "check digit", |value| de_kvnr(value.compact)),
    check!("de-document", Digit, "check digit", |value| de_document(value.compact)),
    check!("de-vat", Digit, "mod 11,10", |value| value.compact.get(2..).is_some_and(mod11_10)),
    check!("de-lanr", Digit, "check digit", |value| de_lanr(value.compact)),
    check!("de-bsnr", Ranges, "region", |value| de_bsnr(value.compact)),
    check!("fr-nir", Strong, "month and mod 97", |value| fr_nir(value.compact)),
    check!("es-nif", Strong, "check letter", |value| es_nif(value.compact)),
    check!("es-cif", Digit, "check digit", |value| es_cif(value.compact)),
    check!("it-fiscal-code", Strong, "check letter", |value| it_fiscal_code(value.compact)),
    check!("it-vat", Strong, "office and Luhn", |value| it_vat(value.compact)),
    check!("nl-bsn", Digit, "eleven test", |value| nl_bsn(value.compact)),
    check!("be-nn", Strong, "date and mod 97", |value| be_nn(value.compact)),
    check!("pt-nif", Digit, "check digit", |value| pt_nif(value.compact)),
    check!("ch-ahv", Strong, "country and EAN", |value| ch_ahv(value.compact)),
    check!("at-svnr", Strong, "date and check digit", |value| at_svnr(value.compact)),
    check!("ie-pps", Strong, "check letter", |value| ie_pps(value.compact)),
    check!("gr-amka", Strong, "date and Luhn", |value| is_ddmmyy(value.compact, 0) && luhn(value.compact)),
    check!("gr-afm", Digit, "check digit", |value| gr_afm(value.compact)),
];

/// SPEC: HMRC, NIM39110: letters that no prefix has, and prefixes that are not given.
fn uk_nino(value: &[u8]) -> bool {
    let [first, second, ..] = value else { return false };
    let refused = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].contains(&&[*first, *second]);
    !refused && !b"DFIQUV".contains(first) && !b"DFIOQUV".contains(second)
}

/// SPEC: DVLA: the month of women is written 50 higher.
fn uk_driving_licence(value: &[u8]) -> bool {
    let (Some(month), Some(day)) = (pair(value, 6), pair(value, 8)) else { return false };
    is_day(None, if month > 50 { month.saturating_sub(50) } else { month }, day)
}

/// SPEC: DVLA, INF104: age 02 to 29 for March, 51 to 79 for September.
fn uk_plate(value: &[u8]) -> bool {
    let area = matches!(value.first(), Some(b'A'..=b'H' | b'J'..=b'P' | b'R'..=b'Y')) && value.get(1) != Some(&b'Q');
    area && matches!(pair(value, 2), Some(2..=29 | 51..=79))
}

/// SPEC: BZSt, Steuer-ID: of the first ten digits one occurs twice or three times, the others at most once; the last is
/// mod 11,10.
fn de_tax_id(value: &[u8]) -> bool {
    let body = value.get(..10).unwrap_or_default();
    let count = |digit: u8| body.iter().filter(|byte| **byte == digit).count();
    let most = (b'0'..=b'9').map(count).max();
    let repeated = (b'0'..=b'9').filter(|digit| count(*digit) > 1).count();
    // Numbers for tests have no repeated digit.
    let plausible = matches!((most, repeated), (Some(2 | 3), 1) | (Some(1), 0));
    plausible && value.first() != Some(&b'0') && mod11_10(value)
}

/// SPEC: VKVV §2: area, date of birth, letter as two digits, serial; weights 2 1 2 5 7 1 2 1 2 1 2 1 and sums of digits.
fn de_rvnr(value: &[u8]) -> bool {
    let Some(letter) = value.get(8).filter(|byte| byte.is_ascii_uppercase()) else { return false };
    let letter = u32::from(letter.wrapping_sub(b'A')).saturating_add(1);
    let mut digits: Vec<u32> = value.iter().take(8).map(|byte| digit(*byte)).collect();
    digits.extend([letter / 10, letter % 10]);
    digits.extend(value.iter().skip(9).take(2).map(|byte| digit(*byte)));
    let weights = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
    let products = digits.iter().zip(weights).map(|(digit, weight)| digit.saturating_mul(weight));
    let sum: u32 = products.map(|product| (product / 10).saturating_add(product % 10)).sum();
    // A day is 50 higher where two people would have one number.
    let (Some(day), Some(month)) = (pair(value, 2), pair(value, 4)) else { return false };
    let dated = is_day(None, month, if day > 50 { day.saturating_sub(50) } else { day });
    dated && digit_at(value, 11) == Some(sum % 10)
}

/// SPEC: GKV, Krankenversichertennummer: the letter as two digits, weights 1 2 from the left, sums of digits.
fn de_kvnr(value: &[u8]) -> bool {
    let Some(letter) = value.first().filter(|byte| byte.is_ascii_uppercase()) else { return false };
    let letter = u32::from(letter.wrapping_sub(b'A')).saturating_add(1);
    let digits = [letter / 10, letter % 10].into_iter().chain(value.iter().skip(1).take(8).map(|byte| digit(*byte)));
    let products =
        digits.zip([1, 2].into_iter().cycle()).map(|(digit, weight): (u32, u32)| digit.saturating_mul(weight));
    let sum: u32 = products.map(|product| (product / 10).saturating_add(product % 10)).sum();
    digit_at(value, 9) == Some(sum % 10)
}

/// SPEC: ICAO 9303-3 §4.9: weights 7 3 1, letters from 10; the ninth character is the check of the first eight.
fn de_document(value: &[u8]) -> bool {
    let worth = |byte: &u8| char::from(*byte).to_digit(36).unwrap_or_default();
    let sum: u32 = value
        .iter()
        .take(8)
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(byte, weight)| worth(byte).saturating_mul(weight))
        .sum();
    digit_at(value, 8) == Some(sum % 10)
}

/// SPEC: KBV, Arztnummern: weights 4 9, the seventh digit makes the sum a multiple of ten, the last two are the field.
fn de_lanr(value: &[u8]) -> bool {
    let sum = weighted(value, &[4, 9, 4, 9, 4, 9]);
    digit_at(value, 6) == Some(10_u32.saturating_sub(sum % 10) % 10)
}

/// SPEC: KBV, Betriebsstättennummern: the first two digits are an association of physicians or an agreed range.
fn de_bsnr(value: &[u8]) -> bool {
    matches!(
        pair(value, 0),
        Some(1..=3 | 6..=21 | 24..=28 | 31..=32 | 35..=41 | 43..=52 | 55..=73 | 74..=83 | 85 | 87..=88 | 93..=99)
    )
}

/// SPEC: INSEE, NIR: the key is 97 less the remainder of the rest; Corsica's 2A and 2B count as 19 and 18.
fn fr_nir(value: &[u8]) -> bool {
    let mut body = [0_u8; 13];
    body.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
    if let [.., department, _, _, _, _, _, _] = &mut body
        && department.is_ascii_alphabetic()
    {
        *department = if *department == b'A' { b'9' } else { b'8' };
        if let Some(tens) = body.get_mut(5) {
            *tens = b'1';
        }
    }
    let month = matches!(pair(value, 3), Some(1..=12 | 20..=42 | 50..=99));
    let key = 97_u64.saturating_sub(number(&body) % 97);
    body.iter().all(u8::is_ascii_digit) && month && pair(value, 13).map(u64::from) == Some(key)
}

/// SPEC: Ministerio del Interior, NIF: the number modulo 23 picks a letter; `X`, `Y` and `Z` stand for 0, 1 and 2.
fn es_nif(value: &[u8]) -> bool {
    let Some((letter, body)) = value.split_last() else { return false };
    let Some((first, rest)) = body.split_first() else { return false };
    let lead = match first {
        b'X' => 0,
        b'Y' => 1,
        b'Z' => 2,
        digit_byte => u64::from(digit(*digit_byte)),
    };
    let power = rest.iter().fold(1_u64, |power, _| power.saturating_mul(10));
    let whole = lead.saturating_mul(power).saturating_add(number(rest));
    let letters = b"TRWAGMYFPDXBNJZSQVHLCKE";
    usize::try_from(whole % 23).ok().and_then(|place| letters.get(place)) == Some(letter)
}

/// SPEC: Orden EHA/451/2008: digits in odd places doubled; the check is a digit, or a letter from `J` on.
fn es_cif(value: &[u8]) -> bool {
    let sum = luhn_sum(value.iter().skip(1).take(7).map(|byte| digit(*byte)).chain([0]));
    let check = 10_u32.saturating_sub(sum % 10) % 10;
    let letter = b"JABCDEFGHI".get(check as usize);
    value.last().is_some_and(|last| Some(digit(*last)) == Some(check) || Some(last) == letter)
}

/// SPEC: Decreto 23 December 1976: characters in odd places count by a table, the sum modulo 26 is a letter.
fn it_fiscal_code(value: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let worth = |byte: u8| if byte.is_ascii_digit() { byte.wrapping_sub(b'0') } else { byte.wrapping_sub(b'A') };
    let sum: u32 = value
        .iter()
        .take(15)
        .enumerate()
        .map(|(place, byte)| match worth(*byte) {
            worth if place % 2 == 1 => u32::from(worth),
            worth => ODD.get(usize::from(worth)).copied().unwrap_or_default(),
        })
        .sum();
    value.last().map(|last| u32::from(last.wrapping_sub(b'A'))) == Some(sum % 26)
}

/// SPEC: Agenzia delle Entrate, partita IVA: Luhn; the three digits before the last are an office.
fn it_vat(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"IT").unwrap_or(value);
    let office = digits.get(7..10).map_or(0, number);
    luhn(digits) && !is_one_digit(digits) && matches!(office, 1..=100 | 120 | 121 | 888 | 999)
}

/// SPEC: Logius, BSN: weights 9 to 2 and -1, a multiple of eleven.
fn nl_bsn(value: &[u8]) -> bool {
    let sum = weighted(value, &[9, 8, 7, 6, 5, 4, 3, 2]);
    let last = value.last().map_or(99, |byte| digit(*byte));
    !is_one_digit(value) && sum % 11 == last && sum > 0
}

/// SPEC: IBZ, national number: 97 less the remainder of nine digits, with a 2 in front for those born from 2000 on.
fn be_nn(value: &[u8]) -> bool {
    let body = number(value.get(..9).unwrap_or_default());
    let check = pair(value, 9).map(u64::from);
    let of = |number: u64| Some(97_u64.saturating_sub(number % 97));
    is_yymmdd(value, 0) && (check == of(body) || check == of(body.saturating_add(2_000_000_000)))
}

/// SPEC: Portal das Finanças, NIF: weights 9 to 2, mod 11, ten and eleven count as none.
fn pt_nif(value: &[u8]) -> bool {
    let check = match weighted(value, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
        0 | 1 => 0,
        rest => 11_u32.saturating_sub(rest),
    };
    matches!(value.first(), Some(b'1'..=b'3' | b'5' | b'6' | b'8' | b'9')) && digit_at(value, 8) == Some(check)
}

/// SPEC: ZAS, AHV number: EAN-13 that begins with 756.
fn ch_ahv(value: &[u8]) -> bool {
    let sum = weighted(value, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
    value.starts_with(b"756") && digit_at(value, 12) == Some(10_u32.saturating_sub(sum % 10) % 10)
}

/// SPEC: Dachverband der Sozialversicherungsträger: the fourth digit is the check of the others, then the birthday.
fn at_svnr(value: &[u8]) -> bool {
    let sum = weighted(value, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11;
    // A month of 13 to 15 is given when a day runs out of numbers.
    let (Some(day), Some(month)) = (pair(value, 4), pair(value, 6)) else { return false };
    let dated = is_day(None, month, day) || ((13..=15).contains(&month) && (1..=31).contains(&day));
    value.first() != Some(&b'0') && dated && digit_at(value, 3) == Some(sum)
}

/// SPEC: DEASP, PPS number: weights 8 to 2, the second letter counts nine times, modulo 23.
fn ie_pps(value: &[u8]) -> bool {
    let second = value.get(8).map_or(0, |letter| match letter {
        b'W' => 0,
        letter => u32::from(letter.wrapping_sub(b'@')).saturating_mul(9),
    });
    let rest = weighted(value, &[8, 7, 6, 5, 4, 3, 2]).saturating_add(second) % 23;
    let letter = if rest == 0 { b'W' } else { b'@'.wrapping_add(rest as u8) };
    value.get(7) == Some(&letter)
}

/// SPEC: AADE, ΑΦΜ: powers of two from the right, mod 11, mod 10.
fn gr_afm(value: &[u8]) -> bool {
    let sum = weighted(value, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10;
    !is_one_digit(value) && digit_at(value, 8) == Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_a_changed_one_does_not() {
        assert!(uk_nino(b"AA123456B") && !uk_nino(b"BG123612A") && !uk_nino(b"FQ000000C"));
        assert!(uk_driving_licence(b"MORGA607054SM9IJ") && !uk_driving_licence(b"MORGA613054SM9IJ"));
        assert!(uk_plate(b"AB51ABC") && !uk_plate(b"AB00ABC") && !uk_plate(b"AQ51ABC"));
        assert!(de_tax_id(b"86095742719") && !de_tax_id(b"86095742718") && !de_tax_id(b"11112345678"));
        assert!(de_rvnr(b"15070649C103") && !de_rvnr(b"15070649C100") && !de_rvnr(b"15071349C103"));
        assert!(de_kvnr(b"A123456780") && !de_kvnr(b"M123456789"));
        assert!(de_document(b"L01X00T44") && !de_document(b"L01X00T47"));
        assert!(mod11_10(b"136695976") && de_lanr(b"123456601") && !de_lanr(b"123456901"));
        assert!(
            fr_nir(b"184127645108946")
                && !fr_nir(b"184127645108945")
                && fr_nir(b"295102A00403652") == (97 - 2_951_019_004_036_u64 % 97 == 52)
        );
        assert!(es_nif(b"12345678Z") && es_nif(b"X9613851N") && !es_nif(b"12345678A"));
        assert!(es_cif(b"A58818501") && !es_cif(b"A58818502"));
        assert!(it_fiscal_code(b"RSSMRA85T10A562S") && !it_fiscal_code(b"RSSMRA85T10A562T"));
        assert!(it_vat(b"01333550323") && !it_vat(b"00000000000"));
        assert!(nl_bsn(b"111222333") && !nl_bsn(b"111222334"));
        assert!(be_nn(b"85073003328") && be_nn(b"17073003384") && !be_nn(b"85073003329"));
        assert!(pt_nif(b"501964843") && !pt_nif(b"501964842"));
        assert!(ch_ahv(b"7569217076985") && !ch_ahv(b"7569217076984"));
        assert!(at_svnr(b"1237010180") && !at_svnr(b"2237010180"));
        assert!(ie_pps(b"6433435F") && ie_pps(b"1234567FA") && !ie_pps(b"6433435E"));
        assert!(gr_afm(b"094259216") && !gr_afm(b"094259217"));
    }
}
