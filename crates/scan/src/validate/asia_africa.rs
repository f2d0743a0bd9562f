//! Numbers that governments of Asia, Africa and Oceania give.

use super::digits::{digit, digit_at, is_day, is_one_digit, is_yymmdd, luhn, number, pair, weighted};
use super::{Check, check};

/// The checks of this file.
pub(super) const CHECKS: &[Check] = &[
    check!("in-aadhaar", Digit, "Verhoeff", |value| in_aadhaar(value.compact)),
    check!("in-gstin", Ranges, "state and form", |value| in_gstin(value.compact)),
    check!("cn-resident-id", Strong, "date and check character", |value| cn_resident_id(value.compact)),
    check!("tw-id", Strong, "check digit", |value| tw_id(value.compact)),
    check!("hk-id", Strong, "check character", |value| hk_id(value.compact)),
    check!("kr-rrn", Ranges, "date and sex", |value| kr_rrn(value.compact)),
    check!("kr-frn", Ranges, "date and sex", |value| kr_frn(value.compact)),
    check!("kr-brn", Digit, "check digit", |value| kr_brn(value.compact)),
    check!("kr-driver", Ranges, "region", |value| kr_driver(value.compact)),
    check!("jp-my-number", Digit, "check digit", |value| jp_my_number(value.compact)),
    check!("sg-nric", Strong, "check letter", |value| sg_nric(value.compact)),
    check!("sg-uen", Digit, "check letter", |value| sg_uen(value.compact)),
    check!("my-nric", Ranges, "date", |value| is_yymmdd(value.compact, 0)),
    check!("id-nik", Ranges, "date", |value| id_nik(value.compact)),
    check!("th-tnin", Digit, "province and check digit", |value| th_tnin(value.compact)),
    check!("tr-tckn", Strong, "two check digits", |value| tr_tckn(value.compact)),
    check!("tr-plate", Ranges, "province", |value| matches!(pair(value.compact, 0), Some(1..=81))),
    check!("ph-tin", Digit, "check digit", |value| ph_tin(value.compact)),
    check!("il-id", Digit, "check digit", |value| !is_one_digit(value.compact) && luhn(value.compact)),
    check!("ae-emirates-id", Strong, "country and Luhn", |value| {
        value.compact.starts_with(b"784") && luhn(value.compact)
    }),
    check!("sa-id", Digit, "Luhn", |value| luhn(value.compact)),
    check!("za-id", Strong, "date and Luhn", |value| za_id(value.compact)),
    check!("au-tfn", Digit, "check digit", |value| au_tfn(value.compact)),
    check!("au-abn", Strong, "mod 89", |value| au_abn(value.compact)),
    check!("au-acn", Digit, "check digit", |value| au_acn(value.compact)),
    check!("au-medicare", Digit, "check digit", |value| au_medicare(value.compact)),
    check!("nz-ird", Digit, "check digit", |value| nz_ird(value.compact)),
];

/// The digit that makes a sum a multiple of `modulus`, where that is one digit.
fn complement(sum: u32, modulus: u32) -> u32 {
    modulus.saturating_sub(sum.checked_rem(modulus).unwrap_or_default()).checked_rem(modulus).unwrap_or_default()
}

/// SPEC: UIDAI: Verhoeff, no 0 or 1 in front, no palindrome.
fn in_aadhaar(value: &[u8]) -> bool {
    let palindrome = value.iter().eq(value.iter().rev());
    !matches!(value.first(), Some(b'0' | b'1')) && !palindrome && super::digits::verhoeff(value)
}

/// SPEC: GSTN: state 01 to 38, PAN, entity, `Z`, check. The check is not kept to in examples that people publish.
fn in_gstin(value: &[u8]) -> bool {
    matches!(pair(value, 0), Some(1..=38))
}

