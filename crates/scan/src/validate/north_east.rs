//! Numbers that governments in the north and east of Europe give.

use super::digits::{
    digit, digit_at, is_day, is_ddmmyy, is_one_digit, is_yymmdd, luhn, mod11_10, number, pair, weighted,
};
use super::{Check, check};

/// The checks of this file.
pub(super) const CHECKS: &[Check] = &[
    check!("fi-hetu", Strong, "date and check character", |value| fi_hetu(value.compact)),
    check!("se-personnummer", Strong, "date and Luhn", |value| se_personnummer(value.compact)),
    check!("se-organisation", Digit, "Luhn", |value| se_organisation(value.compact)),
    check!("no-fnr", Strong, "date and two check digits", |value| no_fnr(value.compact)),
    check!("dk-cpr", Ranges, "date", |value| dk_cpr(value.compact)),
    check!("is-kennitala", Strong, "date and check digit", |value| is_kennitala(value.compact)),
    check!("pl-pesel", Strong, "date and check digit", |value| pl_pesel(value.compact)),
    check!("pl-nip", Digit, "check digit", |value| pl_nip(value.compact)),
    check!("cz-rc", Strong, "date and mod 11", |value| cz_rc(value.compact)),
    check!("hu-taj", Digit, "check digit", |value| hu_taj(value.compact)),
    check!("ro-cnp", Strong, "date and check digit", |value| ro_cnp(value.compact)),
    check!("bg-egn", Strong, "date and check digit", |value| bg_egn(value.compact)),
    check!("hr-oib", Digit, "mod 11,10", |value| !is_one_digit(value.compact) && mod11_10(value.compact)),
    check!("jmbg", Strong, "date and check digit", |value| jmbg(value.compact)),
    check!("baltic-code", Strong, "date and check digit", |value| baltic_code(value.compact)),
    check!("ru-inn", Strong, "check digits", |value| ru_inn(value.compact)),
    check!("ru-snils", Strong, "check digits", |value| ru_snils(value.compact)),
    check!("ua-rntrc", Digit, "check digit", |value| ua_rntrc(value.compact)),
];

/// SPEC: DVV, henkilötunnus: nine digits modulo 31 pick a character.
fn fi_hetu(value: &[u8]) -> bool {
    let Some((last, body)) = value.split_last() else { return false };
    // The sign of the century is a letter since 2023, and is left out of the sum.
    let digits: Vec<u8> = body.iter().copied().filter(u8::is_ascii_digit).collect();
    let signs = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let check = usize::try_from(number(&digits) % 31).ok().and_then(|place| signs.get(place));
    let serial = digits.get(6..).map_or(0, number);
    digits.len() == 9 && is_ddmmyy(&digits, 0) && serial >= 2 && check == Some(last)
}

/// SPEC: Skatteverket, SKV 704: date, serial and Luhn over the last ten digits; days of coordination numbers are 60 higher.
fn se_personnummer(value: &[u8]) -> bool {
    let Some(short) = value.len().checked_sub(10).and_then(|century| value.get(century..)) else { return false };
    let (Some(month), Some(day)) = (pair(short, 2), pair(short, 4)) else { return false };
    let dated = is_day(None, month, day) || is_day(None, month, day.saturating_sub(60));
    let century = value.len() == 10 || matches!(pair(value, 0), Some(18..=20));
    dated && century && luhn(short)
}

/// SPEC: Skatteverket, SKV 709: like a person's, with at least 20 where the month would be.
fn se_organisation(value: &[u8]) -> bool {
    pair(value, 2).is_some_and(|group| group >= 20) && luhn(value)
}

