//! Numbers of banks, securities and crypto currencies.

use sha2::{Digest, Sha256};

use super::digits::{luhn_sum, weighted};
use super::{Check, check};

/// The checks of this file.
pub(super) const CHECKS: &[Check] = &[
    check!("aba", Digit, "range and 3-7-1", |value| aba(value.compact)),
    check!("swift", Ranges, "country", |value| swift(value.compact)),
    check!("cusip", Digit, "check digit", |value| cusip(value.compact)),
    check!("isin", Digit, "country and Luhn", |value| isin(value.compact)),
    check!("base58check", Strong, "base58 checksum", |value| base58check(value.raw)),
    check!("bech32", Strong, "bech32 checksum", |value| bech32(value.raw)),
    check!("ethereum", Ranges, "form", |value| !super::digits::is_one_digit(
        value.compact.get(2..).unwrap_or_default()
    )),
    check!("card-track", Digit, "Luhn", |value| card_track(value.raw)),
];

/// SPEC: ABA routing number policy: ranges of the Federal Reserve, weights 3 7 1, a multiple of ten.
fn aba(value: &[u8]) -> bool {
    let range = matches!(super::digits::pair(value, 0), Some(0..=12 | 21..=32 | 61..=72 | 80));
    let sum = weighted(value, &[3, 7, 1, 3, 7, 1, 3, 7, 1]);
    range && sum > 0 && sum.is_multiple_of(10)
}

/// SPEC: ISO 9362: bank, country, place, branch.
fn swift(value: &[u8]) -> bool {
    value.get(4..6).is_some_and(is_country)
}

/// SPEC: CUSIP Global Services: letters count from 10, every second character is doubled, and the ninth makes the sum of
/// the digits a multiple of ten.
fn cusip(value: &[u8]) -> bool {
    let values = value.iter().map(|byte| char::from(*byte).to_digit(36).unwrap_or_default());
    let weighed =
        values.zip([1, 2].into_iter().cycle()).map(|(value, weight): (u32, u32)| value.saturating_mul(weight));
    let sum: u32 = weighed.take(8).map(|value| (value / 10).saturating_add(value % 10)).sum();
    super::digits::digit_at(value, 8) == Some(10_u32.saturating_sub(sum % 10) % 10)
}

/// SPEC: ISO 6166: letters become two digits, then Luhn.
fn isin(value: &[u8]) -> bool {
    let worth = value.iter().map(|byte| char::from(*byte).to_digit(36).unwrap_or_default());
    let digits: Vec<u32> =
        worth.flat_map(|worth| if worth > 9 { vec![worth / 10, worth % 10] } else { vec![worth] }).collect();
    let issued = value.get(..2).is_some_and(|country| country == b"XS" || is_country(country));
    issued && luhn_sum(digits.into_iter()).is_multiple_of(10)
}

/// SPEC: Bitcoin, base58check: 25 bytes, of which the last four are the beginning of a double SHA-256 of the others. The
/// digest is a checksum here, and keeps no secret.
fn base58check(value: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = [0_u8; 25];
    for byte in value {
        let Some(digit) = ALPHABET.iter().position(|letter| letter == byte) else { return false };
        let mut carry = digit as u32;
        for place in bytes.iter_mut().rev() {
            let sum = u32::from(*place).saturating_mul(58).saturating_add(carry);
            *place = (sum & 0xFF) as u8;
            carry = sum >> 8;
        }
        if carry > 0 {
            return false;
        }
    }
    let (payload, checksum) = bytes.split_at(21);
    Sha256::digest(Sha256::digest(payload)).starts_with(checksum)
}

/// SPEC: BIP 173 and 350: a polynomial over the human-readable part and the data leaves 1, or the constant of bech32m.
fn bech32(value: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATORS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let lower = value.to_ascii_lowercase();
    let Some(one) = lower.iter().rposition(|byte| *byte == b'1') else { return false };
    let (human, data) = lower.split_at(one);
    let Some(data) = data.get(1..).filter(|data| data.len() >= 6) else { return false };
    let step = |sum: u32, value: u32| {
        let top = sum >> 25;
        let mixed = ((sum & 0x01FF_FFFF) << 5) ^ value;
        (0..).zip(GENERATORS).fold(
            mixed,
            |mixed, (bit, generator): (u32, u32)| {
                if top.wrapping_shr(bit) & 1 == 1 { mixed ^ generator } else { mixed }
            },
        )
    };
    let expanded =
        human.iter().map(|byte| u32::from(byte >> 5)).chain([0]).chain(human.iter().map(|byte| u32::from(byte & 31)));
    let sum = expanded.fold(1, step);
    let sum = data.iter().try_fold(sum, |sum, byte| {
        let value = ALPHABET.iter().position(|letter| letter == byte)?;
        Some(step(sum, value as u32))
    });
    matches!(sum, Some(1 | 0x2bc8_30a3))
}

/// SPEC: ISO/IEC 7813: the number on the track passes Luhn.
fn card_track(value: &[u8]) -> bool {
    let start = value.iter().position(u8::is_ascii_digit).unwrap_or_default();
    let digits = value.get(start..).unwrap_or_default();
    let len = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..len).is_some_and(super::digits::luhn)
}

/// Whether two letters are a country's code in ISO 3166.
fn is_country(code: &[u8]) -> bool {
    COUNTRIES.as_bytes().chunks(3).any(|known| known.get(..2) == Some(code))
}

const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ \
    FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT \
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP \
    MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE \
    RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV \
    TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_a_changed_one_does_not() {
        assert!(aba(b"121000358") && !aba(b"121000359") && !aba(b"123400000"));
        assert!(swift(b"DEUTDEFF") && !swift(b"DEUTZZFF"));
        assert!(cusip(b"037833100") && cusip(b"17275R102") && !cusip(b"037833101"));
        assert!(isin(b"US0378331005") && !isin(b"US0378331006"));
        assert!(
            base58check(b"16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ") && base58check(b"3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy")
        );
        assert!(!base58check(b"16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyX") && !base58check(&[b'z'; 40]));
        assert!(bech32(b"bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"));
        assert!(bech32(b"bc1p5d7rjq7g6rdk2yhzks9smlaqtedr4dekq08ge8ztwac72sfr9rusxg3297"));
        assert!(!bech32(b"bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp") && !bech32(b"bc1"));
        assert!(card_track(b";4111111111111111=25121011000012300000?") && !card_track(b";4111111111111112=2512101?"));
    }
}
