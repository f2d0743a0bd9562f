//! Payment card numbers: issuer, length and the Luhn digit.
//!
//! One number in ten passes Luhn by chance, so a number that no major issuer would give out, or of an odd length, also
//! needs a key word.

use std::ops::Range;

use super::{Candidate, Detector, Scene, Strength, begins_at, digits, ends_at, only, separator};
use crate::finding::Confidence;
use crate::rules::{Rule, RuleId};

/// SPEC: ISO/IEC 7812-1: the longest number has 19 digits; no issuer gives out fewer than 12.
const FEWEST_DIGITS: usize = 12;
const MOST_DIGITS: usize = 19;

/// The most groups a card is written in: `4444 4444 4444 4444 333`.
const MOST_GROUPS: usize = 5;

/// Finds card numbers.
pub(super) struct Card {
    rule: RuleId,
}

impl Card {
    /// Of the rule that names it.
    pub(super) fn of(rules: &[(RuleId, &Rule)]) -> Self {
        Self { rule: only(rules) }
    }
}

impl Detector for Card {
    fn detect(&self, scene: &Scene<'_>, found: &mut Vec<Candidate>) {
        for cluster in scene.anchors.clusters.iter().filter(|cluster| cluster.digits >= FEWEST_DIGITS) {
            let mut runs = scene.anchors.cluster_runs(cluster);
            while !runs.is_empty() {
                let longest = groups(scene.text.bytes, runs);
                let card = (1..=longest).rev().find_map(|taken| Some((self.judge(scene, runs.get(..taken)?)?, taken)));
                let taken = card.as_ref().map_or(1, |(_, taken)| *taken);
                found.extend(card.map(|(candidate, _)| candidate));
                runs = runs.get(taken..).unwrap_or_default();
            }
        }
    }

    fn canonical(&self, value: &[u8], canonical: &mut Vec<u8>) {
        canonical.extend(value.iter().filter(|byte| byte.is_ascii_digit()));
    }
}

impl Card {
    /// Whether `groups` are one card, and how sure that is.
    fn judge(&self, scene: &Scene<'_>, groups: &[Range<usize>]) -> Option<Candidate> {
        let text = scene.text.bytes;
        let span = groups.first()?.start..groups.last()?.end;
        let total: usize = groups.iter().map(Range::len).sum();
        let fits = (FEWEST_DIGITS..=MOST_DIGITS).contains(&total) && is_grouped_like_a_card(groups);
        if !fits || !begins_at(text, span.start) || !ends_at(text, span.end) {
            return None;
        }
        let number: Vec<u8> = digits(text.get(span.clone())?).collect();
        let issued = is_issued(&number);
        let checked = luhn(&number) && number.iter().any(|digit| Some(digit) != number.first());
        let candidate = |strength, confidence, validator| {
            Some(Candidate { rule: self.rule, span: span.clone(), strength, confidence, validator })
        };
        let spoken_of = || scene.context(span.start).is_about(self.rule, span.end);
        match (checked, issued) {
            (true, true) if spoken_of() => candidate(Strength::Certain, Confidence::High, "Luhn, issuer and key word"),
            (true, true) => candidate(Strength::Checksum, Confidence::Medium, "Luhn and issuer"),
            (true, false) if number.first() != Some(&0) && spoken_of() => {
                candidate(Strength::Checksum, Confidence::Medium, "Luhn and key word")
            }
            // Mistyped or made up, but written as a card and called one.
            (false, true) if groups.len() > 2 && spoken_of() => {
                candidate(Strength::RangesInContext, Confidence::Low, "issuer, grouping and key word")
            }
            _ => None,
        }
    }
}

/// How many of `runs` one card could have: all gaps are the same, a blank or a dash.
fn groups(text: &[u8], runs: &[Range<usize>]) -> usize {
    let gap = |pair: &[Range<usize>]| match pair {
        [left, right] => text.get(left.end..right.start).and_then(separator).filter(|gap| *gap != b'.'),
        _ => None,
    };
    let mut gaps = runs.windows(2).take(MOST_GROUPS.saturating_sub(1)).map(gap).peekable();
    let first = gaps.peek().copied().flatten();
    gaps.take_while(|gap| gap.is_some() && *gap == first).count().saturating_add(1)
}