/// SPEC: GB 11643-1999: date, and ISO 7064 mod 11-2.
fn cn_resident_id(value: &[u8]) -> bool {
    let sum = weighted(value, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11;
    let check = b"10X98765432".get(sum as usize);
    let century = matches!(pair(value, 6), Some(19 | 20));
    century && is_yymmdd(value, 8) && value.get(17) == check
}

/// SPEC: National Immigration Agency of Taiwan: the letter counts as two digits, weights 1 9 8 ... 1 1.
fn tw_id(value: &[u8]) -> bool {
    let order = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let Some(place) = value.first().and_then(|first| order.iter().position(|letter| letter == first)) else {
        return false;
    };
    let area = (place as u32).saturating_add(10);
    let lead = (area / 10).saturating_add((area % 10).saturating_mul(9));
    let rest = weighted(value.get(1..).unwrap_or_default(), &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    lead.saturating_add(rest).is_multiple_of(10)
}

/// SPEC: Immigration Department of Hong Kong: letters from 10, a blank in front counts 36, weights 9 to 1, mod 11.
fn hk_id(value: &[u8]) -> bool {
    let worth = |byte: &u8| char::from(*byte).to_digit(36).unwrap_or_default();
    let Some((last, body)) = value.split_last() else { return false };
    let blank = if body.len() == 7 { 36_u32.saturating_mul(9) } else { 0 };
    let sum: u32 = body.iter().rev().zip(2..).map(|(byte, weight): (_, u32)| worth(byte).saturating_mul(weight)).sum();
    let check = match complement(sum.saturating_add(blank), 11) {
        10 => b'A',
        check => b'0'.wrapping_add(check as u8),
    };
    *last == check
}

/// SPEC: Resident Registration Act of Korea: date, sex and century. Numbers given since October 2020 have no check digit.
fn kr_rrn(value: &[u8]) -> bool {
    matches!(value.get(6), Some(b'1'..=b'4')) && is_yymmdd(value, 0)
}

/// SPEC: Immigration Act of Korea: as for residents, with other digits for the sex.
fn kr_frn(value: &[u8]) -> bool {
    matches!(value.get(6), Some(b'5'..=b'8')) && is_yymmdd(value, 0)
}

/// SPEC: National Tax Service of Korea: weights 1 3 7 1 3 7 1 3 5, and the tens of the last product.
fn kr_brn(value: &[u8]) -> bool {
    let tens = digit_at(value, 8).unwrap_or_default().saturating_mul(5) / 10;
    let sum = weighted(value, &[1, 3, 7, 1, 3, 7, 1, 3, 5]).saturating_add(tens);
    !is_one_digit(value) && digit_at(value, 9) == Some(complement(sum, 10))
}

/// SPEC: Korean National Police: regions 11 to 28.
fn kr_driver(value: &[u8]) -> bool {
    matches!(pair(value, 0), Some(11..=28))
}

/// SPEC: Order 85 of 2014 of the Ministry of Internal Affairs: weights 6 5 4 3 2 7 6 5 4 3 2, mod 11.
fn jp_my_number(value: &[u8]) -> bool {
    let check = match weighted(value, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
        0 | 1 => 0,
        rest => 11_u32.saturating_sub(rest),
    };
    !is_one_digit(value) && digit_at(value, 11) == Some(check)
}

/// SPEC: ICA: weights 2 7 6 5 4 3 2, an offset for the century, a letter by the remainder of eleven.
fn sg_nric(value: &[u8]) -> bool {
    let (letters, offset): (&[u8], u32) = match value.first() {
        Some(b'S') => (b"JZIHGFEDCBA", 0),
        Some(b'T') => (b"JZIHGFEDCBA", 4),
        Some(b'F') => (b"XWUTRQPNMLK", 0),
        Some(b'G') => (b"XWUTRQPNMLK", 4),
        Some(b'M') => (b"XWUTRQPNJLK", 3),
        _ => return false,
    };
    let sum = weighted(value.get(1..).unwrap_or_default(), &[2, 7, 6, 5, 4, 3, 2]).saturating_add(offset) % 11;
    value.last() == letters.get(sum as usize)
}

/// SPEC: ACRA, UEN: three forms, each with its weights and letters, mod 11.
fn sg_uen(value: &[u8]) -> bool {
    let (letters, sum): (&[u8], u32) = match value {
        [b'R' | b'S' | b'T', ..] => {
            let order = b"ABCDEFGHJKLMNPQRSTUVWX0123456789";
            let worth = |byte: &u8| order.iter().position(|letter| letter == byte).unwrap_or_default() as u32;
            let weights = [4, 3, 5, 3, 10, 2, 2, 5, 7];
            let sum: u32 = value.iter().zip(weights).map(|(byte, weight)| worth(byte).saturating_mul(weight)).sum();
            (b"ABCDEFGHJKLMNPQRSTUVWX0123456789", sum.saturating_add(6) % 11)
        }
        _ if value.len() == 9 => (b"XMKECAWLJDB", weighted(value, &[10, 4, 9, 3, 8, 2, 7, 1]) % 11),
        _ => (b"ZKCMDNERGWH", weighted(value, &[10, 8, 6, 4, 9, 7, 5, 3, 1]) % 11),
    };
    value.last() == letters.get(sum as usize)
}

/// SPEC: Perpres 67/2011, NIK: area, then the date, in which a woman's day is 40 higher.
fn id_nik(value: &[u8]) -> bool {
    let (Some(day), Some(month)) = (pair(value, 6), pair(value, 8)) else { return false };
    let day = if day > 40 { day.saturating_sub(40) } else { day };
    matches!(pair(value, 0), Some(11..=94)) && is_day(None, month, day)
}

/// SPEC: Bureau of Registration Administration of Thailand: category, province, weights 13 to 2, mod 11, mod 10.
fn th_tnin(value: &[u8]) -> bool {
    let province = matches!(pair(value, 1), Some(10..=27 | 30..=58 | 60..=67 | 70..=77 | 80..=87 | 90..=98));
    let gap = matches!(pair(value, 1), Some(28 | 29 | 59 | 68 | 69 | 78 | 79 | 88 | 89 | 97..=99));
    let sum = weighted(value, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    let check = 11_u32.saturating_sub(sum % 11) % 10;
    matches!(value.first(), Some(b'1'..=b'8'))
        && province
        && !gap
        && !is_one_digit(value)
        && digit_at(value, 12) == Some(check)
}

/// SPEC: NVI, T.C. kimlik numarası: seven times the odd places less the even ones, and the sum of the first ten.
fn tr_tckn(value: &[u8]) -> bool {
    let odd = weighted(value, &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let even = weighted(value, &[0, 1, 0, 1, 0, 1, 0, 1]);
    let tenth = odd.saturating_mul(7).saturating_add(40).saturating_sub(even) % 10;
    let eleventh = weighted(value, &[1; 10]) % 10;
    value.first() != Some(&b'0') && [digit_at(value, 9), digit_at(value, 10)] == [Some(tenth), Some(eleventh)]
}

/// SPEC: BIR, TIN: weights 9 to 2, mod 11; the branch code behind has no check.
fn ph_tin(value: &[u8]) -> bool {
    digit_at(value, 8) == Some(weighted(value, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11)
}

/// SPEC: Department of Home Affairs: date, sex, citizenship 0 to 2, Luhn.
fn za_id(value: &[u8]) -> bool {
    is_yymmdd(value, 0) && matches!(value.get(10), Some(b'0'..=b'2')) && luhn(value)
}

/// SPEC: ATO, TFN: weights 1 4 3 7 5 8 6 9 10, a multiple of eleven.
fn au_tfn(value: &[u8]) -> bool {
    !is_one_digit(value) && weighted(value, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

/// SPEC: ABR, ABN: one less in the first digit, weights 10 1 3 ... 19, a multiple of 89.
fn au_abn(value: &[u8]) -> bool {
    let sum = weighted(value, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    value.first() != Some(&b'0') && sum.saturating_sub(10).is_multiple_of(89)
}

/// SPEC: ASIC, ACN: weights 8 to 1, the complement to ten.
fn au_acn(value: &[u8]) -> bool {
    !is_one_digit(value) && digit_at(value, 8) == Some(complement(weighted(value, &[8, 7, 6, 5, 4, 3, 2, 1]), 10))
}

/// SPEC: Services Australia, Medicare: begins with 2 to 6, weights 1 3 7 9, mod 10.
fn au_medicare(value: &[u8]) -> bool {
    let sum = weighted(value, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10;
    matches!(value.first(), Some(b'2'..=b'6')) && digit_at(value, 8) == Some(sum)
}

/// SPEC: Inland Revenue, IRD numbers: weights 3 2 7 6 5 4 3 2, and 7 4 3 2 5 2 7 6 where that gives ten.
fn nz_ird(value: &[u8]) -> bool {
    let mut padded = [b'0'; 9];
    let lead = 9_usize.saturating_sub(value.len());
    padded.iter_mut().skip(lead).zip(value).for_each(|(to, from)| *to = *from);
    let check = match complement(weighted(&padded, &[3, 2, 7, 6, 5, 4, 3, 2]), 11) {
        10 => complement(weighted(&padded, &[7, 4, 3, 2, 5, 2, 7, 6]), 11),
        check => check,
    };
    (10_000_000..150_000_000).contains(&number(value)) && padded.last().map(|last| digit(*last)) == Some(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_a_changed_one_does_not() {
        assert!(in_aadhaar(b"312345678909") && !in_aadhaar(b"312345678908"));
        assert!(in_gstin(b"27ABCDE1234F1Z5") && !in_gstin(b"39ABCDE1234F1Z5"));
        assert!(cn_resident_id(b"11010519491231002X") && !cn_resident_id(b"110105194912310021"));
        assert!(tw_id(b"A123456789") && !tw_id(b"A123456788"));
        assert!(hk_id(b"A1234563") && !hk_id(b"A1234564") && hk_id(b"AB9876543"));
        assert!(kr_rrn(b"9601211021413") && !kr_rrn(b"0013321234567") && !kr_rrn(b"9601215021413"));
        assert!(kr_frn(b"9111245678906") && !kr_frn(b"9111241678906"));
        assert!(kr_brn(b"1048656659") && !kr_brn(b"1048656658"));
        assert!(jp_my_number(b"123456789018") && !jp_my_number(b"123456789019"));
        assert!(sg_nric(b"S2740116C") && sg_nric(b"T7572225C") && sg_nric(b"F2346401L"));
        assert!(sg_nric(b"M4332674T") && !sg_nric(b"S2740116D"));
        assert!(sg_uen(b"53125226D") && sg_uen(b"201434292D") && sg_uen(b"S57TU0392K") && !sg_uen(b"53125226E"));
        assert!(id_nik(b"3204110609970001") && !id_nik(b"3204113909970001"));
        assert!(th_tnin(b"3456789012347") && !th_tnin(b"3456789012348") && !th_tnin(b"1284567890124"));
        assert!(tr_tckn(b"10000000146") && !tr_tckn(b"10000000145"));
        assert!(ph_tin(b"000123456000") && !ph_tin(b"000123457000"));
        assert!(za_id(b"8001015009087") && !za_id(b"8001015009086"));
        assert!(au_tfn(b"876543210") && !au_tfn(b"876543211"));
        assert!(au_abn(b"51824753556") && !au_abn(b"52824753556"));
        assert!(au_acn(b"005499981") && !au_acn(b"824753557"));
        assert!(au_medicare(b"2123456701") && !au_medicare(b"2123456711"));
        assert!(nz_ird(b"49091850") && !nz_ird(b"49091851"));
    }
}
