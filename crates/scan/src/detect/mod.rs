//! Detectors: one for each type of data, each looking closely at anchors only.
//!
//! A detector makes candidates; [`crate::examine`] settles which of two overlapping ones stays. A new type is a file
//! here, a word in `base::word::DataType` and a line in [`ALL`].

mod card;
mod country;
mod email;
mod iban;
mod phone;
mod ssn;

use std::ops::Range;

use base::word::DataType;

use crate::anchor::{Anchors, NO_BREAK_SPACE};
use crate::finding::Confidence;
use crate::text::Text;

/// Every detector.
pub(crate) const ALL: &[&dyn Detector] = &[&email::Email, &phone::Phone, &card::Card, &ssn::Ssn, &iban::Iban];

/// Finds values of one type.
pub(crate) trait Detector: Sync {
    /// The type it finds.
    fn data_type(&self) -> DataType;

    /// Adds what it finds in `text`. It looks at a bounded stretch round each anchor.
    fn detect(&self, text: &Text<'_>, anchors: &Anchors, found: &mut Vec<Candidate>);

    /// Appends the canonical form of a value it found: two spellings of one value have one canonical form.
    fn canonical(&self, value: &[u8], canonical: &mut Vec<u8>);
}

/// What a detector believes to have found. Positions, never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The type.
    pub(crate) data_type: DataType,
    /// Where in the text.
    pub(crate) span: Range<usize>,
    /// What speaks for it; the stronger of two overlapping candidates stays.
    pub(crate) strength: Strength,
    /// As in [`crate::Finding::confidence`].
    pub(crate) confidence: Confidence,
    /// As in [`crate::Finding::validator`].
    pub(crate) validator: &'static str,
}

/// What speaks for a candidate, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// A form and a key word.
    Shape,
    /// A form and allowed ranges.
    Ranges,
    /// Allowed ranges and a key word, or a form that is hard to mistake.
    RangesInContext,
    /// A check digit.
    Checksum,
    /// A check digit and a key word, or a structure of many characters.
    Certain,
}

/// Whether a value may begin at `from`: it is not the rest of a word, a number or a code.
pub(crate) fn begins_at(text: &[u8], from: usize) -> bool {
    let mut back = text.get(..from).unwrap_or_default().iter().rev();
    match (back.next(), back.next()) {
        (None, _) => true,
        // A line break that was escaped twice: `\n` as two characters.
        (Some(b'n' | b'r' | b't'), Some(b'\\')) => true,
        (Some(byte), _) if is_word(*byte) => false,
        (Some(b'-' | b'/' | b'+'), Some(before)) => !before.is_ascii_alphanumeric(),
        (Some(b'.'), Some(before)) => !before.is_ascii_digit(),
        (Some(b','), _) => !is_thousands(text, from),
        _ => true,
    }
}

/// Whether a value may end at `to`: no word, number or code goes on there.
pub(crate) fn ends_at(text: &[u8], to: usize) -> bool {
    match text.get(to..).unwrap_or_default() {
        [] => true,
        // What spreadsheets and data frames make of a column of numbers: `4111111111111111.0`.
        [b'.', b'0'] => true,
        [b'.', b'0', after, ..] if !after.is_ascii_digit() => !is_word(*after),
        [byte, ..] if is_word(*byte) || matches!(byte, b'@' | b'%') => false,
        [b'-' | b'.' | b'/' | b':', after, ..] => !after.is_ascii_digit(),
        _ => true,
    }
}

/// Whether the comma before `from` parts thousands: `1,234`.
fn is_thousands(text: &[u8], from: usize) -> bool {
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    let after = text.get(from..).unwrap_or_default().iter().take_while(is_digit).count();
    let before = text.get(..from).unwrap_or_default().iter().rev().skip(1).take_while(is_digit).count();
    after == 3 && (1..=3).contains(&before)
}

/// ASCII letters, digits and `_`. Letters of other scripts end a number: "电话450 0840".
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The single separator between two runs of digits, if `gap` is one: a blank, a dash or a dot.
pub(crate) fn separator(gap: &[u8]) -> Option<u8> {
    match gap {
        [byte @ (b' ' | b'-' | b'.')] => Some(*byte),
        NO_BREAK_SPACE => Some(b' '),
        _ => None,
    }
}

/// The digits of `value`, as numbers.
pub(crate) fn digits(value: &[u8]) -> impl DoubleEndedIterator<Item = u8> {
    value.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte.wrapping_sub(b'0'))
}

#[cfg(test)]
pub(crate) mod testing {
    //! What every detector's tests share.

    use super::*;
    use crate::text::{ALL, Offsets};

    /// What `detector` finds in `text` under the key `name`: value, validator and confidence.
    pub(crate) fn found_under(detector: &dyn Detector, name: &str, text: &str) -> Vec<(String, Confidence)> {
        let mut anchors = Anchors::default();
        anchors.find(text.as_bytes());
        let offsets = Offsets::plain(0);
        let names = [name.as_bytes(), b"".as_slice()];
        let read =
            Text { bytes: text.as_bytes(), offsets: &offsets, names, owned: ALL, record: 0, part: 0, lines: false };
        let mut found = Vec::new();
        detector.detect(&read, &anchors, &mut found);
        found.into_iter().map(|candidate| (text[candidate.span].to_owned(), candidate.confidence)).collect()
    }

    /// The values `detector` finds in `text`.
    pub(crate) fn found(detector: &dyn Detector, text: &str) -> Vec<String> {
        found_under(detector, "", text).into_iter().map(|(value, _)| value).collect()
    }

    /// The canonical form of `value`.
    pub(crate) fn canonical(detector: &dyn Detector, value: &str) -> String {
        let mut canonical = Vec::new();
        detector.canonical(value.as_bytes(), &mut canonical);
        String::from_utf8(canonical).unwrap()
    }
}