/// In one piece, or in fours, or as American Express and Diners do: 4-6-5 and 4-6-4.
fn is_grouped_like_a_card(groups: &[Range<usize>]) -> bool {
    let mut lens = groups.iter().map(Range::len);
    match groups.len() {
        1 => true,
        3 if lens.clone().eq([4, 6, 5]) || lens.clone().eq([4, 6, 4]) => true,
        several => lens.clone().take(several.saturating_sub(1)).all(|len| len == 4) && lens.next_back() <= Some(4),
    }
}

/// SPEC: ISO/IEC 7812-1 Annex B: every second digit from the right is doubled, and the sum of digits is a multiple of
/// ten.
fn luhn(number: &[u8]) -> bool {
    let sum: u32 = number
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match u32::from(*digit) {
            digit if place % 2 == 0 => digit,
            digit if digit > 4 => digit.saturating_mul(2).saturating_sub(9),
            digit => digit.saturating_mul(2),
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether a major issuer gives out numbers that begin so and are so long. Lengths that only small ranges have are left
/// to a key word.
fn is_issued(number: &[u8]) -> bool {
    let beginning = |len: usize| {
        number.iter().take(len).fold(0_u32, |sum, digit| sum.saturating_mul(10).saturating_add(u32::from(*digit)))
    };
    let (two, three, four, six) = (beginning(2), beginning(3), beginning(4), beginning(6));
    match number.len() {
        // Visa, Mastercard, Discover, JCB, UnionPay, Mir, RuPay.
        16 => {
            matches!(two, 40..=49 | 51..=55 | 62 | 65 | 81 | 82)
                || matches!(three, 644..=649)
                || matches!(four, 2200..=2204 | 2221..=2720 | 3528..=3589 | 6011)
                || matches!(six, 508_500..=508_999 | 606_985..=607_984)
        }
        // American Express, JCB.
        15 => matches!(two, 34 | 37) || matches!(four, 1800 | 2131),
        // Diners Club.
        14 => matches!(two, 36 | 38 | 39) || matches!(three, 300..=305) || four == 3095,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{canonical, found, found_under};
    use super::*;

    /// The numbers that payment companies publish for tests.
    const PUBLISHED: &[&str] = &[
        "4111111111111111",
        "4012888888881881",
        "5555555555554444",
        "5105105105105100",
        "2223003122003222",
        "378282246310005",
        "371449635398431",
        "6011111111111117",
        "30569309025904",
        "38520000023237",
        "3530111333300000",
        "6200000000000005",
    ];

    #[test]
    fn published_numbers_are_cards_without_a_key_word() {
        for number in PUBLISHED {
            assert_eq!(found("card", &format!("it is {number}.")), [*number]);
        }
    }

    #[test]
    fn one_wrong_digit_is_seen() {
        for number in PUBLISHED {
            let last = number.as_bytes()[number.len() - 1] - b'0';
            let wrong = format!("{}{}", &number[..number.len() - 1], (last + 1) % 10);
            assert_eq!(found("card", &format!("card {wrong}")), [] as [&str; 0]);
        }
    }

    #[test]
    fn grouping_is_respected() {
        for (text, number) in [
            ("4111 1111 1111 1111 exp 12/27", "4111 1111 1111 1111"),
            ("4111-1111-1111-1111", "4111-1111-1111-1111"),
            ("3782 822463 10005", "3782 822463 10005"),
            ("4111 1111 1111 1111 123", "4111 1111 1111 1111"),
            ("4111111111111111.0,", "4111111111111111"),
        ] {
            assert_eq!(found("card", text), [number], "{text}");
        }
        for text in [
            "4111.1111.1111.1111",
            "41 1111 1111 1111 11",
            "4111-1111 1111-1111",
            "x4111111111111111",
            "0.4111111111111111",
        ] {
            assert_eq!(found("card", text), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn odd_lengths_need_a_key_word() {
        assert_eq!(found("card", "it is 630427373398"), [] as [&str; 0]);
        assert_eq!(found("card", "card number 630427373398"), ["630427373398"]);
        assert_eq!(
            found_under("card", "cc", "4131034282458809939"),
            [("4131034282458809939".to_owned(), Confidence::Medium)]
        );
        assert_eq!(found("card", "card 0000000000000000"), [] as [&str; 0]);
    }

    #[test]
    fn separators_do_not_make_another_card() {
        assert_eq!(canonical("card", "4111 1111-1111 1111"), "4111111111111111");
    }
}