/// SPEC: Skatteetaten, fødselsnummer: two check digits; days of D-numbers are 40 higher.
fn no_fnr(value: &[u8]) -> bool {
    let (Some(day), Some(month)) = (pair(value, 0), pair(value, 2)) else { return false };
    let dated = is_day(None, month, day) || is_day(None, month, day.saturating_sub(40));
    dated
        && weighted(value, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
        && weighted(value, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// SPEC: CPR-kontoret: a date; since 2007 the check digit is no longer kept to.
fn dk_cpr(value: &[u8]) -> bool {
    is_ddmmyy(value, 0) && !value.ends_with(b"0000")
}

/// SPEC: Þjóðskrá, kennitala: weights 3 2 7 6 5 4 3 2, mod 11; the last digit is the century.
fn is_kennitala(value: &[u8]) -> bool {
    let (Some(day), Some(month)) = (pair(value, 0), pair(value, 2)) else { return false };
    let check = 11_u32.saturating_sub(weighted(value, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    let dated = is_day(None, month, if day > 40 { day.saturating_sub(40) } else { day });
    dated && digit_at(value, 8) == Some(check) && matches!(value.get(9), Some(b'8' | b'9' | b'0'))
}

/// SPEC: Ministerstwo Cyfryzacji, PESEL: the month says the century; weights 1 3 7 9.
fn pl_pesel(value: &[u8]) -> bool {
    let (Some(month), Some(day)) = (pair(value, 2), pair(value, 4)) else { return false };
    let sum = weighted(value, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    is_day(None, month % 20, day) && digit_at(value, 10) == Some(10_u32.saturating_sub(sum % 10) % 10)
}

/// SPEC: NIP: weights 6 5 7 2 3 4 5 6 7, mod 11; ten is not given.
fn pl_nip(value: &[u8]) -> bool {
    let sum = weighted(value, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
    !is_one_digit(value) && digit_at(value, 9) == Some(sum)
}

/// SPEC: Act 133/2000 §13: a multiple of eleven; women's months are 50 higher, and 20 more where a day runs out.
fn cz_rc(value: &[u8]) -> bool {
    let (Some(month), Some(day)) = (pair(value, 2), pair(value, 4)) else { return false };
    let month = if month > 50 { month.saturating_sub(50) } else { month };
    let month = if month > 20 { month.saturating_sub(20) } else { month };
    let whole = number(value);
    let ten =
        whole.is_multiple_of(11) || (number(value.get(..9).unwrap_or_default()) % 11 == 10 && whole.is_multiple_of(10));
    is_day(None, month, day) && value.len() == 10 && ten
}

/// SPEC: NEAK, TAJ: weights 3 7, mod 10.
fn hu_taj(value: &[u8]) -> bool {
    !is_one_digit(value) && digit_at(value, 8) == Some(weighted(value, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10)
}

/// SPEC: Law 105/1996, CNP: date, county, weights 279146358279, mod 11, ten counts as one.
fn ro_cnp(value: &[u8]) -> bool {
    let check = match weighted(value, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
        10 => 1,
        check => check,
    };
    let county = matches!(pair(value, 7), Some(1..=52 | 70 | 80..=83));
    value.first() != Some(&b'0') && is_yymmdd(value, 1) && county && digit_at(value, 12) == Some(check)
}

/// SPEC: GRAO, EGN: the month is 20 or 40 higher outside the twentieth century; weights 2 4 8 5 10 9 7 3 6.
fn bg_egn(value: &[u8]) -> bool {
    let (Some(month), Some(day)) = (pair(value, 2), pair(value, 4)) else { return false };
    let sum = weighted(value, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
    let month = match month {
        21..=32 => month.saturating_sub(20),
        41..=52 => month.saturating_sub(40),
        month => month,
    };
    is_day(None, month, day) && digit_at(value, 9) == Some(sum)
}

/// SPEC: JMBG and EMŠO of the states that were Yugoslavia: day, month, three digits of the year, weights 7 to 2 twice.
fn jmbg(value: &[u8]) -> bool {
    let check = 11_u32.saturating_sub(weighted(value, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11);
    let year = matches!(value.get(4), Some(b'9' | b'0'));
    let (Some(day), Some(month)) = (pair(value, 0), pair(value, 2)) else { return false };
    year && is_day(None, month, day) && digit_at(value, 12) == Some(if check > 9 { 0 } else { check })
}

/// SPEC: isikukood and asmens kodas: century, date, weights 1234567891, then 3456789123 where that gives ten.
fn baltic_code(value: &[u8]) -> bool {
    let check = match weighted(value, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11 {
        10 => weighted(value, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10,
        check => check,
    };
    matches!(value.first(), Some(b'1'..=b'6')) && is_yymmdd(value, 1) && digit_at(value, 10) == Some(check)
}

/// SPEC: FNS, INN: ten digits with one check, or twelve with two.
fn ru_inn(value: &[u8]) -> bool {
    let check = |weights: &[u32]| Some(weighted(value, weights) % 11 % 10);
    match value.len() {
        10 => !is_one_digit(value) && check(&[2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit_at(value, 9),
        _ => {
            !is_one_digit(value)
                && check(&[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit_at(value, 10)
                && check(&[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit_at(value, 11)
        }
    }
}

/// SPEC: SFR, SNILS: weights 9 to 1, mod 101, a hundred counts as none.
fn ru_snils(value: &[u8]) -> bool {
    let sum = weighted(value, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
    number(value) > 100_199_800 && pair(value, 9) == Some(sum)
}

/// SPEC: DPS, RNTRC: weights -1 5 7 9 4 6 10 5 7, mod 11, mod 10.
fn ua_rntrc(value: &[u8]) -> bool {
    let rest = weighted(value.get(1..).unwrap_or_default(), &[5, 7, 9, 4, 6, 10, 5, 7]);
    let first = value.first().map_or(0, |byte| digit(*byte));
    // Eleven more than the first digit can be keeps the difference positive and its remainder the same.
    let sum = rest.saturating_add(11).saturating_sub(first) % 11 % 10;
    !is_one_digit(value) && digit_at(value, 9) == Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_a_changed_one_does_not() {
        assert!(fi_hetu(b"131052308T") && fi_hetu(b"010594Y9032") && !fi_hetu(b"310289211C"));
        assert!(se_personnummer(b"198507099805") && se_personnummer(b"8507099805") && !se_personnummer(b"8507099806"));
        assert!(se_organisation(b"5560747569") && !se_organisation(b"5560747568"));
        assert!(no_fnr(b"15108695088") && !no_fnr(b"15108695087"));
        assert!(dk_cpr(b"0101701234") && !dk_cpr(b"3201701234"));
        assert!(is_kennitala(b"1201743399") && !is_kennitala(b"1201743389"));
        assert!(pl_pesel(b"44051401458") && !pl_pesel(b"44051401459") && !pl_pesel(b"11110021111"));
        assert!(pl_nip(b"8567346215") && !pl_nip(b"8567346216"));
        assert!(cz_rc(b"7103192745") && !cz_rc(b"7103192746"));
        assert!(hu_taj(b"111111110") && !hu_taj(b"111111112"));
        assert!(ro_cnp(b"1630615123457") && !ro_cnp(b"1630615123458"));
        assert!(bg_egn(b"7523169263") && !bg_egn(b"7523169264"));
        assert!(jmbg(b"0101006500006") && !jmbg(b"0101006500007"));
        assert!(baltic_code(b"37605030299") && baltic_code(b"33309240064") && !baltic_code(b"37605030298"));
        assert!(ru_inn(b"7707083893") && ru_inn(b"500100732259") && !ru_inn(b"7707083894"));
        assert!(ru_snils(b"11223344595") && !ru_snils(b"11223344596"));
        assert!(ua_rntrc(b"1759013776") && !ua_rntrc(b"1759013777"));
    }
}
