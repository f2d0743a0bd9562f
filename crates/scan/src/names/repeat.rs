//! A name that is clear in one place of a text is a name in the others: "Ada Obi called. Obi was late."

use super::Label;
use super::lists::COMMON;
use super::model::UNIT;
use super::token::{Shape, Token};

/// How many words of names are remembered within one text.
const MOST_WORDS: usize = 64;
/// Shorter words are too often something else.
const FEWEST_BYTES: usize = 4;
/// How clear a name must be.
const CLEAR: i32 = 3 * UNIT;

/// Remembers names within a text, reusing its buffer.
#[derive(Default)]
pub(super) struct Repeats {
    words: Vec<u32>,
}

impl Repeats {
    /// Labels words that are a clear name elsewhere in the text.
    pub(super) fn settle(&mut self, tokens: &[Token], labels: &mut [(Label, i32)]) {
        self.words.clear();
        let person = |label: Label| matches!(label, Label::Person | Label::PersonOn);
        let clear = labels
            .iter()
            .zip(tokens)
            .filter(|((label, lead), token)| person(*label) && *lead >= CLEAR && can_repeat(token));
        self.words.extend(clear.map(|(_, token)| token.word).take(MOST_WORDS));
        if self.words.is_empty() {
            return;
        }
        let mut before = Label::Other;
        for (place, token) in labels.iter_mut().zip(tokens) {
            if place.0 == Label::Other && can_repeat(token) && self.words.contains(&token.word) {
                *place = (if person(before) { Label::PersonOn } else { Label::Person }, CLEAR);
            }
            before = place.0;
        }
    }
}

fn can_repeat(token: &Token) -> bool {
    let written_so = token.is_capitalised() || token.case == super::token::Case::Lower;
    token.scored
        && written_so
        && token.shape != Shape::Initial
        && token.len() >= FEWEST_BYTES
        && token.lists & COMMON == 0
}
