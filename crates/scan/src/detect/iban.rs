//! International bank account numbers: country, length and the remainder modulo 97.

use std::ops::Range;

use super::{Candidate, Detector, Scene, Strength, only};
use crate::anchor::NO_BREAK_SPACE;
use crate::finding::Confidence;
use crate::rules::{Rule, RuleId};

/// Country and length, sorted.
///
/// SPEC: ISO 13616, IBAN registry.
#[rustfmt::skip]
const LENGTHS: &[([u8; 2], u8)] = &[
    (*b"AD", 24), (*b"AE", 23), (*b"AL", 28), (*b"AT", 20), (*b"AZ", 28), (*b"BA", 20), (*b"BE", 16), (*b"BG", 22),
    (*b"BH", 22), (*b"BI", 27), (*b"BR", 29), (*b"BY", 28), (*b"CH", 21), (*b"CR", 22), (*b"CY", 28), (*b"CZ", 24),
    (*b"DE", 22), (*b"DJ", 27), (*b"DK", 18), (*b"DO", 28), (*b"EE", 20), (*b"EG", 29), (*b"ES", 24), (*b"FI", 18),
    (*b"FK", 18), (*b"FO", 18), (*b"FR", 27), (*b"GB", 22), (*b"GE", 22), (*b"GI", 23), (*b"GL", 18), (*b"GR", 27),
    (*b"GT", 28), (*b"HN", 28), (*b"HR", 21), (*b"HU", 28), (*b"IE", 22), (*b"IL", 23), (*b"IQ", 23), (*b"IS", 26),
    (*b"IT", 27), (*b"JO", 30), (*b"KW", 30), (*b"KZ", 20), (*b"LB", 28), (*b"LC", 32), (*b"LI", 21), (*b"LT", 20),
    (*b"LU", 20), (*b"LV", 21), (*b"LY", 25), (*b"MC", 27), (*b"MD", 24), (*b"ME", 22), (*b"MK", 19), (*b"MN", 20),
    (*b"MR", 27), (*b"MT", 31), (*b"MU", 30), (*b"NI", 28), (*b"NL", 18), (*b"NO", 15), (*b"OM", 23), (*b"PK", 24),
    (*b"PL", 28), (*b"PS", 29), (*b"PT", 25), (*b"QA", 29), (*b"RO", 24), (*b"RS", 22), (*b"RU", 33), (*b"SA", 24),
    (*b"SC", 31), (*b"SD", 18), (*b"SE", 24), (*b"SI", 19), (*b"SK", 24), (*b"SM", 27), (*b"SO", 23), (*b"ST", 25),
    (*b"SV", 28), (*b"TL", 23), (*b"TN", 24), (*b"TR", 26), (*b"UA", 29), (*b"VA", 22), (*b"VG", 24), (*b"XK", 20),
    (*b"YE", 30),
];

/// Finds IBANs.
pub(super) struct Iban {
    rule: RuleId,
}

impl Iban {
    /// Of the rule that names it.
    pub(super) fn of(rules: &[(RuleId, &Rule)]) -> Self {
        Self { rule: only(rules) }
    }
}

impl Detector for Iban {
    fn detect(&self, scene: &Scene<'_>, found: &mut Vec<Candidate>) {
        let mut end = 0;
        for run in scene.anchors.runs.iter().filter(|run| run.len() >= 2) {
            if run.start >= end
                && let Some(span) = number(scene.text.bytes, run.start)
            {
                end = span.end;
                found.push(Candidate {
                    rule: self.rule,
                    span,
                    strength: Strength::Certain,
                    confidence: Confidence::High,
                    validator: "country length and mod 97",
                });
            }
        }
    }

    fn canonical(&self, value: &[u8], canonical: &mut Vec<u8>) {
        canonical.extend(value.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase));
    }
}

/// The IBAN whose check digits stand at `check`.
fn number(text: &[u8], check: usize) -> Option<Range<usize>> {
    let from = check.checked_sub(2)?;
    let [first, second] = text.get(from..check)? else { return None };
    if !first.is_ascii_alphabetic() || !second.is_ascii_alphabetic() {
        return None;
    }
    let country = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
    let len = LENGTHS.get(LENGTHS.binary_search_by_key(&country, |(country, _)| *country).ok()?)?.1;
    let alone = text.get(..from)?.last().is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let to = alone.then(|| end_of(text, from, len.into()))??;
    let ends = text.get(to).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    (ends && remainder(text.get(from..to)?) == 1).then_some(from..to)
}

/// Where `len` letters and digits from `from` on end, when single blanks or dashes may part them.
fn end_of(text: &[u8], from: usize, len: usize) -> Option<usize> {
    let mut at = from;
    let mut left = len;
    let mut parted = true;
    while left > 0 {
        let rest = text.get(at..)?;
        let (taken, step) = match rest {
            [byte, ..] if byte.is_ascii_alphanumeric() => (1, 1),
            [b' ' | b'-', ..] if !parted => (0, 1),
            _ if !parted && rest.starts_with(NO_BREAK_SPACE) => (0, 2),
            _ => return None,
        };
        parted = taken == 0;
        left = left.saturating_sub(taken);
        at = at.saturating_add(step);
    }
    Some(at)
}

/// SPEC: ISO 7064 mod 97-10 over ISO 13616: the first four characters go last, letters count from 10.
fn remainder(number: &[u8]) -> u32 {
    let characters = number.iter().filter(|byte| byte.is_ascii_alphanumeric());
    characters.clone().skip(4).chain(characters.take(4)).fold(0, |remainder, byte| {
        let value = char::from(*byte).to_digit(36).unwrap_or(0);
        let shifted = remainder.saturating_mul(if value > 9 { 100 } else { 10 });
        shifted.saturating_add(value) % 97
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{canonical, found};
    use super::*;

    /// Examples of the IBAN registry.
    const REGISTRY: &[&str] = &[
        "AD1200012030200359100100",
        "BE68539007547034",
        "CH9300762011623852957",
        "DE89370400440532013000",
        "ES9121000418450200051332",
        "FR1420041010050500013M02606",
        "GB29NWBK60161331926819",
        "MT84MALT011000012345MTLCAST001S",
        "NL91ABNA0417164300",
        "NO9386011117947",
        "SE4550000000058398257466",
        "SA0380000000608010167519",
    ];

    #[test]
    fn registry_examples_are_found() {
        for number in REGISTRY {
            assert_eq!(found("iban", &format!("to {number}, please")), [*number]);
            assert_eq!(found("iban", &number.to_lowercase()), [number.to_lowercase()]);
        }
    }

    #[test]
    fn one_changed_digit_is_seen() {
        for number in REGISTRY {
            let (head, last) = number.split_at(number.len() - 1);
            let wrong = format!("{head}{}", if last == "7" { "8" } else { "7" });
            assert_eq!(found("iban", &wrong), [] as [&str; 0], "{wrong}");
        }
    }

    #[test]
    fn groups_are_one_number() {
        assert_eq!(found("iban", "IBAN GB29 NWBK 6016 1331 9268 19 was"), ["GB29 NWBK 6016 1331 9268 19"]);
        assert_eq!(canonical("iban", "gb29 nwbk 6016 1331 9268 19"), "GB29NWBK60161331926819");
    }

    #[test]
    fn parts_of_words_are_not() {
        for text in ["xDE89370400440532013000", "DE893704004405320130001", "DE89  370400440532013000", "DE89 3704"] {
            assert_eq!(found("iban", text), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn countries_are_sorted() {
        assert!(LENGTHS.is_sorted());
    }
}
