//! Telephone numbers, in the five ways people write them.
//!
//! | form | example | needs a key word |
//! |---|---|---|
//! | international | `+44 (0)20 7946 0958`, `0044 ...` | no: the country's plan is checked |
//! | North American | `(212) 555-0123`, `212.555.0123 x7` | no, if area and exchange are allowed and it is punctuated |
//! | national | `0490 75 40 81`, `450 0840` | yes |
//! | with a trunk zero | `0917 123 4567`, `0216 123 45 67` | no, if it is grouped as few other numbers are |
//! | bare | `2125550123` | yes |
//!
//! LIMIT: a national number and the same number in its international form have different identities, because a text
//! does not say which country it speaks from; North American numbers are the exception.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions of bytes in a slice: sums stay below its length, and each difference is guarded by a comparison"
)]

use std::ops::Range;

use super::country::{is_north_american, national};
use super::{Candidate, Detector, Scene, Strength, begins_at, digits, ends_at, only, separator};
use crate::anchor::FEWEST_DIGITS;
use crate::context::Context;
use crate::finding::Confidence;
use crate::rules::{Rule, RuleId};

/// The most groups a number is written in: `+33 (0)1 23 45 67 89` has seven.
const MOST_GROUPS: usize = 7;

/// The most digits: 15 by E.164, 2 for the `00` in front, 1 for a trunk zero.
const MOST_DIGITS: usize = 18;

/// The longest extension in digits.
const LONGEST_EXTENSION: usize = 6;

/// Finds telephone numbers.
pub(super) struct Phone {
    rule: RuleId,
}

impl Phone {
    /// Of the rule that names it.
    pub(super) fn of(rules: &[(RuleId, &Rule)]) -> Self {
        Self { rule: only(rules) }
    }
}

impl Detector for Phone {
    fn detect(&self, scene: &Scene<'_>, found: &mut Vec<Candidate>) {
        for cluster in &scene.anchors.clusters {
            let mut runs = scene.anchors.cluster_runs(cluster);
            while !runs.is_empty() {
                let taken = match self.number_at(scene, runs) {
                    Some((candidate, groups)) => {
                        found.push(candidate);
                        groups
                    }
                    None => 1,
                };
                runs = runs.get(taken..).unwrap_or_default();
            }
        }
    }

    fn canonical(&self, value: &[u8], canonical: &mut Vec<u8>) {
        let split = value.iter().position(u8::is_ascii_alphabetic).unwrap_or(value.len());
        let (number, extension) = value.split_at(split);
        let written = Written::read(number);
        canonical.extend(written.international().into_iter().flatten().map(|digit| digit + b'0'));
        if !extension.is_empty() {
            canonical.push(b'x');
            canonical.extend(extension.iter().filter(|byte| byte.is_ascii_digit()));
        }
    }
}

impl Phone {
    /// A number that begins with the first of `runs`, and how many of them it takes.
    fn number_at(&self, scene: &Scene<'_>, runs: &[Range<usize>]) -> Option<(Candidate, usize)> {
        let text = scene.text.bytes;
        let from = opening(text, runs.first()?.start);
        let groups = runs.get(..groups(text, runs))?;
        let enough = groups.iter().map(Range::len).sum::<usize>() >= FEWEST_DIGITS;
        if !enough || !begins_at(text, from) || is_money(text, from) {
            return None;
        }
        let context = scene.context(from);
        (1..=groups.len()).rev().find_map(|taken| {
            Some((Seen::new(scene, &context, self.rule, from, groups.get(..taken)?)?.judge()?, taken))
        })
    }
}

/// The digits of a number as it is written, and whether it says of itself that it is international.
struct Written {
    digits: [u8; MOST_DIGITS],
    len: usize,
    plus: bool,
}

impl Written {
    /// Reads what is written. A trunk zero in brackets is dialled inside the country only, and left out.
    fn read(number: &[u8]) -> Self {
        let plus = number.iter().take(2).any(|byte| *byte == b'+');
        let trunk = memchr::memmem::find(number, b"(0)").filter(|_| plus || number.starts_with(b"00"));
        let (before, after) = match trunk {
            Some(at) => (number.get(..at).unwrap_or_default(), number.get(at + 3..).unwrap_or_default()),
            None => (number, [].as_slice()),
        };
        let mut written = Self { digits: [0; MOST_DIGITS], len: 0, plus };
        for (to, digit) in written.digits.iter_mut().zip(digits(before).chain(digits(after))) {
            *to = digit;
            written.len += 1;
        }
        written
    }

    fn digits(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }

    /// The digits with their country code, as far as it is known: two pieces.
    fn international(&self) -> [&[u8]; 2] {
        match self.digits() {
            digits if self.plus => [&[], digits],
            [0, 0, rest @ ..] if national(rest).is_some() => [&[], rest],
            digits if is_north_american(digits) => [&[1], digits],
            digits => [&[], digits],
        }
    }
}

/// Where the number's own punctuation begins: `(`, `+` or `+(` before its first digit.
fn opening(text: &[u8], first: usize) -> usize {
    let before = text.get(..first).unwrap_or_default();
    let marks = [b"+(".as_slice(), b"(+", b"+", b"("];
    first - marks.into_iter().find(|mark| before.ends_with(mark)).map_or(0, <[u8]>::len)
}

/// How many of `runs` one number could have: up to a gap that no number has.
fn groups(text: &[u8], runs: &[Range<usize>]) -> usize {
    let mut digits = 0;
    let mut last_end = None;
    let fits = |run: &&Range<usize>| {
        digits += run.len();
        let gap = last_end.replace(run.end).and_then(|end| text.get(end..run.start));
        digits <= MOST_DIGITS
            && gap.is_none_or(|gap| separator(gap).is_some() || is_bracket(gap) || matches!(gap, b" - " | b"/"))
    };
    runs.iter().take(MOST_GROUPS).take_while(fits).count()
}

/// A gap with a bracket in it: `) `, ` (`, `)-`.
fn is_bracket(gap: &[u8]) -> bool {
    matches!(gap, b")" | b") " | b")-" | b")." | b" (" | b"(" | b"-(" | b")/" | b") (")
}

/// The length of an extension: `x123`, ` ext. 123`.
fn extension_len(after: &[u8]) -> usize {
    let marks = [b"x".as_slice(), b" x", b"ext", b" ext. ", b" ext ", b", ext. ", b" extension "];
    let mark = marks.into_iter().filter(|mark| after.starts_with(mark)).map(<[u8]>::len).max().unwrap_or(0);
    let digits = after.get(mark..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
    if mark > 0 && (1..=LONGEST_EXTENSION).contains(&digits) { mark + digits } else { 0 }
}

/// An amount of money.
fn is_money(text: &[u8], from: usize) -> bool {
    let before = text.get(..from).unwrap_or_default();
    [b"$".as_slice(), "€".as_bytes(), "£".as_bytes(), "¥".as_bytes(), b"$ "].iter().any(|sign| before.ends_with(sign))
}

/// A number in its place.
struct Seen<'a> {
    text: &'a [u8],
    groups: &'a [Range<usize>],
    /// How many digits each group has, and zeros.
    lens: [usize; MOST_GROUPS],
    span: Range<usize>,
    written: Written,
    /// What stands in `span`, without the extension.
    number: &'a [u8],
    extended: bool,
    /// Whether words near it speak of a telephone.
    spoken_of: bool,
    rule: RuleId,
}

impl<'a> Seen<'a> {
    /// `groups` as a number that begins at `from`, if one may end where they do.
    fn new(
        scene: &'a Scene<'_>,
        context: &Context<'_>,
        rule: RuleId,
        from: usize,
        groups: &'a [Range<usize>],
    ) -> Option<Self> {
        let text = scene.text.bytes;
        let end = groups.last()?.end;
        let extension = extension_len(text.get(end..)?);
        let span = from..end + extension;
        let mut lens = [0; MOST_GROUPS];
        lens.iter_mut().zip(groups).for_each(|(len, group)| *len = group.len());
        let total = lens.iter().sum::<usize>();
        if total < FEWEST_DIGITS || !ends_at(text, span.end) {
            return None;
        }
        let number = text.get(from..end)?;
        let spoken_of = context.is_about(rule, span.end);
        // Most numbers are none of the five forms; tables of them must not cost much.
        let abroad = number.starts_with(b"00") || number.iter().take(2).any(|byte| *byte == b'+');
        let worth_reading = abroad || matches!(total, 10 | 11) || spoken_of;
        worth_reading.then(|| Self {
            text,
            groups,
            lens,
            spoken_of,
            rule,
            span,
            written: Written::read(number),
            number,
            extended: extension > 0,
        })
    }

    /// Which of the five forms it has, the most telling first.
    fn judge(&self) -> Option<Candidate> {
        let digits = self.written.digits();
        let plus = self.written.plus;
        let abroad = match digits {
            _ if plus => Some(digits),
            [0, 0, rest @ ..] => Some(rest),
            _ => None,
        };
        match abroad.and_then(national) {
            Some(_) if plus && self.ends_in_a_group() => {
                return Some(self.candidate("E.164 with country plan", Strength::RangesInContext, Confidence::High));
            }
            Some(_) if self.dials_out() || self.is_spoken_of() => {
                return Some(self.candidate("E.164 with country plan", Strength::Ranges, Confidence::Medium));
            }
            _ if plus => return None,
            _ => {}
        }
        self.north_american(digits).or_else(|| self.local(digits)).or_else(|| self.with_trunk_zero(digits))
    }

