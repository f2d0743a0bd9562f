//! Context: which type of data the words near a candidate speak of.
//!
//! Many numbers have no check digit, and what they are is said beside them: "call me on 450 0840", `"ssn": 123456789`.
//! The nearest key word wins, so that in "card 4000..., phone 555..." each number gets its own. Words that name other
//! numbers ("order", "invoice", "id") are key words too: they speak against.
//!
//! Context is asked for only near a candidate, so its cost does not matter to texts that have none.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions of bytes in a slice: sums stay below its length, and each difference is guarded by a comparison"
)]

use std::cell::OnceCell;

use crate::lexicon::{Counts, Topic, look_up};
use crate::text::Text;

/// How far back a key word is looked for, in bytes.
const REACH_BEFORE_BYTES: usize = 64;

/// How far behind a candidate a key word is looked for: "9498777106 (office)", "450 0840 is my mobile" is too far.
const REACH_AFTER_BYTES: usize = 16;

/// The surroundings of a candidate whose end is not settled yet.
pub(crate) struct Context<'a> {
    text: &'a Text<'a>,
    before: Option<Topic>,
    names: OnceCell<Option<Topic>>,
}

impl<'a> Context<'a> {
    /// Of a candidate that begins at `from`.
    pub(crate) fn of(text: &'a Text<'a>, from: usize) -> Self {
        let before = nearest_before(text.bytes.get(..from).unwrap_or_default());
        Self { text, before, names: OnceCell::new() }
    }

    /// What they speak of, if the candidate ends at `to`.
    ///
    /// Words before come first, then a word that directly follows, then the names of the text.
    pub(crate) fn topic(&self, to: usize) -> Option<Topic> {
        if self.before.is_some_and(|topic| topic != Topic::Other) {
            return self.before;
        }
        let after = nearest_after(self.text.bytes.get(to..).unwrap_or_default());
        let names = || *self.names.get_or_init(|| self.text.names.iter().find_map(|name| of_name(name)));
        after.or(self.before).or_else(names)
    }
}

/// The nearest key word in the last bytes of `before`.
fn nearest_before(before: &[u8]) -> Option<Topic> {
    let reach = before.get(before.len().saturating_sub(REACH_BEFORE_BYTES)..).unwrap_or_default();
    reach.rsplit(|byte| !is_word(*byte)).filter(|word| !word.is_empty()).find_map(of_compound)
}

/// The key word right behind, on the same line, unless it is the label of what comes next ("Fax:").
fn nearest_after(after: &[u8]) -> Option<Topic> {
    let reach = after.get(..after.len().min(REACH_AFTER_BYTES)).unwrap_or_default();
    let line = reach.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let start = line.iter().position(|byte| is_word(*byte))?;
    let word = line.get(start..)?;
    let len = word.iter().position(|byte| !is_word(*byte)).unwrap_or(word.len());
    let topic = of_compound(word.get(..len)?)?;
    let labels_the_next = matches!(after.get(start + len), Some(b':' | b'='));
    (topic != Topic::Other && !labels_the_next).then_some(topic)
}

/// What the name of a key or column speaks of. `phone_number` speaks of a phone, `phone_id` of something else, and
/// `messages` of nothing, but `office_number` of a phone again.
fn of_name(name: &[u8]) -> Option<Topic> {
    if is_social_security(name) {
        return Some(Topic::Ssn);
    }
    let mut words = name.rsplit(|byte| !is_word(*byte)).flat_map(Humps::back);
    let numbered = words.clone().any(|word| NUMBER.iter().any(|number| number.eq_ignore_ascii_case(word)));
    let mut speaks =
        |word| look_up(word).filter(|key| numbered || key.counts == Counts::Everywhere).map(|key| key.topic);
    words.find_map(&mut speaks)
}

/// Words that make a name one of a number.
const NUMBER: &[&[u8]] = &[b"number", b"num", b"no", b"nr"];

