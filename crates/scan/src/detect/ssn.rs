//! US social security numbers: three, two and four digits in ranges that were or may be given out.
//!
//! There is no check digit. Written with dashes the form itself is telling; nine digits in a row, or with blanks or
//! dots, need a key word.

use std::ops::Range;

use super::{Candidate, Detector, Scene, Strength, begins_at, digits, ends_at, only, separator};
use crate::context::About;
use crate::finding::Confidence;
use crate::rules::{Rule, RuleId};

/// Finds social security numbers.
pub(super) struct Ssn {
    rule: RuleId,
}

impl Ssn {
    /// Of the rule that names it.
    pub(super) fn of(rules: &[(RuleId, &Rule)]) -> Self {
        Self { rule: only(rules) }
    }
}

impl Detector for Ssn {
    fn detect(&self, scene: &Scene<'_>, found: &mut Vec<Candidate>) {
        for cluster in scene.anchors.clusters.iter().filter(|cluster| cluster.digits >= 9) {
            let runs = scene.anchors.cluster_runs(cluster);
            found.extend(
                runs.iter().filter(|run| run.len() == 9).filter_map(|run| self.judge(scene, run.clone(), None)),
            );
            found.extend(runs.windows(3).filter_map(|three| {
                let gap = grouped(scene.text.bytes, three)?;
                self.judge(scene, three.first()?.start..three.last()?.end, Some(gap))
            }));
        }
    }

    fn canonical(&self, value: &[u8], canonical: &mut Vec<u8>) {
        canonical.extend(value.iter().filter(|byte| byte.is_ascii_digit()));
    }
}

impl Ssn {
    /// Whether the nine digits in `span` are a social security number.
    fn judge(&self, scene: &Scene<'_>, span: Range<usize>, gap: Option<u8>) -> Option<Candidate> {
        let text = scene.text.bytes;
        if !begins_at(text, span.start) || !ends_at(text, span.end) {
            return None;
        }
        let number = digits(text.get(span.clone())?)
            .fold(0_u32, |sum, digit| sum.saturating_mul(10).saturating_add(digit.into()));
        let (strength, confidence, validator) =
            match (is_assignable(number), scene.context(span.start).about(self.rule, span.end), gap) {
                (true, About::This, _) => (Strength::RangesInContext, Confidence::High, "ranges and key word"),
                (_, About::Another, _) => return None,
                (true, _, Some(b'-')) => (Strength::Ranges, Confidence::Medium, "ranges and dashes"),
                // Mistyped or made up, but written as one and called one.
                (false, About::This, Some(b'-')) => (Strength::Shape, Confidence::Low, "dashes and key word"),
                _ => return None,
            };
        Some(Candidate { rule: self.rule, span, strength, confidence, validator })
    }
}

/// The separator of three groups of three, two and four digits.
fn grouped(text: &[u8], groups: &[Range<usize>]) -> Option<u8> {
    let [area, group, serial] = groups else { return None };
    let first = separator(text.get(area.end..group.start)?)?;
    let second = separator(text.get(group.end..serial.start)?)?;
    (first == second && area.len() == 3 && group.len() == 2 && serial.len() == 4).then_some(first)
}

/// SPEC: SSA, "Social Security Number Randomization": no area 000, 666 or 900 to 999, no group 00, no serial 0000. Two
/// numbers that were printed in advertisements are void.
fn is_assignable(number: u32) -> bool {
    let (area, group, serial) = (number / 1_000_000, number / 10_000 % 100, number % 10_000);
    let void = matches!(number, 78_051_120 | 219_099_999);
    matches!(area, 1..=665 | 667..=899) && group != 0 && serial != 0 && !void
}

#[cfg(test)]
mod tests {
    use super::super::testing::{canonical, found, found_under};
    use super::*;

    #[test]
    fn dashes_need_no_key_word() {
        assert_eq!(found("us-ssn", "it is 521-44-9382."), ["521-44-9382"]);
        assert_eq!(found_under("us-ssn", "", "ssn 521-44-9382"), [("521-44-9382".to_owned(), Confidence::High)]);
    }

    #[test]
    fn blanks_and_nothing_need_one() {
        for text in ["521449382", "521 44 9382", "phone 521-44-9382", "id 521449382"] {
            assert_eq!(found("us-ssn", text), [] as [&str; 0], "{text}");
        }
        assert_eq!(found("us-ssn", "SSN: 521 44 9382"), ["521 44 9382"]);
        assert_eq!(found_under("us-ssn", "employee_ssn", "521449382"), [("521449382".to_owned(), Confidence::High)]);
    }

    #[test]
    fn numbers_that_nobody_has_need_form_and_key_word() {
        for number in
            ["000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "078-05-1120", "219-09-9999"]
        {
            assert_eq!(found("us-ssn", number), [] as [&str; 0], "{number}");
            assert_eq!(found("us-ssn", &format!("ssn {}", number.replace('-', ""))), [] as [&str; 0], "{number}");
            assert_eq!(found_under("us-ssn", "ssn", number), [(number.to_owned(), Confidence::Low)]);
        }
    }

    #[test]
    fn parts_of_longer_numbers_are_not() {
        for text in ["521-44-93821", "1521-44-9382", "521-44-9382-1", "7-521-44-9382", "521-44 9382"] {
            assert_eq!(found("us-ssn", text), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn dashes_do_not_make_another_person() {
        assert_eq!(canonical("us-ssn", "521-44-9382"), "521449382");
    }
}