    /// Three, three and four digits, or ten in a row.
    fn north_american(&self, digits: &[u8]) -> Option<Candidate> {
        let (ten, shape) = match (digits, self.shape()) {
            ([1, ten @ ..], [1, shape @ ..]) => (ten, shape),
            ([1, ten @ ..], [11]) => (ten, [10].as_slice()),
            (ten, shape) => (ten, shape),
        };
        if ten.len() != 10 || !matches!(shape, [10] | [3, 7] | [6, 4] | [3, 3, 4]) {
            return None;
        }
        let allowed = is_north_american(ten);
        let grouped = shape == [3, 3, 4] && self.groups.windows(2).all(|pair| self.gap(pair) != b"/");
        let punctuated = grouped && self.number.iter().any(|byte| matches!(byte, b'-' | b'.' | b'('));
        let validator = "North American plan";
        let spoken_of = self.is_spoken_of();
        match (allowed, spoken_of) {
            (true, true) => Some(self.candidate(validator, Strength::RangesInContext, Confidence::High)),
            (true, false) if punctuated => Some(self.candidate(validator, Strength::Ranges, Confidence::Medium)),
            (false, true) if grouped => Some(self.candidate("form and key word", Strength::Shape, Confidence::Low)),
            (false, false) if grouped && self.extended => {
                Some(self.candidate("form and extension", Strength::Shape, Confidence::Low))
            }
            _ => None,
        }
    }

    /// Some country's own way of writing: anything of the right length that is said to be a telephone number.
    fn local(&self, digits: &[u8]) -> Option<Candidate> {
        let plausible = self.is_spoken_of()
            && (self.fewest_digits()..=13).contains(&digits.len())
            && !self.is_date(digits)
            && !self.is_decimal_or_address()
            && self.shape() != [5, 4]
            && self.slash_follows_area(digits);
        if !plausible {
            return None;
        }
        let confidence = if digits.len() >= 9 { Confidence::Medium } else { Confidence::Low };
        Some(self.candidate("national form and key word", Strength::Shape, confidence))
    }

    /// A zero, an area or a network, and a subscriber in groups: what most of the world dials at home.
    ///
    /// SPEC: national plans under ITU-T E.164: Turkey, the Philippines, Britain, Australia, Germany, Japan and others dial 0.
    fn with_trunk_zero(&self, digits: &[u8]) -> Option<Candidate> {
        let grouped = matches!(
            self.shape(),
            [4, 3, 4] | [4, 3, 3] | [4, 3, 2, 2] | [3, 4, 4] | [2, 4, 4] | [5, 3, 3] | [1, 3, 3, 4] | [1, 3, 3, 2, 2]
        );
        let mut gaps = self.groups.windows(2).map(|pair| self.gap(pair));
        let separated = gaps.all(|gap| matches!(gap, b" " | b"-") || is_bracket(gap));
        (matches!(digits, [0, 1..=9, ..]) && grouped && separated)
            .then(|| self.candidate("trunk zero and groups", Strength::Shape, Confidence::Low))
    }

    fn candidate(&self, validator: &'static str, strength: Strength, confidence: Confidence) -> Candidate {
        Candidate { rule: self.rule, span: self.span.clone(), strength, confidence, validator }
    }

    fn is_spoken_of(&self) -> bool {
        self.spoken_of
    }

    /// How many digits each group has.
    fn shape(&self) -> &[usize] {
        self.lens.get(..self.groups.len()).unwrap_or_default()
    }

    /// What stands between two neighbouring groups.
    fn gap(&self, pair: &[Range<usize>]) -> &[u8] {
        match pair {
            [left, right] => self.text.get(left.end..right.start).unwrap_or_default(),
            _ => &[],
        }
    }