/// `social_security_number`, `socialSecNo`, `Social Security #`: two words, neither of which says enough.
fn is_social_security(name: &[u8]) -> bool {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphabetic()).map(u8::to_ascii_lowercase);
    letters.take("socialsec".len()).eq(*b"socialsec")
}

/// What a word of a text speaks of; `phoneNumber` is read as two.
fn of_compound(word: &[u8]) -> Option<Topic> {
    of_word(word).or_else(|| Humps::back(word).filter(|hump| hump.len() < word.len()).find_map(of_word))
}

/// The words of a camel-case name, last first.
#[derive(Clone)]
struct Humps<'a>(&'a [u8]);

impl<'a> Humps<'a> {
    fn back(name: &'a [u8]) -> Self {
        Self(name)
    }
}

impl<'a> Iterator for Humps<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        // A word begins at a capital before or after a small letter: `CC|Number`, `card|Number`.
        let begins = |at: usize| {
            let [Some(before), Some(here)] = [self.0.get(at - 1), self.0.get(at)] else { return false };
            let small_after = self.0.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            here.is_ascii_uppercase() && (before.is_ascii_lowercase() || small_after)
        };
        let cut = (1..self.0.len()).rev().find(|at| begins(*at)).unwrap_or(0);
        let (rest, word) = self.0.split_at(cut);
        self.0 = rest;
        Some(word)
    }
}

/// Letters of any script: bytes above ASCII belong to the word they stand in.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

/// What a word of a text speaks of, in whatever case.
fn of_word(word: &[u8]) -> Option<Topic> {
    look_up(word).map(|key| key.topic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{ALL, Offsets};

    fn topic_at(text: &str, value: &str, name: &str) -> Option<Topic> {
        let from = text.find(value).unwrap();
        let offsets = Offsets::plain(0);
        let names = [name.as_bytes(), b"".as_slice()];
        let text =
            Text { bytes: text.as_bytes(), offsets: &offsets, names, owned: ALL, record: 0, part: 0, lines: false };
        Context::of(&text, from).topic(from + value.len())
    }

    #[test]
    fn the_nearest_word_before_wins() {
        let text = "card 4000 0000, phone 5550100, order 12345678";
        assert_eq!(topic_at(text, "4000 0000", ""), Some(Topic::Card));
        assert_eq!(topic_at(text, "5550100", ""), Some(Topic::Phone));
        assert_eq!(topic_at(text, "12345678", ""), Some(Topic::Other));
        assert_eq!(topic_at("his social security number is 1", "1", ""), Some(Topic::Ssn));
    }

    #[test]
    fn a_word_behind_counts_unless_it_labels_the_next() {
        assert_eq!(topic_at("30971\n781 1704-Office", "781 1704", ""), Some(Topic::Phone));
        assert_eq!(topic_at("781 1704 Phone: 12", "781 1704", ""), None);
        assert_eq!(topic_at("781 1704\nPhone 12", "781 1704", ""), None);
    }

    #[test]
    fn names_speak_where_the_text_does_not() {
        for (name, expected) in [
            ("phoneNumber", Some(Topic::Phone)),
            ("PHONE_NUMBER", Some(Topic::Phone)),
            ("phone_id", Some(Topic::Other)),
            ("CCNumber", Some(Topic::Card)),
            ("emergency.contact.tel", Some(Topic::Phone)),
            ("ssn", Some(Topic::Ssn)),
            ("Social Security #", Some(Topic::Ssn)),
            ("social", None),
            ("messages", None),
            ("office", None),
            ("office_no", Some(Topic::Phone)),
            ("contactNumber", Some(Topic::Phone)),
            ("content", None),
            ("", None),
        ] {
            assert_eq!(topic_at("123456789", "123456789", name), expected, "{name}");
        }
        assert_eq!(topic_at("ssn 123456789", "123456789", "phone"), Some(Topic::Ssn));
    }
}
