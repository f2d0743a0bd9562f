//! A text that a key or column names: a cell of `first_name` is a name whatever the words round it are.

use super::key::Holds;
use super::model::UNIT;
use super::token::{Shape, Token};
use super::{Hit, Kind, LABELS, Label};
use crate::finding::Confidence;

/// A cell that is longer than this is a text, and read as one.
const LONGEST_CELL_BYTES: usize = 160;
/// Names have fewer words than this.
const MOST_WORDS: usize = 8;

/// How much a key that often holds names speaks for one.
const LIKELY: i32 = 3 * UNIT;

/// How much a key that names something else speaks against one, in a text of few tokens.
const UNLIKELY: i32 = 3 * UNIT;
const FEW_TOKENS: usize = 6;

/// What stands in a cell of names that nobody filled in.
const EMPTY: &[&[u8]] = &[
    b"null",
    b"none",
    b"nil",
    b"nan",
    b"n/a",
    b"na",
    b"unknown",
    b"anonymous",
    b"true",
    b"false",
    b"yes",
    b"no",
    b"test",
    b"user",
    b"admin",
    b"undefined",
    b"tbd",
    b"string",
    b"other",
];

/// The one thing that all of `text` is, by what its key holds.
pub(super) fn whole(text: &[u8], tokens: &[Token], holds: Option<Holds>) -> Option<Hit> {
    let kind = match holds? {
        Holds::Name => Kind::Name,
        Holds::Address => Kind::Address,
        Holds::Age => Kind::Age,
        Holds::Likely | Holds::BirthDate => return None,
    };
    let value = text.trim_ascii();
    if text.len() > LONGEST_CELL_BYTES || EMPTY.iter().any(|empty| empty.eq_ignore_ascii_case(value)) {
        return None;
    }
    let fits = match kind {
        Kind::Name => is_name(tokens),
        Kind::Address => {
            tokens.iter().all(|token| token.shape != Shape::Code) && tokens.iter().any(|token| token.len() > 1)
        }
        _ => {
            value.len() < 4
                && std::str::from_utf8(value).is_ok_and(|years| years.parse::<u8>().is_ok_and(|years| years < 123))
        }
    };
    let from = tokens.first()?.from as usize;
    let to = tokens.iter().rfind(|token| !matches!(token.shape, Shape::Break | Shape::Sign) || kind == Kind::Name)?.to
        as usize;
    fits.then_some(Hit { kind, span: from..to, confidence: Confidence::High })
}

fn is_name(tokens: &[Token]) -> bool {
    let words = tokens.iter().filter(|token| token.is_word()).count();
    let long = tokens.iter().any(|token| token.is_word() && token.shape != Shape::Initial);
    let other = tokens.iter().any(|token| !token.is_word() && token.shape != Shape::Sign);
    long && !other && words <= MOST_WORDS && tokens.len() <= words.saturating_mul(2)
}

/// What a key adds to what the table says of each label, in a text of so many tokens.
pub(super) fn bias(holds: Option<Holds>, keyed: bool, tokens: usize) -> [i32; LABELS] {
    let person = match holds {
        Some(Holds::Likely) => LIKELY,
        // A short cell has nothing but its key to speak for it, and the key does not.
        None if keyed && tokens <= FEW_TOKENS => -UNLIKELY,
        _ => 0,
    };
    Label::ALL.map(|label| if matches!(label, Label::Person | Label::PersonOn) { person } else { 0 })
}