    /// `2026-11-24`, `24.11.2026`, `20261124`, perhaps with a time behind.
    fn is_date(&self, digits: &[u8]) -> bool {
        let number = |digits: &[u8]| digits.iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit));
        let plausible = |year: &[u8], one: &[u8], two: &[u8]| {
            let (one, two) = (number(one), number(two));
            (1900..2100).contains(&number(year))
                && (1..=31).contains(&one)
                && (1..=31).contains(&two)
                && one.min(two) <= 12
        };
        match (self.shape(), digits) {
            ([4, 2, 2, ..] | [8], [y1, y2, y3, y4, m1, m2, d1, d2, ..]) => {
                plausible(&[*y1, *y2, *y3, *y4], &[*m1, *m2], &[*d1, *d2])
            }
            ([2, 2, 4, ..], [d1, d2, m1, m2, y1, y2, y3, y4, ..]) => {
                plausible(&[*y1, *y2, *y3, *y4], &[*m1, *m2], &[*d1, *d2])
            }
            _ => false,
        }
    }

    /// `0044 20 ...`: the way out and the country stand apart from the rest.
    fn dials_out(&self) -> bool {
        self.groups.len() > 1 && self.groups.first().is_some_and(|first| first.len() <= 5)
    }

    /// A single digit behind a separator is the fraction of a number, not the end of one.
    fn ends_in_a_group(&self) -> bool {
        self.groups.last().is_some_and(|last| last.len() > 1)
    }

    /// Six digits are a number only in pairs, as small countries write them: `61 51 81`.
    fn fewest_digits(&self) -> usize {
        let pairs = self.shape() == [2, 2, 2] && self.groups.windows(2).all(|pair| self.gap(pair) == b" ");
        FEWEST_DIGITS + usize::from(!pairs)
    }

    /// `1234567.89`, or four groups with dots between them that fit an IP address.
    fn is_decimal_or_address(&self) -> bool {
        let dotted = self.groups.len() > 1 && self.groups.windows(2).all(|pair| self.gap(pair) == b".");
        let shape = self.shape();
        dotted && (shape.len() == 2 || (shape.len() == 4 && shape.iter().all(|len| *len <= 3)))
    }

    /// A slash stands behind an area code (`030/1234567`) or nowhere.
    fn slash_follows_area(&self, digits: &[u8]) -> bool {
        let slashes = self.groups.windows(2).filter(|pair| self.gap(pair) == b"/").count();
        slashes == 0
            || (slashes == 1
                && digits.first() == Some(&0)
                && self.groups.get(..2).is_some_and(|two| self.gap(two) == b"/"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{canonical, found, found_under};
    use super::*;

    #[test]
    fn every_way_of_writing_is_found() {
        for (text, number) in [
            ("ring +44 (0)20 7946 0958 now", "+44 (0)20 7946 0958"),
            ("+12125550123", "+12125550123"),
            ("(+1) 212-555-0123", "(+1) 212-555-0123"),
            ("001-212-555-0123x17 here", "001-212-555-0123x17"),
            ("at (212) 555-0123.", "(212) 555-0123"),
            ("212.555.0123 ext. 44", "212.555.0123 ext. 44"),
            ("1-212-555-0123", "1-212-555-0123"),
            ("call 212 555 0123", "212 555 0123"),
            ("Fax: 2125550123", "2125550123"),
            ("phone:\n0490 75 40 81\n\nmail", "0490 75 40 81"),
            ("call me on 450 0840?", "450 0840"),
            ("30971\n(72) 754-186-Office", "(72) 754-186"),
            ("Tel. 030/1234567", "030/1234567"),
            ("mobile 03.93.92.16.85", "03.93.92.16.85"),
            ("DPO AP 51065\n781 1704 office", "781 1704"),
            ("you can call 61 51 81", "61 51 81"),
            ("Tel.+34 945 007 000", "+34 945 007 000"),
        ] {
            assert_eq!(found("phone", text), [number], "{text}");
        }
    }

    #[test]
    fn other_numbers_are_not() {
        for text in [
            "call on 2026-11-24 10:00",
            "call by 24.11.2026",
            "phone it to 192.168.100.12",
            "call it $1234567",
            "call about order 12345678",
            "ZIP 90210-1234",
            "212 555 0123",
            "2125550123",
            "call 12345",
            "call 123456",
            "call on 24.11.26",
            "+999 123 456 789",
            "+35236450.6",
            "001332-1234567",
            "phone 550e8400-e29b-41d4-a716-446655440000",
            "12125550123456",
            "id 212-555-0123-99",
        ] {
            assert_eq!(found("phone", text), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn a_key_speaks_for_a_bare_number() {
        assert_eq!(found_under("phone", "phone", "2125550123"), [("2125550123".to_owned(), Confidence::High)]);
        assert_eq!(found_under("phone", "order_id", "2125550123"), []);
    }

    #[test]
    fn spellings_of_one_number_are_one() {
        for spelling in ["+1 212 555 0123", "(212) 555-0123", "212.555.0123", "2125550123", "001-212-555-0123"] {
            assert_eq!(canonical("phone", spelling), "12125550123", "{spelling}");
        }
        assert_eq!(canonical("phone", "+44 (0)20 7946 0958"), "442079460958");
        assert_eq!(canonical("phone", "212-555-0123 ext. 7"), "12125550123x7");
        assert_eq!(canonical("phone", "0490 75 40 81"), "0490754081");
    }
}
